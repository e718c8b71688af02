/**
 * Holds every instance and is the only one to change them: events come in by `dispatch`, the lifecycle says what
 * follows, `perform` does it, and at the end of each turn whoever needs to know is told what changed.
 */

import type { EngineConfig, ProcessConfig, ResolvedConfig } from '../config/resolved-config.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import type { DecisionKind, Fact, LifecycleEvent } from '../lifecycle/events.ts';
import type { Instance } from '../lifecycle/instance.ts';
import { type DesiredState, hasArrived, isAtWork, type MonitorState } from '../lifecycle/states.ts';
import { step } from '../lifecycle/step.ts';
import { Activities } from './effects/activities.ts';
import { Handles } from './effects/handles.ts';
import { LeftoverWatch } from './effects/leftover-watch.ts';
import { extendDeadline, type PerformContext, perform } from './effects/perform.ts';
import { SelfReports } from './effects/self-reports.ts';
import { targetsFor } from './effects/spawn-request.ts';
import { SpawnTurns } from './effects/spawn-turns.ts';
import { StepRunner } from './effects/step-runner.ts';
import type { EventStream } from './events/event-stream.ts';
import { reportFact, reportState } from './events/reports.ts';
import type { Cancel, Clock } from './ports/clock.ts';
import type { HealthMonitor } from './ports/health.ts';
import type { InputPort } from './ports/input.ts';
import type { Kernel } from './ports/kernel.ts';
import type { OutputPort } from './ports/output.ts';
import type { SelfReportPort } from './ports/self-reports.ts';
import type { SocketPort } from './ports/sockets.ts';
import { Turns } from './turns.ts';
import { dependentsByName } from './world/dependencies.ts';
import { type ExitVerdict, verdictOnAllDone, verdictOnEnd } from './world/exit-verdict.ts';
import {
  type About,
  hasEndedForGood,
  type InstanceRecord,
  isAtRest,
  isBlocked,
  isPresent,
  rulesOf,
  subjectOf,
  type Wanted,
} from './world/instance-record.ts';
import { type Fitted, InstanceRecords } from './world/instance-records.ts';
import { reasonFor } from './world/reasons.ts';
import { newWorld, type World } from './world/world.ts';

export interface SupervisorPorts {
  readonly clock: Clock;
  readonly kernel: Kernel;
  readonly health: HealthMonitor;
  readonly output: OutputPort;
  readonly input: InputPort;
  readonly selfReports: SelfReportPort;
  readonly sockets: Pick<SocketPort, 'descriptorsOf'>;
  readonly events: EventStream;
  readonly random: () => number;
  /** The container should end; told at most once for each reason. */
  readonly onVerdict: (verdict: ExitVerdict) => void;
  /** Something is wrong in taskmaster itself. */
  readonly onFault: (error: unknown) => void;
}

export type ChangedRecords = readonly InstanceRecord[];

/** What a turn has changed of an instance. */
interface Change {
  /** Where its state is another one. */
  readonly from?:
    | { readonly state: MonitorState; readonly incarnation: number; readonly wasAlive: boolean }
    | undefined;
  /** Id of the event that this came of. */
  readonly cause?: number | undefined;
}

export class Supervisor {
  readonly world: World = newWorld();
  readonly #ports: SupervisorPorts;
  readonly #turns: Turns;
  readonly #activities: Activities;
  readonly #leftovers: LeftoverWatch<InstanceRecord>;
  readonly #selfReports: SelfReports;
  readonly #context: PerformContext;
  readonly #records: InstanceRecords;
  readonly #turnListeners = new Set<(changed: ChangedRecords) => void>();
  #changed = new Map<InstanceRecord, Change>();
  #engine: EngineConfig;
  #dependents: ReadonlyMap<string, readonly string[]> = new Map();

