/**
 * A command of taskshell that runs in the engine for its client. It is the code that the client with a runtime runs, and
 * its only way to the engine is a session of its own with the client's rights: it can do what its client could.
 */

import { Readable } from 'node:stream';
import { TaskmasterError } from '../../errors.ts';
import type { Clock } from '../../supervisor/ports/clock.ts';
import type { Params, Result } from '../contract/contract.ts';
import type { Connection } from '../protocol/connection.ts';
import type { LocalSocket } from './local-socket.ts';
import { type FramePorts, type StreamName, VerbFrames, VerbOutput } from './verb-output.ts';

/** What to print, and how to exit, where the connection is lost. */
export interface WhenLost {
  readonly stream: StreamName;
  readonly text: string;
  readonly exitCode: number;
}

/** What the code of a command needs of its surroundings. */
export interface VerbSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Asks the client for more as it is read; made when it is asked for. */
  readonly stdin: () => Readable;
  readonly isInputTerminal: boolean;
  readonly stdout: VerbOutput;
  readonly stderr: VerbOutput;
  readonly socket: string;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
  /** The command is about to begin: from here on the client does not run it by itself. */
  readonly begin: (lost: WhenLost) => void;
  /** The client's end of a new connection to the engine. */
  readonly connect: () => Connection;
  readonly onInterrupt: (listener: () => void) => () => void;
  /** The client ends as one that Ctrl-C has killed. */
  readonly dieOfInterrupt: () => void;
}

/** An exit code, or why the client has to run the command itself. */
export type VerbEnd = { readonly exitCode: number } | { readonly declined: string };
export type RunVerb = (words: readonly string[], surroundings: VerbSurroundings) => Promise<VerbEnd>;

export interface VerbRunPorts extends FramePorts {
  readonly clock: Pick<Clock, 'now'>;
  /** The client's end of a session with the rights of the client. */
  readonly openSession: () => LocalSocket;
  /** What is written until the end of this turn leaves together. */
  readonly gather: () => void;
  /** The command has worked for so long. */
  readonly charge: (milliseconds: number) => void;
}

export class VerbRun {
  readonly #params: Params<'cli.run'>;
  readonly #ports: VerbRunPorts;
  readonly #frames: VerbFrames;
  readonly #stdout: VerbOutput;
  readonly #stderr: VerbOutput;
  readonly #gone = new AbortController();
  readonly #killed = Promise.withResolvers<Result<'cli.run'>>();
  readonly #interrupts = new Set<() => void>();
  readonly #sockets = new Set<LocalSocket>();
  #stdin: Readable | undefined;
  /** The client was asked for more, and has not answered. */
  #isInputWanted = false;
  #isMeasured = false;

  constructor(params: Params<'cli.run'>, ports: VerbRunPorts) {
    this.#params = params;
    this.#ports = ports;
    this.#frames = new VerbFrames(ports);
    this.#stdout = new VerbOutput('stdout', params.stdout, this.#frames);
    this.#stderr = new VerbOutput('stderr', params.stderr, this.#frames);
  }

  async run(runVerb: RunVerb): Promise<Result<'cli.run'>> {
    this.#measure();
    try {
      const result = await Promise.race([this.#runToEnd(runVerb), this.#killed.promise]);
      if ('declined' in result) return result;
      await this.#frames.sent();
      return result;
    } finally {
      this.cancel();
    }
  }

  written(bytes: number): void {
    this.#measure();
    this.#frames.written(bytes);
  }

  /** What nobody has asked for is not kept. */
  takeInput(bytes: Buffer, isEnd: boolean): void {
    if (!this.#isInputWanted) return;
    this.#measure();
    this.#isInputWanted = false;
    if (bytes.length > 0) this.#stdin?.push(bytes);
    if (isEnd) this.#stdin?.push(null);
    else if (bytes.length === 0) this.#askForInput();
  }

  resize(columns: number, rows: number): void {
    this.#measure();
    for (const output of [this.#stdout, this.#stderr]) {
      if (!output.isTTY) continue;
      output.columns = columns;
      output.rows = rows;
      output.emit('resize');
    }
  }

  interrupt(): void {
    this.#measure();
    for (const listener of [...this.#interrupts]) listener();
  }

  /** Nobody waits for it any more. */
  cancel(): void {
    if (this.#gone.signal.aborted) return;
    this.#gone.abort(new TaskmasterError('protocol', 'the client has gone'));
    this.#frames.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#stdin?.destroy();
  }

  async #runToEnd(runVerb: RunVerb): Promise<Result<'cli.run'>> {
    const { words, environment, stdin, socket } = this.#params;
    const end = await runVerb(words, {
      environment,
      stdin: () => this.#openStdin(),
      isInputTerminal: stdin.terminal,
      stdout: this.#stdout,
      stderr: this.#stderr,
      socket,
      signal: this.#gone.signal,
      begin: ({ exitCode, ...lost }) => this.#frames.tell({ kind: 'begun', ...lost, exit_code: exitCode }),
      connect: () => this.#connect(),
      onInterrupt: (listener) => this.#onInterrupt(listener),
      dieOfInterrupt: () => this.#killed.resolve({ signal: 'SIGINT' }),
    });
    this.#ports.gather();
    return 'declined' in end ? end : { exit_code: end.exitCode };
  }

  #openStdin(): Readable {
    this.#stdin ??= new Readable({ read: () => this.#askForInput() });
    return this.#stdin;
  }

  #askForInput(): void {
    if (this.#isInputWanted) return;
    this.#isInputWanted = true;
    this.#frames.tell({ kind: 'input' });
  }

  #connect(): Connection {
    const socket = this.#ports.openSession();
    this.#sockets.add(socket);
    // Ahead of the client, whose work begins with what it reads.
    socket.on('data', () => this.#measure());
    return socket;
  }

  #onInterrupt(listener: () => void): () => void {
    if (this.#interrupts.size === 0) this.#frames.tell({ kind: 'interrupts', wanted: true });
    this.#interrupts.add(listener);
    return () => {
      this.#interrupts.delete(listener);
      if (this.#interrupts.size === 0) this.#frames.tell({ kind: 'interrupts', wanted: false });
    };
  }

  /** The command works in microtasks; those end before what process.nextTick defers from one of them. */
  #measure(): void {
    if (this.#isMeasured) return;
    this.#isMeasured = true;
    void Promise.resolve().then(() => {
      const { clock, charge } = this.#ports;
      const from = clock.now();
      process.nextTick(() => {
        this.#isMeasured = false;
        charge(clock.now() - from);
      });
    });
  }
}
