/** The work that belongs to a state: waiting for dependencies, watching readiness and liveness. */

import { ofInstance } from '../config/text/instance-text.ts';
import { assertNever } from '../errors.ts';
import type { Activity } from '../lifecycle/effects.ts';
import type { Fact } from '../lifecycle/events.ts';
import type { MonitorState } from '../lifecycle/states.ts';
import { needsOf } from './dependencies.ts';
import { type InstanceRecord, isGone } from './instance-record.ts';
import type { Cancel, HealthFact, HealthMonitor, ProbeSubject, Standing } from './ports.ts';
import { environmentFor } from './spawn-request.ts';

/**
 * Takes a fact about an instance into the queue.
 * @param isCurrent asked when the fact's turn comes; a fact about what is over is dropped.
 * @param causedBy id of the event that the fact comes of.
 */
export type TellFact = (
  record: InstanceRecord,
  fact: Fact,
  isCurrent: () => boolean,
  causedBy: number | undefined,
) => void;

export interface ActivityContext {
  readonly health: HealthMonitor;
  readonly recordsOf: (process: string) => readonly InstanceRecord[];
  readonly fact: TellFact;
}

export class Activities {
  readonly #context: ActivityContext;
  /** What the health check last said of an instance. */
  readonly #healthReasons = new Map<string, string>();

  constructor(context: ActivityContext) {
    this.#context = context;
  }

  /** @param causedBy id of the event that it comes of. */
  begin(record: InstanceRecord, kind: Activity, causedBy?: number): void {
    // Entered before the work begins, because a dependency that is ready answers at once.
    const activity = { kind, cancel: (): void => cancel() };
    record.activity = activity;
    const isCurrent = (): boolean => record.activity === activity;
    const cancel = this.#work(record, kind, isCurrent, causedBy);
  }

  end(record: InstanceRecord): void {
    record.activity?.cancel();
    record.activity = undefined;
  }

  /** The rules changed under it: the same work once more, by the new ones. */
  renew(record: InstanceRecord): void {
    const kind = record.activity?.kind;
    if (kind !== 'watchReadiness' && kind !== 'watchLiveness') return;
    this.end(record);
    this.begin(record, kind);
  }

  /** Something the instance may wait for has changed, which that event told. */
  reconsider(record: InstanceRecord, causedBy?: number): void {
    const { activity } = record;
    if (activity?.kind !== 'awaitDependencies') return;
    const { missing: conditions, impossible } = needsOf(record.process.dependsOn, this.#context.recordsOf);
    const leaving = record.predecessors.filter((before) => !isGone(before));
    const missing = [...conditions, ...leaving.map(({ record: { name } }) => `${name} to stop`)];
    record.waitingFor = missing;
    record.blockedBy = impossible;
    const kind = factOf(missing, impossible, record.machine.monitor);
    if (kind === undefined) return;
    const isCurrent = (): boolean => record.activity === activity;
    this.#context.fact(record, { kind }, isCurrent, causedBy);
  }

  healthReason(instance: string): string | undefined {
    return this.#healthReasons.get(instance);
  }

  rename(from: string, to: string): void {
    const reason = this.#healthReasons.get(from);
    this.#healthReasons.delete(from);
    if (reason !== undefined) this.#healthReasons.set(to, reason);
    this.#context.health.rename(from, to);
  }

  forget(instance: string): void {
    this.#healthReasons.delete(instance);
    this.#context.health.forget(instance);
  }

  #work(
    record: InstanceRecord,
    kind: Activity,
    isCurrent: () => boolean,
    causedBy: number | undefined,
  ): Cancel {
    switch (kind) {
      case 'awaitDependencies':
        this.reconsider(record, causedBy);
        return () => {
          record.waitingFor = [];
          record.blockedBy = [];
        };
      case 'watchReadiness':
        return this.#watch('unproven', record, isCurrent);
      case 'watchLiveness':
        return this.#watch(
          record.machine.monitor === 'unhealthy' ? 'unhealthy' : 'healthy',
          record,
          isCurrent,
        );
      default:
        return assertNever(kind, 'activity');
    }
  }

  #watch(standing: Standing, record: InstanceRecord, isCurrent: () => boolean): Cancel {
    const report = (fact: HealthFact): void => {
      if (fact.kind === 'becameUnhealthy') this.#healthReasons.set(record.name, fact.reason);
      else this.#healthReasons.delete(record.name);
      this.#context.fact(record, { kind: fact.kind }, isCurrent, fact.causedBy ?? record.lastEvent);
    };
    return this.#context.health.watch(standing, subjectOfProbe(record), report);
  }
}

/** @returns what is new about its dependencies, for an instance in this state. */
function factOf(
  missing: readonly string[],
  impossible: readonly string[],
  monitor: MonitorState,
): 'dependenciesReady' | 'dependenciesFailed' | 'dependenciesRevived' | undefined {
  if (missing.length === 0) return 'dependenciesReady';
  const isKnownAsBlocked = monitor === 'blocked';
  if (impossible.length > 0) return isKnownAsBlocked ? undefined : 'dependenciesFailed';
  return isKnownAsBlocked ? 'dependenciesRevived' : undefined;
}

function subjectOfProbe(record: InstanceRecord): ProbeSubject {
  const process = ofInstance(record.process, record.ordinal);
  return {
    // A reload may rename the instance while it is watched.
    get instance() {
      return record.name;
    },
    incarnation: record.machine.incarnation,
    pid: record.pid ?? 0,
    process,
    environment: environmentFor(process, record.name, record.ordinal),
  };
}
