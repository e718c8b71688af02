/**
 * What no instance answers for when the engine ends: daemons that were meant to stay, jobs of cron, children of
 * `docker exec`. Each gets TERM (and CONT), the time that is left, then KILL; it is over when none is left.
 */

import type { Cancel, Clock } from '../ports/clock.ts';
import type { Kernel } from '../ports/kernel.ts';

/** For those that are not the engine's children: nobody tells us of their end. */
const LOOK_ANYWAY_MS = 50;
/** How long killed ones may take to be collected; the kernel ends what is left with PID 1 anyway. */
const KILLED_MS = 300;

interface Aim {
  readonly signal: 'SIGTERM' | 'SIGKILL';
  readonly hooksToo: boolean;
}

export class Strays {
  readonly #kernel: Kernel;
  readonly #clock: Clock;
  #aim: Aim | undefined;
  #onGone: (() => void) | undefined;
  #lookDue: Cancel | undefined;
  #cancelLook: Cancel = () => {};
  #cancelListening: Cancel = () => {};

  constructor(ports: { readonly kernel: Kernel; readonly clock: Clock }) {
    this.#kernel = ports.kernel;
    this.#clock = ports.clock;
  }

  /** Has them end by themselves; those that come to light later too. */
  terminate(): void {
    if (this.#aim !== undefined) return;
    this.#aim = { signal: 'SIGTERM', hooksToo: false };
    this.#look();
    this.#cancelListening = this.#kernel.onChildCollected(() => this.#lookSoon());
    this.#lookRegularly();
  }

  /** @param hooksToo the engine's own commands have had their time as well. */
  kill(hooksToo = false): void {
    this.terminate();
    this.#aim = { signal: 'SIGKILL', hooksToo: hooksToo || this.#aim?.hooksToo === true };
    this.#look();
    this.#clock.after(KILLED_MS, () => this.#onGone?.());
  }

  /** Resolves once none is left, or killing did not help. */
  async gone(): Promise<void> {
    this.terminate();
    await new Promise<void>((resolve) => {
      this.#onGone = resolve;
      this.#look();
      if (this.#aim?.signal === 'SIGKILL') this.#clock.after(KILLED_MS, resolve);
    });
    this.#onGone = undefined;
  }

  stop(): void {
    this.#cancelLook();
    this.#cancelListening();
    this.#aim = undefined;
  }

  #lookRegularly(): void {
    this.#cancelLook = this.#clock.after(LOOK_ANYWAY_MS, () => {
      this.#look();
      this.#lookRegularly();
    });
  }

  /** Once for all that are collected in a turn: a look costs as much as there are strays. */
  #lookSoon(): void {
    this.#lookDue ??= this.#clock.after(0, () => {
      this.#lookDue = undefined;
      this.#look();
    });
  }

  #look(): void {
    if (this.#aim === undefined) return;
    if (this.#kernel.signalStrays(this.#aim.signal, this.#aim.hooksToo) === 0) this.#onGone?.();
  }
}
