/**
 * Holds every instance. Events come in by one queue, `core` says what follows, `effects` carry it out, and at the end of
 * each turn listeners get what has changed.
 */

import type { EngineConfig, ResolvedConfig } from '../config/resolved-config.ts';
import type { EngineEffect, EngineFact } from '../lifecycle/engine.ts';
import type { DecisionKind } from '../lifecycle/events.ts';
import type { Rollout } from '../lifecycle/rollout.ts';
import type { SignalName } from '../signals.ts';
import { step } from './core/step.ts';
import type { Circumstances, Step } from './core/step-types.ts';
import { Handles } from './effects/handles.ts';
import { type Handover, heldOf } from './effects/handover.ts';
import { LeftoverWatch } from './effects/leftover-watch.ts';
import { forget, perform } from './effects/perform.ts';
import type { PerformContext } from './effects/perform-context.ts';
import { SelfReports } from './effects/self-reports.ts';
import { SpawnTurns } from './effects/spawn-turns.ts';
import { StepRunner } from './effects/step-runner.ts';
import { Timetable } from './effects/timetable.ts';
import type { EventStream } from './events/event-stream.ts';
import type { Cancel, Clock } from './ports/clock.ts';
import type { HealthMonitor } from './ports/health.ts';
import type { InputPort } from './ports/input.ts';
import type { Kernel } from './ports/kernel.ts';
import type { OutputPort } from './ports/output.ts';
import type { SelfReportPort } from './ports/self-reports.ts';
import { Turns } from './turns.ts';
import type { ExitVerdict } from './world/exit-verdict.ts';
import type { InstanceRecord, Wanted } from './world/instance-record.ts';
import { InstanceRecords, type Settings } from './world/instance-records.ts';
import type { World } from './world/world.ts';
import type { ReloadRequest, WorldEffect, WorldEvent } from './world/world-event.ts';

export interface SupervisorPorts {
  readonly clock: Clock;
  readonly kernel: Kernel;
  readonly health: HealthMonitor;
  readonly output: OutputPort;
  readonly input: InputPort;
  readonly selfReports: SelfReportPort;
  readonly sockets: PerformContext['sockets'];
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
  readonly #settingsListeners = new Set<() => void>();
  /** A rolling change has begun, gone on or ended: somebody may wait for that alone. */
  #hasRolled = false;

  /** @param world of another engine in the same process, whose instances go on with `resume`. */
  constructor(config: ResolvedConfig, ports: SupervisorPorts, world?: World) {
    this.#ports = ports;
    this.#records = new InstanceRecords(settingsOf(config), world);
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
      handover: new Map(),
      leftovers,
      selfReports: new SelfReports({ ...ports, port: ports.selfReports, take }),
      steps: new StepRunner({ ...ports, spawnTurns, take }),
      spawnTurns,
      timetable: new Timetable({ ...ports, take }),
      take,
    };
    if (world === undefined) take({ type: 'configured', settings: settingsOf(config) });
  }

  /** With the world: all that another engine in the same process needs to go on. Nothing must happen afterwards. */
  held(): Handover {
    return Object.fromEntries(this.records().map((record) => [record.key, heldOf(record, this.#context)]));
  }

  /** Goes on with what lives in the world that this engine was given. */
  resume(handover: Handover): void {
    const { handover: kept } = this.#context;
    for (const [key, held] of Object.entries(handover)) kept.set(key, held);
    this.#turns.enqueue({ type: 'resumed' });
    kept.clear();
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

  /** Restarts them a few at a time; the first that fails ends it. */
  roll(
    records: readonly InstanceRecord[],
    atOnce: number,
    wanted: Pick<Rollout, 'by' | 'cause'>,
    causedBy?: number,
  ): void {
    this.#turns.enqueue({ type: 'rollout', keys: records.map(({ key }) => key), atOnce, wanted, causedBy });
  }

  /** Its turn in a rolling change is yet to come or to end. */
  isRolling({ key }: InstanceRecord): boolean {
    return this.world.rollouts.some(
      ({ pending, underway }) => pending.includes(key) || underway.includes(key),
    );
  }

  /** Somebody has signalled the running incarnation, which that event reports. */
  noteSignal({ key, machine: { incarnation } }: InstanceRecord, signal: SignalName, event: number): void {
    const notice = { lastSignal: { signal, event } };
    this.#turns.enqueue({ type: 'noticed', key, incarnation, notice });
  }

  /** By its command for that, as soon as it may run; one that does not run reads its configuration when it starts. */
  reloadProgram({ key }: InstanceRecord, causedBy?: number): void {
    this.#turns.enqueue({ type: 'reloadProgram', key, causedBy });
  }

  /**
   * Takes a fact about the engine as a whole.
   * @param verdict if that begins its end.
   * @returns what the caller is to carry out
   */
  engineFact(fact: EngineFact, verdict?: ExitVerdict): readonly EngineEffect[] {
    const step = this.#step({ type: 'engine', fact, verdict });
    this.#records.commit(step);
    return step.effects.flatMap((one) => (one.kind === 'engine' ? [one.effect] : []));
  }

  /** Called at the end of every turn that changed something, with the records that changed. */
  onTurnEnd(listener: (changed: ChangedRecords) => void): Cancel {
    this.#turnListeners.add(listener);
    return () => this.#turnListeners.delete(listener);
  }

  /** Called within a reload, when the instances are those of the new configuration and nothing has come of it yet. */
  onSettings(listener: () => void): Cancel {
    this.#settingsListeners.add(listener);
    return () => this.#settingsListeners.delete(listener);
  }

  /** Another configuration, in one turn: nobody sees half of it. */
  reload(config: ResolvedConfig, request: ReloadRequest): void {
    this.#turns.enqueue({ type: 'configured', settings: settingsOf(config), reload: request });
  }

  /** Else it is forgotten once it is at rest. */
  isConfigured(record: InstanceRecord): boolean {
    return this.#records.isConfigured(record);
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

  #carryOut(step: Step): void {
    this.#records.commit(step);
    if (step.rollouts !== undefined) this.#hasRolled = true;
    for (const event of step.next) this.#turns.enqueue(event);
    for (const effect of step.effects) this.#perform(effect);
  }

  #perform(effect: WorldEffect): void {
    switch (effect.kind) {
      case 'endContainer':
        this.#ports.onVerdict(effect.verdict);
        break;
      case 'reportFault':
        this.#ports.onFault(new Error(effect.message));
        break;
      case 'forget':
        forget(effect, this.#context);
        break;
      case 'useSettings':
        for (const listener of this.#settingsListeners) listener();
        break;
      case 'engine':
        break;
      default: {
        const record = this.#records.byKey(effect.key);
        if (record !== undefined) perform(effect, record, this.#context);
      }
    }
  }

  #endTurn(): void {
    const keys = this.world.changed;
    const hasRolled = this.#hasRolled;
    this.#hasRolled = false;
    if (keys.length === 0) {
      if (hasRolled) for (const listener of this.#turnListeners) listener([]);
      return;
    }
    const changed = keys.flatMap((key) => this.#records.byKey(key) ?? []);
    const ended = this.#step({ type: 'turnEnded' });
    this.#records.endTurn();
    this.#carryOut(ended);
    for (const listener of this.#turnListeners) listener(changed);
  }
}

function settingsOf({ engine, processes }: ResolvedConfig): Settings {
  return { engine, processes: [...processes.values()] };
}
