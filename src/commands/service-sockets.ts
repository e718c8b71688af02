/** The sockets of `[sockets]` as the engine uses them: loaded late, because most configurations have none. */

import type { ProcessConfig, SocketConfig } from '../config/resolved-config.ts';
import type { Cancel, Clock } from '../supervisor/ports/clock.ts';
import type { SocketPort } from '../supervisor/ports/sockets.ts';
import type { ServiceSockets, SocketAddon } from '../system/service-sockets.ts';

export class LateSockets implements SocketPort {
  readonly #addon: SocketAddon;
  readonly #clock: Clock;
  readonly #notice: (message: string) => void;
  #sockets: ServiceSockets | undefined;

  constructor(addon: SocketAddon, clock: Clock, notice: (message: string) => void) {
    this.#addon = addon;
    this.#clock = clock;
    this.#notice = notice;
  }

  async open(sockets: ReadonlyMap<string, SocketConfig>): Promise<readonly string[]> {
    if (this.#sockets === undefined && sockets.size === 0) return [];
    return (await this.#load()).open(sockets);
  }

  held(): ReadonlyMap<string, number> {
    return this.#sockets?.held() ?? new Map();
  }

  async adopt(...[held, sockets]: Parameters<SocketPort['adopt']>): Promise<void> {
    if (held.size > 0) await (await this.#load()).adopt(held, sockets);
  }

  async #load(): Promise<ServiceSockets> {
    if (this.#sockets !== undefined) return this.#sockets;
    const { ServiceSockets } = await import('../system/service-sockets.ts');
    this.#sockets = new ServiceSockets(this.#addon, this.#clock, this.#notice);
    return this.#sockets;
  }

  use(): void {
    this.#sockets?.use();
  }

  discard(): void {
    this.#sockets?.discard();
  }

  descriptorsOf(process: ProcessConfig): ReturnType<SocketPort['descriptorsOf']> {
    return this.#sockets?.descriptorsOf(process) ?? [];
  }

  awaitArrival(...of: Parameters<SocketPort['awaitArrival']>): Cancel | string {
    return this.#sockets?.awaitArrival(...of) ?? 'no socket is open';
  }

  awaitIdle(...of: Parameters<SocketPort['awaitIdle']>): Cancel {
    return this.#sockets?.awaitIdle(...of) ?? (() => {});
  }

  async close(): Promise<void> {
    await this.#sockets?.close();
  }
}
