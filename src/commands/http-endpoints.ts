/** The HTTP listener as the engine uses it: loaded late, and only where it is configured. */

import type { ListenAddress } from '../config/resolved-config.ts';
import type { HttpSubject } from '../http/answer.ts';
import type { HttpListener } from '../http/listener.ts';
import type { EngineVitals } from '../http/metrics.ts';
import { ReportLimiter } from '../rpc/server/report-limiter.ts';
import type { EventStream } from '../supervisor/events/event-stream.ts';
import type { Clock } from '../supervisor/ports/clock.ts';

export interface HttpEndpointsParts {
  readonly engine: HttpSubject;
  readonly events: EventStream;
  readonly clock: Clock;
  /** Epoch milliseconds at which the engine started. */
  readonly startedAt: number;
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'ports below 1024 need CAP_NET_BIND_SERVICE',
};

export class HttpEndpoints {
  readonly #parts: HttpEndpointsParts;
  #wanted: ListenAddress | undefined;
  #listener: HttpListener | undefined;
  #isClosed = false;
  /** Anyone who reaches the port may cause them. */
  readonly #faults: ReportLimiter;
  #inTurn: Promise<void> = Promise.resolve();

  constructor(parts: HttpEndpointsParts) {
    this.#parts = parts;
    this.#faults = new ReportLimiter(parts.clock, (message, _uid, more) =>
      this.#notice(more === undefined ? message : `${message} (${more} more in the last minute)`),
    );
  }

  /**
   * Listens there and nowhere else; the same address again changes nothing, unless it could not be taken before.
   * Never rejects: a listener that cannot be had costs the listener, not the processes.
   */
  use(address: ListenAddress | undefined): Promise<void> {
    this.#inTurn = this.#inTurn.then(() => this.#use(address));
    return this.#inTurn;
  }

  close(): void {
    this.#isClosed = true;
    this.#faults.close();
    this.#listener?.close();
  }

  async #use(address: ListenAddress | undefined): Promise<void> {
    const isSame = JSON.stringify(address) === JSON.stringify(this.#wanted);
    if (this.#isClosed || (isSame && (this.#listener !== undefined || address === undefined))) return;
    this.#wanted = address;
    this.#listener?.close();
    this.#listener = undefined;
    if (address === undefined) return;
    try {
      await this.#listen(address);
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException;
      const why = REASONS[code] ?? message;
      this.#notice(
        `cannot answer HTTP on ${inWords(address)}: ${why}; SIGUSR1 or a reload tries again, the processes run on`,
      );
    }
  }

  async #listen(address: ListenAddress): Promise<void> {
    const { HttpListener } = await import('../http/listener.ts');
    const listener = new HttpListener({
      engine: this.#parts.engine,
      vitals: () => this.#vitals(),
      clock: this.#parts.clock,
      onFault: (error) =>
        this.#faults.tell(`cannot answer an HTTP request: ${(error as Error).message}`, undefined),
    });
    await listener.listen(address);
    if (this.#isClosed) {
      listener.close();
      return;
    }
    this.#listener = listener;
    this.#parts.events.emit('http_listening', { address: inWords(address) });
  }

  #vitals(): EngineVitals {
    const { user, system } = process.cpuUsage();
    const cpuSeconds = (user + system) / 1e6;
    return { startedAt: this.#parts.startedAt, cpuSeconds, residentBytes: process.memoryUsage.rss() };
  }

  #notice(message: string): void {
    this.#parts.events.emitAs('error', 'engine_notice', { message });
  }
}

function inWords({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
