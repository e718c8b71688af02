/**
 * Takes over a new configuration: everything is read and checked before anything changes, then only what differs
 * is touched. Two reloads never overlap, those that wait for one are done as one, and between two of them the engine has
 * as much time for others as the first one took: a client may ask for reloads as fast as it can.
 */

import type { ConfigChange } from '../config/diff.ts';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { TaskmasterError } from '../errors.ts';
import type { EnginePhase } from '../lifecycle/engine.ts';
import { type ChangeKind, findingOf, RELOAD } from '../lifecycle/reload.ts';
import type { ReloadReport } from '../wire/snapshot.ts';
import type { EventStream } from './events/event-stream.ts';
import type { Clock } from './ports/clock.ts';
import type { Kernel } from './ports/kernel.ts';
import type { SocketPort } from './ports/sockets.ts';
import type { Supervisor } from './supervisor.ts';
import { type InstanceRecord, isAtRest, subjectOf, wasStoppedByUser } from './world/instance-record.ts';

export interface ReloadPorts {
  readonly clock: Clock;
  readonly kernel: Kernel;
  readonly events: EventStream;
  readonly supervisor: Supervisor;
  readonly sockets: Pick<SocketPort, 'open' | 'use' | 'discard'>;
  /** Reads, checks and resolves the file(s); the problems as whole texts where there are any. */
  readonly load: () => Promise<
    | { readonly ok: true; readonly config: ResolvedConfig }
    | { readonly ok: false; readonly problems: readonly string[] }
  >;
  readonly phase: () => EnginePhase;
  readonly compare: (before: ResolvedConfig, after: ResolvedConfig) => ConfigChange;
  /** Settings of the engine that lie outside the supervisor: access, log level, hooks. */
  readonly onApplied: (config: ResolvedConfig) => void;
}

interface Waiting {
  readonly report: Promise<ReloadReport>;
  readonly begin: () => Promise<void>;
}

/** Those that are no longer wanted, with the reason. */
type Leaving = Map<InstanceRecord, string>;

const CAUSE = 'a reload changed it';

export class Reload {
  readonly #ports: ReloadPorts;
  #current: ResolvedConfig;
  /** Not begun yet: of each kind at most one, for all who ask for it meanwhile. */
  readonly #waiting = new Map<'plan' | 'reload', Waiting>();
  #isBusy = false;
  #restsUntil = Number.NEGATIVE_INFINITY;

  constructor(current: ResolvedConfig, ports: ReloadPorts) {
    this.#current = current;
    this.#ports = ports;
  }

  get config(): ResolvedConfig {
    return this.#current;
  }

  /** Throws `config-invalid` with details `{problems}`; nothing was changed then. */
  run(options: {
    readonly planOnly: boolean;
    readonly causedBy?: number | undefined;
  }): Promise<ReloadReport> {
    const { planOnly, causedBy } = options;
    const kind = planOnly ? 'plan' : 'reload';
    const waiting = this.#waiting.get(kind);
    if (waiting !== undefined) return waiting.report;
    const { promise: report, resolve, reject } = Promise.withResolvers<ReloadReport>();
    const begin = (): Promise<void> => this.#run(planOnly, causedBy).then(resolve, reject);
    this.#waiting.set(kind, { report, begin });
    this.#beginNext();
    return report;
  }

  #beginNext(): void {
    const [first] = this.#waiting;
    if (this.#isBusy || first === undefined) return;
    this.#isBusy = true;
    const { clock } = this.#ports;
    const startedAt = clock.now();
    const goOn = (): void => {
      this.#isBusy = false;
      this.#beginNext();
    };
    if (startedAt < this.#restsUntil) {
      clock.after(this.#restsUntil - startedAt, goOn);
      return;
    }
    const [kind, { begin }] = first;
    this.#waiting.delete(kind);
    void begin().then(() => {
      const now = clock.now();
      this.#restsUntil = now + (now - startedAt);
      goOn();
    });
  }

  async #run(planOnly: boolean, causedBy: number | undefined): Promise<ReloadReport> {
    const { clock, events, load, compare, phase, sockets } = this.#ports;
    const startedAt = clock.now();
    const loaded = await load();
    if (!loaded.ok) throw this.#rejected(loaded.problems, planOnly, causedBy);
    this.#refuseWhileDraining();
    const change = compare(this.#current, loaded.config);
    const { plan, needsEngineRestart } = change;
    const report = { plan, needs_engine_restart: needsEngineRestart, warnings: loaded.config.warnings };
    if (planOnly) return { applied: false, ...report };
    const unopened = await sockets.open(loaded.config.sockets);
    if (unopened.length > 0) throw this.#rejected(unopened, planOnly, causedBy);
    if (phase() !== 'running') sockets.discard();
    this.#refuseWhileDraining();
    const named = (action: string): string[] =>
      plan.filter((entry) => entry.action === action).map(({ process }) => process);
    const fields = {
      added: named('add'),
      removed: named('remove'),
      restarted: named('restart'),
      updated: named('update'),
      duration_ms: Math.round(clock.now() - startedAt),
    };
    this.#apply(loaded.config, change, () => events.emit('config_reloaded', fields, {}, causedBy));
    return { applied: true, ...report };
  }

  #rejected(found: readonly string[], planOnly: boolean, causedBy: number | undefined): TaskmasterError {
    const problems = [...found];
    if (!planOnly) this.#ports.events.emit('config_rejected', { problems }, {}, causedBy);
    const message = `the configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}; nothing was changed`;
    return new TaskmasterError('config-invalid', message, { details: { problems } });
  }

