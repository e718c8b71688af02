/**
 * The one place that collects dead children: the engine's own, and orphans that the kernel handed to it. Children
 * of Node itself (execa's) are lent to Node: anyone else who takes their status leaves Node waiting for good.
 */

import type { ExitStatus } from '../lifecycle/exit-outcome.ts';
import type { Cancel } from '../supervisor/ports/clock.ts';
import type { NativeAddon } from './native.ts';
import { decodeWaitStatus } from './wait-status.ts';

/** Then the event loop has its turn: 20,000 orphans at once must not delay a signal or a client. */
const MOST_IN_ONE_TURN = 256;

export type ChildListener = (pid: number, status: ExitStatus) => void;

export class Reaper {
  readonly #addon: Pick<NativeAddon, 'reap'>;
  readonly #own = new Map<number, (status: ExitStatus) => void>();
  readonly #lent = new Set<number>();
  readonly #orphanListeners = new Set<ChildListener>();
  readonly #collectedListeners = new Set<ChildListener>();
  readonly #firstListeners = new Set<(pid: number) => void>();
  readonly #sweepListeners = new Set<() => void>();
  #lentPids = new Int32Array();
  #nextSweep: NodeJS.Immediate | undefined;
  readonly #onChildSignal = (): void => this.#sweep();

  /** Starts at once, with whatever died before. A signal listener does not keep the event loop alive. */
  constructor(addon: Pick<NativeAddon, 'reap'>) {
    this.#addon = addon;
    process.on('SIGCHLD', this.#onChildSignal);
    this.#sweepInNextTurn();
  }

  /**
   * Registers a child of our own; must be called in the turn of its spawn.
   * @param onExit is called once, in a later turn, even if the child is dead already.
   */
  watch(pid: number, onExit: (status: ExitStatus) => void): void {
    // The kernel has just given this pid to us, so Node cannot have a child of that number any more.
    this.#giveBack(pid);
    this.#own.set(pid, onExit);
  }

  /**
   * Leaves a child to Node; must be called in the turn of its spawn.
   * @returns what to call when Node has reported its exit.
   */
  lend(pid: number): Cancel {
    this.#lent.add(pid);
    this.#lentPids = Int32Array.from(this.#lent);
    return () => this.#giveBack(pid);
  }

  /** Tells of every child that is neither our own nor lent. */
  onOrphan(listener: ChildListener): Cancel {
    this.#orphanListeners.add(listener);
    return () => this.#orphanListeners.delete(listener);
  }

  /** Tells of every child that was collected here, after its own `onExit`. */
  onCollected(listener: ChildListener): Cancel {
    this.#collectedListeners.add(listener);
    return () => this.#collectedListeners.delete(listener);
  }

  /** Tells of every child that was collected here before anybody else hears of it: its pid is free again. */
  beforeDelivery(listener: (pid: number) => void): void {
    this.#firstListeners.add(listener);
  }

  /** Called before each sweep, while the dead are still in /proc. */
  beforeSweep(listener: () => void): Cancel {
    this.#sweepListeners.add(listener);
    return () => this.#sweepListeners.delete(listener);
  }

  isLent(pid: number): boolean {
    return this.#lent.has(pid);
  }

  /** Collects nothing any more. */
  stop(): void {
    process.off('SIGCHLD', this.#onChildSignal);
    clearImmediate(this.#nextSweep);
    this.#nextSweep = undefined;
  }

  #giveBack(pid: number): void {
    if (this.#lent.delete(pid)) this.#lentPids = Int32Array.from(this.#lent);
  }

  #sweepInNextTurn(): void {
    this.#nextSweep ??= setImmediate(() => {
      this.#nextSweep = undefined;
      this.#sweep();
    });
  }

  // SIGCHLD is not queued: one delivery may stand for many exits (signal(7)), so sweep until nothing is left.
  #sweep(): void {
    for (const listener of this.#sweepListeners) listener();
    const { collected, stoppedAt } = this.#addon.reap(this.#lentPids, MOST_IN_ONE_TURN);
    // A lent child at the head of the kernel's queue hides all behind it; Node collects it in this very turn or,
    // where it died a moment ago, at the SIGCHLD that is on its way. What is left of a full batch waits likewise:
    // a child spawned by the callbacks below must not be reported in the same turn.
    if (stoppedAt !== 0 || collected.length >= 2 * MOST_IN_ONE_TURN) this.#sweepInNextTurn();
    for (let index = 0; index < collected.length; index += 2) {
      for (const listener of this.#firstListeners) listener(collected[index] ?? 0);
    }
    for (let index = 0; index + 1 < collected.length; index += 2) {
      this.#deliver(collected[index] ?? 0, decodeWaitStatus(collected[index + 1] ?? 0));
    }
  }

  #deliver(pid: number, status: ExitStatus): void {
    const onExit = this.#own.get(pid);
    this.#own.delete(pid);
    if (onExit !== undefined) this.#tell(() => onExit(status));
    else for (const listener of this.#orphanListeners) this.#tell(() => listener(pid, status));
    for (const listener of this.#collectedListeners) this.#tell(() => listener(pid, status));
  }

  /** A fault in one listener is the process's fault (uncaughtException), but the other statuses are not lost. */
  #tell(call: () => void): void {
    try {
      call();
    } catch (fault) {
      setImmediate(() => {
        throw fault;
      });
    }
  }
}
