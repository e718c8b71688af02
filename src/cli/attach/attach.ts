/** `attach`: recent output of one instance, then what it prints, until detached or until it ends. */

import { TaskmasterError } from '../../errors.ts';
import { INTERRUPTED } from '../../exit-codes.ts';
import { shellCodeOf } from '../../exit-status.ts';
import { isResting } from '../../lifecycle/states.ts';
import type { Notification, RpcClient } from '../../rpc/client/client.ts';
import type { NotificationParams, Result, WireExitStatus } from '../../rpc/contract/contract.ts';
import { bad } from '../arguments.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { type CliIo, canMoveCursor, onOneTerminal } from '../io.ts';
import { plainLine } from '../plain-text.ts';
import { exitText } from '../render.ts';
import { bytesOf } from '../wire-bytes.ts';
import { AttachInput, type InputKind } from './attach-input.ts';
import { AttachOutput, type Stream } from './attach-output.ts';
import { DEFAULT_DETACH_KEYS, keysInWords, parseDetachKeys } from './detach-keys.ts';
import { TypedLine } from './typed-line.ts';

type Told = NotificationParams<'attach'>;
type Attached = Result<'attach'>;

/** The last output of a program may be read a moment after its end was: wait for so long a silence. */
const QUIET_MS = 100;
/** A program that draws is told of a size in that time, and has begun to draw. */
const NOTICED_MS = 20;
/** Exit code. */
const NEVER_RAN = 1;
/** Failures of a write that the next one may not have. */
const LOST_INPUT: ReadonlySet<string> = new Set(['not-running', 'action-failed']);

export const attach: CommandHandler = async (invocation) => {
  const { command, flags, connect } = invocation;
  const io = onOneTerminal(invocation.io);
  const stream = flags.text('--stream');
  if (stream !== undefined && stream !== 'stdout' && stream !== 'stderr') {
    throw bad('--stream is stdout or stderr', command);
  }
  const detachKeys = flags.text('--detach-keys') ?? DEFAULT_DETACH_KEYS;
  parseDetachKeys(detachKeys);
  if (flags.has('--steal') && !flags.has('--stdin')) throw bad('--steal goes with --stdin', command);
  if (flags.has('--keep-open') && !flags.has('--stdin')) throw bad('--keep-open goes with --stdin', command);
  const client = await connect();
  const isTyped = flags.has('--stdin') && io.stdin.isTTY === true && io.stdout.isTTY === true;
  const chosen = {
    name: invocation.operands[0] ?? '',
    ...(stream === undefined ? {} : { streams: [stream] as const }),
  };
  // A terminal answers some of what a program printed long ago: of the past only lines are shown, see AttachOutput.
  const past = isTyped && !flags.has('--no-replay') ? await client.call('logs.output', chosen) : undefined;
  const attached = await client.call('attach', {
    ...chosen,
    ...(past === undefined ? { replay: !flags.has('--no-replay') } : { after: past.position }),
    ...(flags.has('--stdin') && { stdin: true, steal: flags.has('--steal') }),
  });
  const given = { ...invocation, io };
  return new Attachment({ client, attached, detachKeys, past: past?.chunks ?? [] }, given).run();
};

interface Begun {
  readonly client: RpcClient;
  readonly attached: Attached;
  readonly detachKeys: string;
  readonly past: Result<'logs.output'>['chunks'];
}

/** Where neither what is read nor what is written is a terminal: nothing to take, and nothing to give back. */
const NO_INPUT: Pick<AttachInput, 'begin' | 'flush' | 'close'> = {
  begin: () => {},
  flush: async () => 0,
  close: () => {},
};

class Attachment {
  readonly #client: RpcClient;
  readonly #subscription: number;
  readonly #invocation: Invocation;
  readonly #past: Begun['past'];
  readonly #name: string;
  readonly #done = Promise.withResolvers<number>();
  readonly #detachKeys: string;
  readonly #line: TypedLine;
  readonly #output: AttachOutput;
  readonly #inputKind: InputKind;
  #lastStatus: WireExitStatus | undefined;
  #startedOnce: boolean;
  /** One that ran while somebody was attached has ended. */
  #hasEnded = false;
  #quietTimer: NodeJS.Timeout | undefined;

