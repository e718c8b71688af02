/**
 * Brings facts to the engine's state machine (`lifecycle/engine.ts`) and carries out its effects: nothing new starts, each
 * instance stops as soon as nobody depends on it any more, then strays; whatever is left near the end of the grace
 * period is killed. The exit code was decided when the drain began.
 */

import { assertNever } from '../../errors.ts';
import type { EngineEffect, EngineFact, EnginePhase } from '../../lifecycle/engine.ts';
import type { Clock } from '../ports/clock.ts';
import type { Kernel } from '../ports/kernel.ts';
import type { ChangedRecords, Supervisor } from '../supervisor.ts';
import type { ExitVerdict } from '../world/exit-verdict.ts';
import { type InstanceRecord, isAtRest } from '../world/instance-record.ts';
import type { EngineState } from '../world/world.ts';
import { Strays } from './strays.ts';

/** Everything is over this long before the runtime's own KILL. */
const RESERVE_MS = 1_000;
/** Of which the last KILL, reaping and the last log lines may take this much more. */
const KILL_AND_REAP_MS = 500;
/** A stubborn instance does not take the time away that strays need to end well: they have half of it, or this. */
const STRAYS_MS = 2_000;

export interface DrainPorts {
  readonly clock: Clock;
  readonly kernel: Kernel;
  readonly supervisor: Supervisor;
  /** Lets the engine's hooks end by themselves, for at most so long. */
  readonly settleHooks: (limitMs: number) => Promise<void>;
  /** Nothing is left; called once. */
  readonly onFinished: (verdict: ExitVerdict) => void;
}

/** What a fact says beside its kind. */
interface About {
  readonly verdict?: ExitVerdict;
  /** Why instances are killed. */
  readonly cause?: string;
  /** Id of the event that it comes of, if not of the shutdown. */
  readonly causedBy?: number | undefined;
  readonly changed?: ChangedRecords;
}

/** What an engine that goes on in a phase begins again. */
const RESUMED: Readonly<Record<EnginePhase, readonly EngineEffect[]>> = {
  running: [],
  draining: ['stop instances'],
  killing: ['kill instances'],
  sweeping: ['terminate strays', 'await strays'],
  settling: ['time hooks', 'await hooks'],
  purging: ['kill strays and hooks', 'await strays'],
  done: [],
};

export class Drain {
  readonly #ports: DrainPorts;
  readonly #strays: Strays;
  #hooks: Promise<void> = Promise.resolve();

  constructor(ports: DrainPorts) {
    this.#ports = ports;
    this.#strays = new Strays(ports);
  }

  get phase(): EnginePhase {
    return this.#engine.phase;
  }

  /** How long the drain has taken so far. */
  get durationMs(): number {
    const { shutdown } = this.#engine;
    return shutdown === undefined ? 0 : this.#ports.clock.now() - shutdown.startedAt;
  }

  /** The first reason to end decides the exit code; later ones change nothing. */
  begin(verdict: ExitVerdict): void {
    this.#take('shutdownRequested', { verdict });
    this.#lookIfRested();
  }

  /** A request to end at once: no more patience. */
  killNow(verdict: ExitVerdict): void {
    this.begin(verdict);
    this.#take('killRequested', { cause: 'killed by request', causedBy: verdict.causedBy });
  }

  /** Goes on with the shutdown that another engine has begun, if it has. */
  resume(): void {
    if (this.phase === 'running' || this.phase === 'done') return;
    this.#begin();
    const { shutdown } = this.#engine;
    for (const effect of RESUMED[this.phase]) this.#perform(effect, { causedBy: shutdown?.event });
    this.#lookIfRested();
  }

  get #engine(): EngineState {
    return this.#ports.supervisor.world.engine;
  }

  #take(fact: EngineFact, about: About = {}): void {
    const effects = this.#ports.supervisor.engineFact(fact, about.verdict);
    for (const effect of effects) this.#perform(effect, about);
  }

  #perform(effect: EngineEffect, about: About): void {
    const { supervisor } = this.#ports;
    const { shutdown } = this.#engine;
    const causedBy = about.causedBy ?? shutdown?.event;
    switch (effect) {
      case 'announce':
        this.#begin();
        break;
      case 'stop instances':
        for (const record of supervisor.records()) this.#stopIfFree(record, causedBy);
        break;
      case 'stop freed instances':
        this.#stopFreed(about.changed ?? [], causedBy);
        break;
      case 'kill instances':
        for (const record of supervisor.records()) {
          const wanted = { by: 'shutdown', cause: about.cause ?? '' } as const;
          if (!isAtRest(record)) supervisor.decide(record, 'kill', wanted, causedBy);
        }
        break;
      case 'terminate strays':
        this.#strays.terminate();
        break;
      case 'kill strays':
        this.#strays.kill();
        break;
      case 'kill strays and hooks':
        this.#strays.kill(true);
        break;
      case 'await strays':
        void this.#strays.gone().then(() => this.#take('straysGone'));
        break;
      case 'time hooks':
        this.#hooks = this.#ports.settleHooks(Math.max(0, this.#patienceMs() - this.durationMs));
        break;
      case 'await hooks':
        void this.#hooks.then(() => this.#take('hooksSettled'));
        break;
      case 'finish':
        this.#strays.stop();
        if (shutdown !== undefined) this.#ports.onFinished(shutdown.verdict);
        break;
      default:
        assertNever(effect, 'effect');
    }
  }

  #begin(): void {
    const { clock, supervisor } = this.#ports;
    const patienceMs = this.#patienceMs();
    const at = (dueMs: number, act: () => void): void =>
      void clock.after(Math.max(0, dueMs - this.durationMs), act);
    at(Math.max(patienceMs / 2, patienceMs - STRAYS_MS), () => this.#take('straysDue'));
    const cause = 'the grace period is nearly over';
    at(patienceMs, () => this.#take('patienceOver', { cause }));
    at(supervisor.engine.graceMs - RESERVE_MS, () => this.#take('timeOver'));
    supervisor.onTurnEnd((changed) => {
      this.#take('instancesChanged', { changed });
      this.#lookIfRested();
    });
  }

  #stopFreed(changed: ChangedRecords, causedBy: number | undefined): void {
    const { supervisor } = this.#ports;
    for (const record of changed) {
      if (!isAtRest(record)) this.#stopIfFree(record, causedBy);
      else {
        for (const { process } of record.process.dependsOn) {
          for (const dependency of supervisor.recordsOf(process))
            this.#stopIfFree(dependency, record.lastEvent);
        }
      }
    }
  }

  /** @param causedBy id of the event that frees it. */
  #stopIfFree(record: InstanceRecord, causedBy: number | undefined): void {
    if (isAtRest(record)) return;
    if (this.#ports.supervisor.dependentsOf(record.process.name).some((dependent) => !isAtRest(dependent)))
      return;
    const wanted = { by: 'shutdown', cause: 'the engine stops' } as const;
    this.#ports.supervisor.decide(record, 'stop', wanted, causedBy);
  }

  /** Until when everything may end by itself. */
  #patienceMs(): number {
    return Math.max(0, this.#ports.supervisor.engine.graceMs - RESERVE_MS - KILL_AND_REAP_MS);
  }

  #lookIfRested(): void {
    if (this.#ports.supervisor.records().every(isAtRest)) this.#take('instancesRested');
  }
}
