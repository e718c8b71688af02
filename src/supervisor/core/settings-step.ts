/**
 * Which instances there are, from the configuration: the first one, and those of reloads. What a reload finds of an instance
 * and what it then does is the table in `lifecycle/reload`.
 */

import { instanceName } from '../../config/instance-names.ts';
import type { ProcessConfig } from '../../config/resolved-config.ts';
import { type ChangeKind, findingOf, RELOAD } from '../../lifecycle/reload.ts';
import {
  type Draft,
  type InstanceRecord,
  isAlive,
  isAtRest,
  isWaiting,
  newRecord,
  type Predecessor,
  scheduleRulesOf,
  subjectOf,
  wasStoppedByUser,
} from '../world/instance-record.ts';
import type { ReloadRequest, WorldEffect, WorldEvent } from '../world/world-event.ts';
import type { Circumstances, Known, Of, Step } from './step-types.ts';

const REMOVED = 'it is no longer configured';
const SURPLUS = 'fewer instances are configured';
const CHANGED = 'a reload changed it';

/** Instances that are missing are made, idle; those that are too many go, at once if they are at rest. */
export function fitToSettings(
  known: Known,
  { settings, reload }: Of<'configured'>,
  circumstances: Circumstances,
): Step {
  const counts = new Map(settings.processes.map(({ name, instances }) => [name, instances]));
  const isKept = ({ process, ordinal }: InstanceRecord): boolean =>
    ordinal <= (counts.get(process.name) ?? 0);
  const present = known.world.instances;
  const leaving = present.filter((record) => known.isConfigured(record) && !isKept(record));
  const gone = leaving.filter(isAtRest);
  const changes = reload === undefined ? [] : changesOf(known, settings.processes, reload);
  const restarted = new Set(changes.flatMap(({ record, isRestarted }) => (isRestarted ? [record] : [])));
  const added = settings.processes.flatMap((process) =>
    missing(known.of(process.name), process, circumstances),
  );
  const before = present.filter((record) => !isKept(record) || restarted.has(record));
  const predecessors = predecessorsAmong(before);
  if (predecessors.length > 0) for (const record of added) record.predecessors = predecessors;
  const renamed = settings.processes.flatMap((process) =>
    renamedTo(known.of(process.name).filter(isKept), process),
  );
  for (const { was, draft } of renamed)
    circumstances.events.emit('instance_renamed', { was }, subjectOf(draft));
  const effects: readonly WorldEffect[] = [
    ...gone.map(({ name, family }) => ({ kind: 'forget', name, family }) as const),
    ...renamed.map(({ was, draft }) => ({ kind: 'rename', key: draft.key, was }) as const),
    ...(reload === undefined ? [] : [{ kind: 'useSettings' } as const]),
  ];
  const next: readonly WorldEvent[] =
    reload === undefined
      ? []
      : [
          {
            type: 'reloaded',
            request: reload,
            updated: changes.map(({ record: { key }, process }) => ({ key, process })),
            leaving: leaving
              .filter((record) => !isAtRest(record))
              .map(({ key, process }) => ({ key, cause: counts.has(process.name) ? SURPLUS : REMOVED })),
            added: added.map(({ key }) => key),
            restarted: [...restarted].map(({ key }) => key),
          },
        ];
  return {
    gone: gone.map(({ key }) => key),
    records: [...renamed.map(({ draft }) => draft), ...added],
    settings,
    effects,
    next,
  };
}

/** Reports the reload, and then what comes of it has that report as its cause. */
export function followReload(
  known: Known,
  { request, updated, leaving, added, restarted }: Of<'reloaded'>,
  { events }: Circumstances,
): Step {
  const { plan, fields } = request;
  const causedBy = events.emit('config_reloaded', fields, {}, request.causedBy);
  const { instances } = known.world;
  const isNew = new Set(added);
  const latest: Latest = new Map(updated.map(({ key, process }) => [key, process]));
  const isStarted = (record: InstanceRecord): boolean =>
    (isNew.has(record.key) || record.machine.monitor === 'idle') &&
    isAtRest(record) &&
    configOf(known, record.key, latest)?.autostart === true &&
    !wasStoppedByUser(record);
  const keepsRunning = new Set(
    plan.flatMap(({ process, action }) => (action === 'unchanged' || action === 'update' ? [process] : [])),
  );
  const next: readonly WorldEvent[] = [
    ...updated.map(({ key, process }) => ({ type: 'configure', key, process }) as const),
    ...instances.filter(isWaiting).map(({ key }) => ({ type: 'reconsider', key, causedBy }) as const),
    ...leaving.map(({ key, cause }) => decision(key, 'stop', cause, causedBy)),
    ...restarted
      .filter((key) => configOf(known, key, latest)?.rollout === undefined)
      .flatMap((key) => decisionsToRestart(known, key, latest, causedBy)),
    ...rolloutsOf(known, restarted, latest, causedBy),
    ...instances.filter(isStarted).map(({ key }) => decision(key, 'start', 'a reload added it', causedBy)),
    ...instances
      .filter(({ key, process }) => keepsRunning.has(process.name) && rereads(configOf(known, key, latest)))
      .map(({ key }) => ({ type: 'reloadProgram', key, causedBy }) as const),
  ];
  return { records: [], effects: [], next };
}

