/** Sockets to which something comes when a test says so. */

import type { ProcessConfig } from '../../src/config/resolved-config.ts';
import type { Cancel } from '../../src/supervisor/ports/clock.ts';
import type { SocketPort } from '../../src/supervisor/ports/sockets.ts';

type Listed = ReadonlyMap<string, (socket: string) => void>;

export class HandSockets implements SocketPort {
  /** By process. */
  readonly #listening = new Map<string, (socket: string) => void>();
  readonly #used = new Map<string, () => void>();
  /** Why they cannot be watched. */
  failure: string | undefined;
  idleMs = 0;

  async open(): Promise<readonly string[]> {
    return [];
  }

  use(): void {}

  discard(): void {}

  held(): ReadonlyMap<string, number> {
    return new Map();
  }

  async adopt(): Promise<void> {}

  descriptorsOf(): readonly [] {
    return [];
  }

  get watched(): Listed {
    return this.#listening;
  }

  get guarded(): ReadonlyMap<string, () => void> {
    return this.#used;
  }

  awaitArrival({ name }: ProcessConfig, report: (socket: string) => void): Cancel | string {
    if (this.failure !== undefined) return this.failure;
    this.#listening.set(name, report);
    return () => this.#listening.delete(name);
  }

  awaitIdle({ name }: ProcessConfig, idleMs: number, report: () => void): Cancel {
    this.idleMs = idleMs;
    this.#used.set(name, report);
    return () => this.#used.delete(name);
  }

  /** Something comes to a socket of this process. */
  come(process: string, socket = 'http'): void {
    this.#listening.get(process)?.(socket);
  }

  idle(process: string): void {
    this.#used.get(process)?.();
  }
}