  constructor(config: ResolvedConfig, ports: SupervisorPorts) {
    this.#ports = ports;
    this.#records = new InstanceRecords(this.world, ports.clock);
    this.#engine = config.engine;
    this.#turns = new Turns(() => this.#endTurn(), ports.onFault);
    const fact = this.#fact.bind(this);
    const recordsOf = this.recordsOf.bind(this);
    const handles = new Handles();
    const predecessorsOf = (record: InstanceRecord) => this.#records.predecessorsOf(record);
    const { clock, kernel, events, health, selfReports: port } = ports;
    this.#selfReports = new SelfReports({
      clock,
      kernel,
      events,
      port,
      fact,
      changed: (record) => this.#turns.enqueue(() => this.#note(record, {})),
      extendDeadline: (record, ms) => extendDeadline(record, ms, { clock, handles, fact }),
    });
    const selfReports = this.#selfReports;
    this.#activities = new Activities({ health, selfReports, handles, recordsOf, predecessorsOf, fact });
    this.#leftovers = new LeftoverWatch(ports, (record) => {
      const { incarnation } = record.machine;
      fact(record, { kind: 'othersVanished' }, { incarnation }, record.lastEvent);
    });
    const spawnTurns = new SpawnTurns(ports.clock);
    this.#context = {
      ...ports,
      handles,
      activities: this.#activities,
      selfReports,
      spawnTurns,
      steps: new StepRunner({ ...ports, spawnTurns, fact }),
      fact,
      exitUnhealthy: (record, causedBy) => this.#exitUnhealthy(record, causedBy),
      fault: ports.onFault,
    };
    for (const process of config.processes.values()) this.fit(process);
    this.useConfig(config);
  }

  get engine(): EngineConfig {
    return this.#engine;
  }

  /** In the order of the configuration. */
  records(): readonly InstanceRecord[] {
    return this.world.instances;
  }

  record(instance: string): InstanceRecord | undefined {
    return this.#records.get(instance);
  }

  recordsOf(process: string): readonly InstanceRecord[] {
    return this.#records.of(process);
  }

  dependentsOf(process: string): readonly InstanceRecord[] {
    return (this.#dependents.get(process) ?? []).flatMap((name) => this.recordsOf(name));
  }

  /** @param causedBy id of the event that it comes of. */
  decide(record: InstanceRecord, kind: DecisionKind, wanted: Wanted, causedBy?: number): void {
    this.#turns.enqueue(() => {
      record.wanted = wanted;
      this.#apply(record, { type: 'decision', decision: { kind } }, causedBy);
    });
  }

  /** Called at the end of every turn that changed something, with the records that changed. */
  onTurnEnd(listener: (changed: ChangedRecords) => void): Cancel {
    this.#turnListeners.add(listener);
    return () => this.#turnListeners.delete(listener);
  }

  /** Fits a process's records to its number of instances; those made are idle, and the caller removes the surplus. */
  fit(process: ProcessConfig): Fitted {
    const fitted = this.#records.fit(process);
    for (const { record, was } of fitted.renamed) {
      this.#ports.health.rename(was, record.name);
      this.#ports.output.rename(was, record.name);
      this.#ports.input.rename(was, record.name);
      this.#ports.events.emit('info', 'instance_renamed', { was }, subjectOf(record));
    }
    return fitted;
  }

  /** Whenever the instance is to start, it waits until what lives of the others now is gone. */
  startAfter(record: InstanceRecord, others: readonly InstanceRecord[]): void {
    this.#records.startAfter(record, others);
  }

  /** Else it is forgotten once it is at rest. */
  isConfigured(record: InstanceRecord): boolean {
    return this.#records.isConfigured(record);
  }

  /** Stops the instance, which is not configured any more, if need be, and forgets it once it is at rest. */
  remove(record: InstanceRecord, cause: string, causedBy?: number): void {
    if (isAtRest(record)) this.#forget(record);
    else this.decide(record, 'stop', { by: 'reload', cause }, causedBy);
  }

  /** Takes over what applies to a running process; the caller decides about a restart. */
  update(record: InstanceRecord, process: ProcessConfig): void {
    this.#turns.enqueue(() => {
      const { health: oldHealth, type: oldType } = record.process;
      record.process = process;
      record.rules = rulesOf(process);
      const isHealthNew =
        JSON.stringify(oldHealth) !== JSON.stringify(process.health) || oldType !== process.type;
      if (isHealthNew) this.#activities.renew(record);
      this.#ports.output.update(record.name, targetsFor(process, record.ordinal));
      this.#note(record, {});
      this.#apply(record, { type: 'fact', fact: { kind: 'rulesChanged' } }, record.lastEvent);
    });
  }

  /** By its command for that, as soon as it may run; one that does not run reads its configuration when it starts. */
  reloadProgram(record: InstanceRecord, causedBy?: number): void {
    this.#turns.enqueue(() => {
      if (!isAtWork(record.machine.monitor) || record.process.reload === undefined) return;
      this.#apply(record, { type: 'fact', fact: { kind: 'reloadRequested' } }, causedBy);
    });
  }

  /** Engine-wide settings and who depends on whom; called once the records fit the configuration. */
  useConfig(config: ResolvedConfig, causedBy?: number): void {
    this.#engine = config.engine;
    this.#records.sort(config.processes);
    this.#dependents = dependentsByName(config.processes.values());
    this.#turns.enqueue(() => {
      for (const record of this.records()) this.#reconsider(record, causedBy);
    });
  }

  /** The one door: whatever is over by now is dropped. */
  #fact(record: InstanceRecord, fact: Fact, about: About, causedBy: number | undefined): void {
    this.#turns.enqueue(() => {
      if (isPresent(record, about)) this.#apply(record, { type: 'fact', fact }, causedBy);
    });
  }

  /** @param causedBy id of the event that this one comes of; handed on to all that follows from it. */
  #apply(record: InstanceRecord, event: LifecycleEvent, causedBy: number | undefined): void {
    const before = record.machine;
    const { next, effects } = step(before, event, record.rules);
    record.machine = next;
    if (next.desired !== before.desired && isPolicys(next.desired))
      record.wanted = { ...record.wanted, by: 'policy' };
    const told = event.type === 'fact' ? reportFact(record, event.fact, causedBy, this.#ports) : undefined;
    const cause = told ?? causedBy;
    for (const effect of effects) perform(effect, record, this.#context, cause);
    this.#keepUp(record, before, cause);
  }

  /** What follows from a changed machine, beside its effects. */
  #keepUp(record: InstanceRecord, before: Instance, cause: number | undefined): void {
    const { machine } = record;
    if (machine.restarts > before.restarts) record.totalRestarts += 1;
    if (before.leader !== 'dead' && machine.leader === 'dead') {
      this.#leftovers.await(record);
      if (machine.monitor === 'healthcheck') this.#selfReports.seekDaemon(record);
    }
    if (before.leader === 'dead' && machine.leader === 'alive') {
      this.#leftovers.release(record);
      record.healthReason = undefined;
      this.#activities.renew(record);
      this.#note(record, { cause });
    }
    if (machine.leader === 'none' && machine.monitor !== 'starting') this.#selfReports.end(record);
    if (machine.leader === 'none' && before.leader !== 'none') {
      this.#leftovers.release(record);
      if (record.family !== undefined) this.#ports.kernel.letDaemonsGo(record.family);
      record.pid = undefined;
    }
    if (machine.monitor === before.monitor && machine.incarnation === before.incarnation) return;
    if (machine.monitor === 'healthy' && record.family !== undefined)
      this.#ports.kernel.remember(record.family);
    record.enteredAt = this.#ports.clock.now();
    record.enteredWall = this.#ports.clock.wallTime();
    record.hasBeenReady ||= hasArrived('start', machine.monitor);
    record.restedAt = hasEndedForGood(record) ? record.enteredAt : undefined;
    const wasAlive = before.leader === 'alive';
    this.#note(record, { from: { state: before.monitor, incarnation: before.incarnation, wasAlive }, cause });
  }

  #note(record: InstanceRecord, { from, cause }: Change): void {
    const known = this.#changed.get(record);
    this.#changed.set(record, { from: known?.from ?? from, cause: cause ?? known?.cause });
  }

  #reconsider(record: InstanceRecord, cause: number | undefined): void {
    this.#turns.enqueue(() => {
      if (this.#activities.reconsider(record, cause)) this.#note(record, { cause });
    });
  }

  #tellDependents(record: InstanceRecord, isNewIncarnation: boolean, causedBy: number): void {
    for (const follower of this.#records.followersOf(record)) this.#reconsider(follower, causedBy);
    for (const dependent of this.dependentsOf(record.process.name)) {
      this.#reconsider(dependent, causedBy);
      const link = dependent.process.dependsOn.find(({ process }) => process === record.process.name);
      if (link?.restart !== true || !isNewIncarnation) continue;
      if (dependent.machine.leader === 'alive' && dependent.machine.desired === 'up') {
        const cause = `${record.name} was restarted`;
        this.decide(dependent, 'restart', { by: 'policy', cause }, causedBy);
      }
    }
  }

  #exitUnhealthy(record: InstanceRecord, causedBy: number | undefined): void {
    const reason = `${record.name} is unhealthy: ${record.healthReason ?? 'its health check failed'}`;
    this.#ports.onVerdict({ code: EXIT_CODES.unhealthy, reason, causedBy });
  }

  #endTurn(): void {
    if (this.#changed.size === 0) return;
    const changes = this.#changed;
    this.#changed = new Map();
    for (const [record, change] of changes) this.#conclude(record, change);
    const changed = [...changes.keys()];
    const hasEnd = changed.some((record) => isAtRest(record) || isBlocked(record));
    if (hasEnd && this.#engine.exitWhen === 'all-done') this.#lookIfAllDone(changed);
    for (const listener of this.#turnListeners) listener(changed);
  }

  /** Reports how the turn left the record, once, however many states it went through. */
  #conclude(record: InstanceRecord, { from: earlier, cause }: Change): void {
    record.reason = reasonFor(record);
    if (earlier === undefined) return;
    const { machine } = record;
    if (earlier.state !== machine.monitor || earlier.incarnation !== machine.incarnation) {
      const event = reportState(record, earlier.state, cause, this.#ports);
      const isOther = machine.incarnation > earlier.incarnation || !earlier.wasAlive;
      const isRestarted = machine.incarnation > 1 && machine.leader === 'alive' && isOther;
      this.#tellDependents(record, isRestarted, event);
    }
    const verdict = verdictOnEnd(record, this.#engine);
    if (verdict !== undefined) this.#ports.onVerdict({ ...verdict, causedBy: record.lastEvent });
    if (!this.isConfigured(record) && isAtRest(record)) this.#forget(record);
  }

  #lookIfAllDone(changed: ChangedRecords): void {
    const verdict = verdictOnAllDone(this.records());
    if (verdict === undefined) return;
    const last = changed.findLast((record) => record.lastEvent !== undefined);
    this.#ports.onVerdict({ ...verdict, causedBy: last?.lastEvent });
  }

  #forget(record: InstanceRecord): void {
    this.#records.forget(record);
    if (record.family !== undefined) this.#ports.kernel.release(record.family);
    this.#ports.health.forget(record.name);
    this.#ports.output.forget(record.name);
    this.#ports.input.forget(record.name);
  }
}

/** What nobody but policy decides. */
function isPolicys(desired: DesiredState): boolean {
  return desired === 'resting' || desired === 'givenUp';
}