  constructor({ client, attached, detachKeys, past }: Begun, invocation: Invocation) {
    const { subscription, instance, input } = attached;
    const { flags, io } = invocation;
    this.#client = client;
    this.#past = past;
    this.#detachKeys = detachKeys;
    this.#inputKind = inputKindOf(io, flags.has('--stdin'), input === 'terminal');
    this.#line = new TypedLine({
      write: (text) => void io.stdout.write(text),
      columns: () => io.stdout.columns ?? 80,
    });
    const isWindow = this.#inputKind === 'window';
    this.#output = new AttachOutput(io, { isWindow, isRaw: flags.has('--raw'), line: this.#line });
    this.#subscription = subscription;
    this.#invocation = invocation;
    this.#name = plainLine(instance.name);
    this.#startedOnce = instance.pid !== null;
    const last = instance.last_exit?.status;
    this.#lastStatus = last === undefined || last.how === 'not-started' ? undefined : last;
    if (flags.has('--exit-code') && isResting(instance.state)) this.#endWhenQuiet();
  }

  async run(): Promise<number> {
    const { io, signal } = this.#invocation;
    const leave = (): void => this.#done.resolve(INTERRUPTED);
    const undoInterrupt = io.onInterrupt(leave);
    signal.addEventListener('abort', leave);
    const input = await this.#openInput();
    try {
      const gone = this.#client.closed.then(() => {
        throw new TaskmasterError('engine-unreachable', 'the engine closed the connection');
      });
      const code = await Promise.race([this.#follow(input), gone]);
      if (code !== INTERRUPTED) await this.#flush(input, gone);
      this.#output.end();
      input.close();
      // A prompt, say, is left where the cursor was.
      if (this.#inputKind === 'window') io.stdout.write('\r\n');
      if (this.#isOnTerminal) this.#output.tell(`detached from ${this.#name}`);
      return code;
    } finally {
      clearTimeout(this.#quietTimer);
      input.close();
      undoInterrupt();
      signal.removeEventListener('abort', leave);
      this.#client.close();
    }
  }

  async #openInput(): Promise<typeof NO_INPUT> {
    const { io, flags } = this.#invocation;
    if (this.#inputKind === 'none' && io.stdout.isTTY !== true) return NO_INPUT;
    return new AttachInput(await io.terminal(), {
      kind: this.#inputKind,
      sendsInput: flags.has('--stdin'),
      endsInput: !flags.has('--keep-open'),
      detachKeys: parseDetachKeys(this.#detachKeys),
      line: this.#line,
      write: (bytes, end) => this.#write(bytes, end),
      onFailure: (error) => this.#takeWriteFailure(error, this.#isOnTerminal),
      leave: (how) => this.#done.resolve(how === 'detached' ? 0 : INTERRUPTED),
      onReturn: () => {
        if (this.#inputKind === 'window') void this.#redraw();
        else this.#line.forget();
      },
      onResize: () => {
        if (this.#inputKind === 'window') void this.#sendSize(0);
        else this.#line.resized();
      },
      undo: () => this.#output.undo(),
      redo: () => this.#output.redo(),
    });
  }

  /** @returns the exit code, when it is over. */
  async #follow(input: typeof NO_INPUT): Promise<number> {
    if (this.#isOnTerminal) {
      const how = this.#inputKind === 'cooked' ? 'Ctrl-C' : keysInWords(this.#detachKeys);
      this.#output.tell(`attached to ${this.#name}; ${how} detaches`);
    }
    this.#output.printPast(this.#past.map((chunk) => ({ stream: chunk.stream, bytes: bytesOf(chunk) })));
    this.#client.onNotification(this.#subscription, (notification) => this.#take(notification));
    if (this.#inputKind === 'window') await Promise.race([this.#redraw(), this.#done.promise]);
    input.begin();
    return this.#done.promise;
  }

  /** What was typed ahead of the detach keys is for the process. */
  async #flush(input: typeof NO_INPUT, gone: Promise<never>): Promise<void> {
    const left = await Promise.race([input.flush(), gone]);
    if (left > 0) this.#output.tell(`[${this.#name} has not read ${left} bytes: they are dropped]`);
  }

  get #isOnTerminal(): boolean {
    return this.#invocation.io.stdin.isTTY === true;
  }

  #write(bytes: Buffer, end: boolean): Promise<unknown> {
    const data = { base64: bytes.toString('base64') };
    return this.#client.call('attach.write', { subscription: this.#subscription, ...data, end });
  }

  /** Who types sees that a key was lost, and types on once it runs again; what a pipe held would be lost unseen. */
  #takeWriteFailure(error: unknown, isTyped: boolean): void {
    if (isTyped && error instanceof TaskmasterError && LOST_INPUT.has(error.code)) {
      this.#output.tell(`[${plainLine(error.message)}]`);
    } else this.#done.reject(error);
  }

  /** A program draws all of its window when that has another size: it has, for a moment. */
  async #redraw(): Promise<void> {
    await this.#sendSize(1);
    await new Promise((resolve) => setTimeout(resolve, NOTICED_MS));
    await this.#sendSize(0);
  }

  /** @param less columns */
  async #sendSize(less: number): Promise<void> {
    const { columns = 0, rows = 0 } = this.#invocation.io.stdout;
    // `docker exec -it` tells 0×0 at first, and the true size a moment later.
    if (columns === 0 || rows === 0) return;
    const size = { subscription: this.#subscription, columns: Math.max(1, columns - less), rows };
    await this.#client
      .call('attach.resize', size)
      .catch((error: unknown) => this.#takeWriteFailure(error, true));
  }

  #take(notification: Notification): void {
    this.#quietTimer?.refresh();
    if (notification.method === 'dropped') {
      this.#output.tell(`[too slow: ${notification.params.bytes} bytes of ${this.#name} were lost]`);
    } else if (notification.method === 'attach') {
      this.#takeLife(notification.params);
    }
  }

  #takeLife(told: Told): void {
    const { flags } = this.#invocation;
    switch (told.kind) {
      case 'output':
        this.#print(told.stream ?? 'stdout', bytesOf(told));
        return;
      case 'started':
        // The last words of the one before have come by now.
        if (flags.has('--exit-code') && this.#hasEnded) this.#end();
        clearTimeout(this.#quietTimer);
        this.#quietTimer = undefined;
        if (this.#startedOnce) this.#output.tell(`[${this.#name} has started again]`);
        this.#startedOnce = true;
        return;
      case 'exited':
        this.#lastStatus = told.status;
        this.#hasEnded = true;
        if (flags.has('--exit-code')) this.#endWhenQuiet();
        else if (told.status !== undefined) {
          this.#output.tell(`[${this.#name} has ended: ${exitText(told.status)}]`);
        }
        return;
      case 'state':
        if (flags.has('--exit-code') && told.state !== undefined && isResting(told.state))
          this.#endWhenQuiet();
        return;
      case 'input-lost':
        this.#output.tell(`[uid ${told.uid} has taken over the input of ${this.#name}]`);
        return;
      case 'removed':
        this.#done.resolve(0);
    }
  }

  #print(stream: Stream, bytes: Buffer): void {
    const full = this.#output.print(stream, bytes);
    if (full === undefined) return;
    // Nobody takes it: stop reading, so that the engine drops the oldest and says how much.
    this.#client.pause();
    full.once('drain', () => this.#client.resume());
  }

  #endWhenQuiet(): void {
    clearTimeout(this.#quietTimer);
    this.#quietTimer = setTimeout(() => this.#end(), QUIET_MS);
  }

  #end(): void {
    if (this.#lastStatus === undefined) this.#output.tell(`${this.#name} has never run`);
    this.#done.resolve(this.#lastStatus === undefined ? NEVER_RAN : shellCodeOf(this.#lastStatus));
  }
}

function inputKindOf(io: CliIo, sendsInput: boolean, hasTerminal: boolean): InputKind {
  if (io.stdin.isTTY !== true) return sendsInput ? 'pipe' : 'none';
  if (sendsInput && hasTerminal && io.stdout.isTTY === true) return 'window';
  return canMoveCursor(io) || !sendsInput ? 'lines' : 'cooked';
}
