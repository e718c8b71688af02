/** The connection of a command, or of all the commands of an interactive shell. */

import type { RpcClient } from '../rpc/client/client.ts';
import { type CliIo, complain } from './io.ts';

/** How a command comes to its connection. */
export interface Connector {
  /** @param socket `--socket`, which overrides TASKMASTER_SOCKET */
  get(socket: string | undefined): Promise<RpcClient>;
}

/** A connection made when first asked for, kept for the commands after it, and made again when it broke. */
export class LazyConnection implements Connector {
  readonly #io: CliIo;
  #client: RpcClient | undefined;
  #socket: string | undefined;

  constructor(io: CliIo) {
    this.#io = io;
  }

  async get(socket: string | undefined): Promise<RpcClient> {
    const { TASKMASTER_SOCKET: fromEnvironment } = this.#io.environment;
    const wanted = socket ?? (fromEnvironment === '' ? undefined : fromEnvironment);
    if (this.#client?.isOpen === true && this.#socket === wanted) return this.#client;
    this.close();
    const { connect } = await import('../rpc/client/client.ts');
    this.#client = await connect({
      socket: wanted,
      environment: this.#io.environment,
      uid: this.#io.uid,
      peerOf: this.#io.peerOf,
      onForeign: (message) => complain(this.#io, message),
    });
    this.#socket = wanted;
    return this.#client;
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }
}