/** The configurations that have changed, by the keys of their instances. */
type Latest = ReadonlyMap<string, ProcessConfig>;

/** As the instance is configured by now. */
function configOf(known: Known, key: string, latest: Latest): ProcessConfig | undefined {
  return latest.get(key) ?? known.byKey(key)?.process;
}

/** Its program can be told to read its own configuration again. */
function rereads(process: ProcessConfig | undefined): boolean {
  return process?.reload !== undefined || process?.reloadSignal !== undefined;
}

/** One for each process that wants one. */
function rolloutsOf(
  known: Known,
  restarted: readonly string[],
  latest: Latest,
  causedBy: number,
): readonly WorldEvent[] {
  const byProcess = Map.groupBy(restarted, (key) => known.byKey(key)?.process.name);
  return [...byProcess.values()].flatMap((keys) => {
    const atOnce = configOf(known, keys[0] ?? '', latest)?.rollout?.maxUnavailable;
    const wanted = { by: 'reload', cause: CHANGED } as const;
    return atOnce === undefined ? [] : [{ type: 'rollout', keys, atOnce, wanted, causedBy } as const];
  });
}

/** What has a schedule now waits for its time: it does not run because of a reload. */
function decisionsToRestart(
  known: Known,
  key: string,
  latest: Latest,
  causedBy: number,
): readonly WorldEvent[] {
  const process = latest.get(key);
  const isScheduled = process !== undefined && scheduleRulesOf(process) !== undefined;
  if (!isScheduled || known.byKey(key)?.rules.schedule !== undefined)
    return [decision(key, 'restart', CHANGED, causedBy)];
  return [decision(key, 'stop', CHANGED, causedBy), decision(key, 'start', CHANGED, causedBy)];
}

interface InstanceChange {
  readonly record: InstanceRecord;
  readonly process: ProcessConfig;
  readonly isRestarted: boolean;
}

/** Of the instances that stay, those whose configuration is another one. */
function changesOf(
  known: Known,
  processes: readonly ProcessConfig[],
  { plan }: ReloadRequest,
): readonly InstanceChange[] {
  const actions = new Map(plan.map(({ process, action }) => [process, action]));
  return processes.flatMap((process) => {
    const action = actions.get(process.name) ?? 'unchanged';
    if (action === 'unchanged') return [];
    const kept = known.of(process.name).filter(({ ordinal }) => ordinal <= process.instances);
    return kept.map((record) => {
      const ofChange = action === 'update' ? 'update' : 'restart';
      // An earlier reload has removed it, and it still stops.
      const kind: ChangeKind = known.isConfigured(record) ? ofChange : 'revive';
      const { machine: instance, wanted, rules } = record;
      const finding = findingOf({
        instance,
        wantedBy: wanted.by,
        policy: process.restart.policy,
        keepsSchedule: rules.schedule !== undefined && scheduleRulesOf(process) !== undefined,
      });
      return { record, process, isRestarted: RELOAD[kind][finding] === 'restart' };
    });
  });
}

function missing(
  present: readonly InstanceRecord[],
  process: ProcessConfig,
  circumstances: Circumstances,
): readonly Draft[] {
  const kept = present.filter(({ ordinal }) => ordinal <= process.instances);
  if (kept.length === process.instances) return [];
  // A person who stopped all copies has stopped the process: more of it are not started either.
  const [first] = kept;
  const inherited = kept.every(wasStoppedByUser) ? first?.wanted : undefined;
  const ordinals = new Set(kept.map(({ ordinal }) => ordinal));
  return Array.from({ length: process.instances }, (_, index) => index + 1)
    .filter((ordinal) => !ordinals.has(ordinal))
    .map((ordinal) => {
      // Changed and not copied: V8 keeps a literal of so many fields in less memory than a copy of it.
      const record = newRecord(process, ordinal, circumstances);
      if (inherited !== undefined) record.wanted = inherited;
      return record;
    });
}

function renamedTo(
  kept: readonly InstanceRecord[],
  process: ProcessConfig,
): readonly { readonly was: string; readonly draft: InstanceRecord }[] {
  return kept.flatMap((record) => {
    const name = instanceName(process, record.ordinal);
    return name === record.name ? [] : [{ was: record.name, draft: { ...record, name } }];
  });
}

/** Whenever it is to start, a new instance waits until what lives of those now is gone. */
function predecessorsAmong(records: readonly InstanceRecord[]): readonly Predecessor[] {
  return records.filter(isAlive).map(({ key, machine }) => ({ key, incarnation: machine.incarnation }));
}

function decision(
  key: string,
  kind: 'restart' | 'start' | 'stop',
  cause: string,
  causedBy: number,
): WorldEvent {
  return { type: 'decision', key, kind, wanted: { by: 'reload', cause }, causedBy };
}
