/** The work that belongs to a state: waiting for dependencies, watching readiness and liveness. */

import { ofInstance } from '../../config/text/instance-text.ts';
import { assertNever } from '../../errors.ts';
import type { Activity } from '../../lifecycle/effects.ts';
import type { Fact } from '../../lifecycle/events.ts';
import type { MonitorState } from '../../lifecycle/states.ts';
import type { HealthFact, HealthMonitor, ProbeSubject, Standing } from '../ports/health.ts';
import { needsOf } from '../world/dependencies.ts';
import type { About, InstanceRecord } from '../world/instance-record.ts';
import type { Handles } from './handles.ts';
import type { SelfReports } from './self-reports.ts';
import { environmentFor } from './spawn-request.ts';

/**
 * Takes a fact about an instance into the queue.
 * @param about looked at when the fact's turn comes; a fact about what is over is dropped.
 * @param causedBy id of the event that the fact comes of.
 */
export type TellFact = (
  record: InstanceRecord,
  fact: Fact,
  about: About,
  causedBy: number | undefined,
) => void;

export interface ActivityContext {
  readonly health: HealthMonitor;
  readonly selfReports: SelfReports;
  readonly handles: Handles;
  readonly recordsOf: (process: string) => readonly InstanceRecord[];
  readonly predecessorsOf: (record: InstanceRecord) => readonly InstanceRecord[];
  readonly fact: TellFact;
}

export class Activities {
  readonly #context: ActivityContext;

  constructor(context: ActivityContext) {
    this.#context = context;
  }

  /** @param causedBy id of the event that it comes of. */
  begin(record: InstanceRecord, kind: Activity, causedBy?: number): void {
    record.begun += 1;
    record.activity = { kind, number: record.begun };
    this.#work(record, kind, causedBy);
  }

  end(record: InstanceRecord): void {
    this.#context.handles.dropActivity(record.key);
    record.activity = undefined;
    record.waitingFor = [];
    record.blockedBy = [];
  }

  /** The rules changed under it: the same work once more, by the new ones. */
  renew(record: InstanceRecord): void {
    const kind = record.activity?.kind;
    if (kind !== 'watchReadiness' && kind !== 'watchLiveness') return;
    this.end(record);
    this.begin(record, kind);
  }

  /**
   * Something the instance may wait for has changed, as that event says.
   * @returns whether it waits for something else now
   */
  reconsider(record: InstanceRecord, causedBy?: number): boolean {
    const { activity, waitingFor } = record;
    if (activity?.kind !== 'awaitDependencies') return false;
    const { missing: conditions, impossible } = needsOf(record.process.dependsOn, this.#context.recordsOf);
    const leaving = this.#context.predecessorsOf(record);
    const missing = [...conditions, ...leaving.map(({ name }) => `${name} to stop`)];
    record.waitingFor = missing;
    record.blockedBy = impossible;
    const kind = factOf(missing, impossible, record.machine.monitor);
    const about = { incarnation: record.machine.incarnation, activity: activity.number };
    if (kind !== undefined) this.#context.fact(record, { kind }, about, causedBy);
    return missing.join() !== waitingFor.join();
  }

  #work(record: InstanceRecord, kind: Activity, causedBy: number | undefined): void {
    switch (kind) {
      // No key makes an instance listen yet.
      case 'awaitConnection':
        break;
      case 'awaitDependencies':
        this.reconsider(record, causedBy);
        break;
      case 'watchReadiness':
        this.#watch('unproven', record);
        break;
      case 'watchLiveness':
        this.#watch(record.machine.monitor === 'unhealthy' ? 'unhealthy' : 'healthy', record);
        break;
      default:
        assertNever(kind, 'activity');
    }
  }

  #watch(standing: Standing, record: InstanceRecord): void {
    const { health, handles, fact, selfReports } = this.#context;
    const about = { incarnation: record.machine.incarnation, activity: record.begun };
    const report = (told: HealthFact): void => fact(record, told, about, told.causedBy ?? record.lastEvent);
    if (record.process.readiness === undefined) {
      handles.holdActivity(record.key, health.watch(standing, subjectOfProbe(record), report));
      return;
    }
    const isUnproven = standing === 'unproven';
    const end = isUnproven ? selfReports.awaitReadiness(record, report) : selfReports.guard(record);
    const isItsOwn = isUnproven && selfReports.proves(record);
    const endProbes = isItsOwn ? undefined : health.watch(standing, subjectOfProbe(record), report);
    handles.holdActivity(record.key, () => {
      end();
      endProbes?.();
    });
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
