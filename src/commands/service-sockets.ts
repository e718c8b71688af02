/** The sockets of `[sockets]` as the engine uses them: loaded late, because most configurations have none. */

import type { ProcessConfig, SocketConfig } from '../config/resolved-config.ts';
import type { Clock } from '../supervisor/ports/clock.ts';
import type { SocketPort } from '../supervisor/ports/sockets.ts';
import type { NativeAddon } from '../system/native.ts';
import type { ServiceSockets } from '../system/service-sockets.ts';

export class LateSockets implements SocketPort {
  readonly #addon: Pick<NativeAddon, 'listenInet'>;
  readonly #clock: Clock;
  readonly #notice: (message: string) => void;
  #sockets: ServiceSockets | undefined;

  constructor(addon: Pick<NativeAddon, 'listenInet'>, clock: Clock, notice: (message: string) => void) {
    this.#addon = addon;
    this.#clock = clock;
    this.#notice = notice;
  }

  async open(sockets: ReadonlyMap<string, SocketConfig>): Promise<readonly string[]> {
    if (this.#sockets === undefined) {
      if (sockets.size === 0) return [];
      const { ServiceSockets } = await import('../system/service-sockets.ts');
      this.#sockets = new ServiceSockets(this.#addon, this.#clock, this.#notice);
    }
    return this.#sockets.open(sockets);
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

  async close(): Promise<void> {
    await this.#sockets?.close();
  }
}