  /** One that waited for its turn may come when a shutdown has begun. */
  #refuseWhileDraining(): void {
    if (this.#ports.phase() !== 'running')
      throw new TaskmasterError('shutting-down', 'cannot reload: taskmaster is shutting down');
  }

  /**
   * In one turn of the event loop: nobody sees half of it.
   * @param tell says that it is so, before anything comes of it; returns the event's id.
   */
  #apply(config: ResolvedConfig, change: ConfigChange, tell: () => number): void {
    const { supervisor, sockets, onApplied } = this.#ports;
    this.#current = config;
    sockets.use();
    const added: InstanceRecord[] = [];
    const restarted: InstanceRecord[] = [];
    const leaving: Leaving = new Map();
    for (const { process: name, action } of change.plan) {
      const process = config.processes.get(name);
      if (process === undefined) {
        this.#take(supervisor.recordsOf(name), 'it is no longer configured', leaving);
        continue;
      }
      if (action === 'unchanged') continue;
      const { added: made, surplus, revived } = supervisor.fit(process);
      this.#take(surplus, 'fewer instances are configured', leaving);
      added.push(...made);
      for (const record of supervisor.recordsOf(name)) {
        if (made.includes(record) || surplus.includes(record)) continue;
        const kind: ChangeKind = revived.includes(record)
          ? 'revive'
          : action === 'update'
            ? 'update'
            : 'restart';
        const { machine: instance, wanted } = record;
        const finding = findingOf({ instance, wantedBy: wanted.by, policy: process.restart.policy });
        if (RELOAD[kind][finding] === 'restart') restarted.push(record);
        supervisor.update(record, process);
      }
    }
    onApplied(config);
    const told = tell();
    supervisor.useConfig(config, told);
    const gone = supervisor
      .records()
      .filter((record) => !(supervisor.isConfigured(record) || leaving.has(record)));
    for (const record of added) supervisor.startAfter(record, [...gone, ...leaving.keys(), ...restarted]);
    for (const [record, cause] of leaving) supervisor.remove(record, cause, told);
    for (const record of restarted)
      supervisor.decide(record, 'restart', { by: 'reload', cause: CAUSE }, told);
    for (const record of supervisor.records()) {
      this.#startIfNew(record, added, told);
      this.#passOn(record, change, told);
    }
  }

  /** What rests goes at once; the rest once the new configuration is told, of which its stop is a consequence. */
  #take(records: readonly InstanceRecord[], cause: string, leaving: Leaving): void {
    for (const record of records) {
      if (isAtRest(record)) this.#ports.supervisor.remove(record, cause);
      else leaving.set(record, cause);
    }
  }

  /** `reload`, `reload_signal`: a program that keeps running may have a configuration of its own to re-read. */
  #passOn(record: InstanceRecord, change: ConfigChange, causedBy: number): void {
    const { reloadSignal, reload } = record.process;
    if (reloadSignal === undefined && reload === undefined) return;
    const action = change.plan.find(({ process }) => process === record.process.name)?.action;
    if (action !== 'unchanged' && action !== 'update') return;
    if (reload !== undefined) {
      this.#ports.supervisor.reloadProgram(record, causedBy);
      return;
    }
    if (reloadSignal === undefined || record.pid === undefined || record.machine.leader !== 'alive') return;
    this.#ports.kernel.signalProcess(record.pid, reloadSignal);
    const fields = { signal: reloadSignal, to: 'process', reason: 'the configuration was reloaded' } as const;
    this.#ports.events.emitAs('info', 'signal_sent', fields, subjectOf(record), causedBy);
  }

  #startIfNew(record: InstanceRecord, added: readonly InstanceRecord[], causedBy: number): void {
    const isNew = !wasStoppedByUser(record) && (added.includes(record) || record.machine.monitor === 'idle');
    if (isNew && isAtRest(record) && record.process.autostart) {
      const wanted = { by: 'reload', cause: 'a reload added it' } as const;
      this.#ports.supervisor.decide(record, 'start', wanted, causedBy);
    }
  }
}
