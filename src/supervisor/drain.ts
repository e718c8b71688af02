/**
 * The way out: nothing new starts, each instance stops as soon as nobody depends on it any more, then strays; whatever
 * is left near the end of the grace period is killed. The exit code was decided when the drain began.
 */

import type { EventStream } from './event-stream.ts';
import type { ExitVerdict } from './exit-verdict.ts';
import { type InstanceRecord, isAtRest } from './instance-record.ts';
import type { Clock, Kernel } from './ports.ts';
import { Strays } from './strays.ts';
import type { ChangedRecords, Supervisor } from './supervisor.ts';

/** Everything is over this long before the runtime's own KILL. */
const RESERVE_MS = 1_000;
/** Of which the last KILL, reaping and the last log lines may take this much more. */
const KILL_AND_REAP_MS = 500;
/** A stubborn instance does not take the time away that strays need to end well: they have half of it, or this. */
const STRAYS_MS = 2_000;

export interface DrainPorts {
  readonly clock: Clock;
  readonly kernel: Kernel;
  readonly events: EventStream;
  readonly supervisor: Supervisor;
  /** Lets the engine's hooks end by themselves, for at most so long. */
  readonly settleHooks: (limitMs: number) => Promise<void>;
  /** Nothing is left; called once. */
  readonly onFinished: (verdict: ExitVerdict) => void;
}

export class Drain {
  readonly #ports: DrainPorts;
  readonly #strays: Strays;
  #isKilling = false;
  #verdict: ExitVerdict | undefined;
  #startedAt = 0;
  /** Id of the event that told its beginning. */
  #begunBy: number | undefined;
  #isFinishing = false;
  #isOver = false;

  constructor(ports: DrainPorts) {
    this.#ports = ports;
    this.#strays = new Strays(ports);
  }

  get hasBegun(): boolean {
    return this.#verdict !== undefined;
  }

  /** How long the drain has taken so far. */
  get durationMs(): number {
    return this.hasBegun ? this.#ports.clock.now() - this.#startedAt : 0;
  }

  /** The first reason to end decides the exit code; later ones change nothing. */
  begin(verdict: ExitVerdict): void {
    if (this.#verdict !== undefined) return;
    this.#verdict = verdict;
    const { clock, events, supervisor } = this.#ports;
    this.#startedAt = clock.now();
    const fields = { reason: verdict.reason, exit_code: verdict.code };
    this.#begunBy = events.emit('info', 'engine_draining', fields, {}, verdict.causedBy);
    const patienceMs = this.#patienceMs();
    clock.after(Math.max(patienceMs / 2, patienceMs - STRAYS_MS), () => {
      if (!this.#isOver) this.#strays.terminate();
    });
    clock.after(patienceMs, () => this.#killAll('the grace period is nearly over', this.#begunBy));
    // What even KILL does not end (a process in the kernel's hands) must not cost the container its exit code.
    clock.after(Math.max(0, supervisor.engine.graceMs - RESERVE_MS), () => this.#conclude());
    supervisor.onTurnEnd((changed) => this.#onChanged(changed));
    for (const record of supervisor.records()) this.#stopIfFree(record, this.#begunBy);
    this.#finishIfEmpty();
  }

  /** A request to end at once: no more patience. */
  killNow(verdict: ExitVerdict): void {
    this.begin(verdict);
    this.#killAll('killed by request', verdict.causedBy ?? this.#begunBy);
  }

  #onChanged(changed: ChangedRecords): void {
    const { supervisor } = this.#ports;
    for (const record of changed) {
      // What starts after all (its dependency became ready just now) is stopped like the rest.
      if (!isAtRest(record)) this.#stopIfFree(record, this.#begunBy);
      else {
        for (const { process } of record.process.dependsOn) {
          for (const dependency of supervisor.recordsOf(process))
            this.#stopIfFree(dependency, record.lastEvent);
        }
      }
    }
    this.#finishIfEmpty();
  }

  /** @param causedBy id of the event that frees it. */
  #stopIfFree(record: InstanceRecord, causedBy: number | undefined): void {
    if (isAtRest(record)) return;
    if (this.#ports.supervisor.dependentsOf(record.process.name).some((dependent) => !isAtRest(dependent)))
      return;
    this.#ports.supervisor.decide(record, 'stop', 'the engine stops', causedBy);
  }

  /** Until when everything may end by itself. */
  #patienceMs(): number {
    return Math.max(0, this.#ports.supervisor.engine.graceMs - RESERVE_MS - KILL_AND_REAP_MS);
  }

  #killAll(cause: string, causedBy: number | undefined): void {
    if (this.#isOver) return;
    this.#isKilling = true;
    for (const record of this.#ports.supervisor.records()) {
      if (!isAtRest(record)) this.#ports.supervisor.decide(record, 'kill', cause, causedBy);
    }
    if (this.#isFinishing) this.#strays.kill();
  }

  #finishIfEmpty(): void {
    if (this.#isFinishing || this.#ports.supervisor.records().some((record) => !isAtRest(record))) return;
    this.#isFinishing = true;
    void this.#finish();
  }

  async #finish(): Promise<void> {
    const hooks = this.#ports.settleHooks(Math.max(0, this.#patienceMs() - this.durationMs));
    if (this.#isKilling) this.#strays.kill();
    await this.#strays.gone();
    await hooks;
    // Hooks that had their time, and what they have left behind.
    this.#strays.kill(true);
    await this.#strays.gone();
    this.#strays.stop();
    this.#conclude();
  }

  #conclude(): void {
    if (this.#isOver || this.#verdict === undefined) return;
    this.#isOver = true;
    this.#ports.onFinished(this.#verdict);
  }
}
