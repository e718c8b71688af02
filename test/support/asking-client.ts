/** Clients that send requests in a loop, each over a new connection, and count the outcomes. */

import { connect, type NetConnectOpts } from 'node:net';

export class AskingClients {
  answers = 0;
  refused = 0;
  /** Closed or reset before there was an answer. */
  broken = 0;
  longestMs = 0;
  /** What the last one said. */
  last = '';
  readonly #where: NetConnectOpts;
  #isOver = false;
  readonly #loops: readonly Promise<void>[];

  constructor(where: NetConnectOpts, count: number) {
    this.#where = where;
    this.#loops = Array.from({ length: count }, () => this.#loop());
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
  }

  async #loop(): Promise<void> {
    while (!this.#isOver) {
      const startedAt = performance.now();
      await this.#ask();
      this.longestMs = Math.max(this.longestMs, performance.now() - startedAt);
    }
  }

  #ask(): Promise<void> {
    return new Promise((done) => {
      let said = '';
      let hasFailed = false;
      const socket = connect(this.#where);
      socket.on('connect', () => socket.write('?'));
      socket.on('data', (bytes) => {
        said += bytes.toString();
      });
      socket.on('error', ({ message }) => {
        hasFailed = true;
        if (message.includes('ECONNREFUSED')) this.refused += 1;
        else this.broken += 1;
      });
      socket.on('close', () => {
        if (said.endsWith('\n')) {
          this.answers += 1;
          this.last = said.trim();
        } else if (!hasFailed) this.broken += 1;
        // A refused client must not keep the machine busy.
        if (hasFailed) setTimeout(done, 5);
        else done();
      });
    });
  }
}
