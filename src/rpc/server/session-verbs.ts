/** The command that runs in the engine for one client, and the session that it talks to. */

import { TaskmasterError } from '../../errors.ts';
import type { Params, Result } from '../contract/contract.ts';
import type { VerbRuns } from './handler-types.ts';
import { LocalSocket } from './local-socket.ts';
import { type RunVerb, VerbRun, type VerbRunPorts } from './verb-run.ts';

/** What the command's own session is for that of its client. */
interface InnerSession {
  readonly hasSubscriptions: boolean;
  end(reason: TaskmasterError): void;
}

export interface SessionVerbsParts extends Omit<VerbRunPorts, 'openSession'> {
  /** Loads the code of the commands; undefined where the engine runs none. */
  readonly load: (() => Promise<RunVerb>) | undefined;
  /** A session with the client's rights. */
  readonly openSession: (socket: LocalSocket) => InnerSession;
}

export class SessionVerbs implements VerbRuns {
  readonly #parts: SessionVerbsParts;
  readonly #sessions = new Set<InnerSession>();
  #current: VerbRun | undefined;

  constructor(parts: SessionVerbsParts) {
    this.#parts = parts;
  }

  get current(): VerbRun | undefined {
    return this.#current;
  }

  get hasSubscriptions(): boolean {
    return [...this.#sessions].some((session) => session.hasSubscriptions);
  }

  async run(params: Params<'cli.run'>): Promise<Result<'cli.run'>> {
    const { load } = this.#parts;
    if (load === undefined) return { declined: 'this engine runs no commands' };
    if (this.#current !== undefined) {
      throw new TaskmasterError('bad-arguments', 'this connection runs a command already');
    }
    const run = new VerbRun(params, { ...this.#parts, openSession: () => this.#openSession() });
    this.#current = run;
    try {
      return await run.run(await load());
    } finally {
      this.#current = undefined;
    }
  }

  /** What the command has under way is answered with the reason, and its connection ends. */
  end(reason: TaskmasterError): void {
    for (const session of this.#sessions) session.end(reason);
  }

  /** The client has gone. */
  cancel(): void {
    this.#current?.cancel();
  }

  #openSession(): LocalSocket {
    const [client, server] = LocalSocket.pair();
    const session = this.#parts.openSession(server);
    this.#sessions.add(session);
    server.once('close', () => this.#sessions.delete(session));
    return client;
  }
}
