/**
 * Holds every instance. Events come in by one queue, `core` says what follows, `effects` carry it out, and at the end of
 * each turn listeners get what has changed.
 */

import type { EngineConfig, ProcessConfig, ResolvedConfig } from '../config/resolved-config.ts';
import type { EngineEffect, EngineFact } from '../lifecycle/engine.ts';
import type { DecisionKind } from '../lifecycle/events.ts';
import type { SignalName } from '../signals.ts';
import { type Circumstances, type Step, step } from './core/step.ts';
import { Handles } from './effects/handles.ts';
import { LeftoverWatch } from './effects/leftover-watch.ts';
import { type PerformContext, perform } from './effects/perform.ts';
import { SelfReports } from './effects/self-reports.ts';
import { SpawnTurns } from './effects/spawn-turns.ts';
import { StepRunner } from './effects/step-runner.ts';
import type { EventStream } from './events/event-stream.ts';
import type { Cancel, Clock } from './ports/clock.ts';
import type { HealthMonitor } from './ports/health.ts';
import type { InputPort } from './ports/input.ts';
import type { Kernel } from './ports/kernel.ts';
import type { OutputPort } from './ports/output.ts';
import type { SelfReportPort } from './ports/self-reports.ts';
import type { SocketPort } from './ports/sockets.ts';
import { Turns } from './turns.ts';
import type { ExitVerdict } from './world/exit-verdict.ts';
import { type InstanceRecord, isAtRest, isWaiting, subjectOf, type Wanted } from './world/instance-record.ts';
import { type Fitted, InstanceRecords } from './world/instance-records.ts';
import type { World } from './world/world.ts';
import type { WorldEffect, WorldEvent } from './world/world-event.ts';

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

export class Supervisor {
  readonly #ports: SupervisorPorts;
  readonly #turns: Turns<WorldEvent>;
  readonly #context: PerformContext;
  readonly #records: InstanceRecords;
  readonly #turnListeners = new Set<(changed: ChangedRecords) => void>();

  constructor(config: ResolvedConfig, ports: SupervisorPorts) {
    this.#ports = ports;
    this.#records = new InstanceRecords(config, ports.clock);
    this.#turns = new Turns(
      (event) => this.#carryOut(this.#step(event)),
      () => this.#endTurn(),
      ports.onFault,
    );
    const take = (event: WorldEvent): void => this.#turns.enqueue(event);
    const leftovers = new LeftoverWatch<InstanceRecord>(ports, ({ key, machine, lastEvent }) => {
      const about = { incarnation: machine.incarnation };
      take({ type: 'fact', key, fact: { kind: 'othersVanished' }, about, causedBy: lastEvent });
    });
    const spawnTurns = new SpawnTurns(ports.clock);
    this.#context = {
      ...ports,
      handles: new Handles(),
      leftovers,
      selfReports: new SelfReports({ ...ports, port: ports.selfReports, take }),
      steps: new StepRunner({ ...ports, spawnTurns, take }),
      spawnTurns,
      take,
    };
    for (const process of config.processes.values()) this.fit(process);
    this.useConfig(config);
  }

  get world(): World {
    return this.#records.world;
  }

  get engine(): EngineConfig {
    return this.#records.engine;
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
    return this.#records.dependentsOf(process);
  }

  /** @param causedBy id of the event that it comes of. */
  decide({ key }: InstanceRecord, kind: DecisionKind, wanted: Wanted, causedBy?: number): void {
    this.#turns.enqueue({ type: 'decision', key, kind, wanted, causedBy });
  }

  /** Somebody has signalled the running incarnation, which that event reports. */
  noteSignal({ key, machine: { incarnation } }: InstanceRecord, signal: SignalName, event: number): void {
    const notice = { lastSignal: { signal, event } };
    this.#turns.enqueue({ type: 'noticed', key, incarnation, notice });
  }

  /**
   * Takes a fact about the engine as a whole.
   * @param verdict if that begins its end.
   * @returns what the caller is to carry out
   */
  engineFact(fact: EngineFact, verdict?: ExitVerdict): readonly EngineEffect[] {
    const { engine, effects } = this.#step({ type: 'engine', fact, verdict });
    if (engine !== undefined) this.#records.commitEngine(engine);
    return effects.flatMap((one) => (one.kind === 'engine' ? [one.effect] : []));
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
      this.#ports.events.emit('instance_renamed', { was }, subjectOf(record));
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
    if (isAtRest(record)) this.#perform({ kind: 'forget', key: record.key });
    else this.decide(record, 'stop', { by: 'reload', cause }, causedBy);
  }

  /** Takes over what applies to a running process; the caller decides about a restart. */
  update({ key }: InstanceRecord, process: ProcessConfig): void {
    this.#turns.enqueue({ type: 'configure', key, process });
  }

  /** By its command for that, as soon as it may run; one that does not run reads its configuration when it starts. */
  reloadProgram({ key }: InstanceRecord, causedBy?: number): void {
    this.#turns.enqueue({ type: 'reloadProgram', key, causedBy });
  }

  /** Engine-wide settings and who depends on whom; called once the records fit the configuration. */
  useConfig(config: ResolvedConfig, causedBy?: number): void {
    this.#records.useConfig(config);
    for (const record of this.records())
      if (isWaiting(record)) this.#turns.enqueue({ type: 'reconsider', key: record.key, causedBy });
  }

  #step(event: WorldEvent): Step {
    const { clock, random, events } = this.#ports;
    const circumstances: Circumstances = {
      now: clock.now(),
      wall: clock.wallTime(),
      chance: random(),
      events,
    };
    return step(this.#records, event, circumstances);
  }

  #carryOut({ records, effects, next }: Step): void {
    this.#records.commit(records);
    for (const event of next) this.#turns.enqueue(event);
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: WorldEffect): void {
    switch (effect.kind) {
      case 'endContainer':
        this.#ports.onVerdict(effect.verdict);
        break;
      case 'reportFault':
        this.#ports.onFault(new Error(effect.message));
        break;
      case 'engine':
        break;
      default: {
        const record = this.#records.byKey(effect.key);
        if (record === undefined) break;
        perform(effect, record, this.#context);
        if (effect.kind === 'forget') this.#records.forget(record);
      }
    }
  }

  #endTurn(): void {
    const keys = this.world.changed;
    if (keys.length === 0) return;
    const changed = keys.flatMap((key) => this.#records.byKey(key) ?? []);
    const ended = this.#step({ type: 'turnEnded' });
    this.#records.endTurn();
    this.#carryOut(ended);
    for (const listener of this.#turnListeners) listener(changed);
  }
}
