/** `attach`: recent output of one instance, then what it prints, until detached or until it ends. */

import { TaskmasterError } from '../../errors.ts';
import type { Notification, RpcClient } from '../../rpc/client.ts';
import type { NotificationParams, Result, WireExitStatus, WireInstance } from '../../rpc/contract.ts';
import { type SignalName, signalNumber } from '../../signals.ts';
import { bad } from '../arguments.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { INTERRUPTED } from '../interrupt.ts';
import { complain, type Output, wantsColour } from '../io.ts';
import { plainLine, TerminalFilter } from '../plain-text.ts';
import { exitText } from '../render.ts';
import { bytesOf } from '../wire-bytes.ts';
import { AttachInput } from './attach-input.ts';
import { DEFAULT_DETACH_KEYS, keysInWords, parseDetachKeys } from './detach-keys.ts';

type Told = NotificationParams<'attach'>;
type Attached = Result<'attach'>;
type Stream = 'stdout' | 'stderr';

/** States from which nothing goes on by itself. */
const AT_REST: ReadonlySet<WireInstance['state']> = new Set(['idle', 'completed', 'stopped', 'failed']);
/** The last output of a program may be read a moment after its end was: wait for so long a silence. */
const QUIET_MS = 100;
const NOT_STARTED = 1;
/** Failures of a write that the next one may not have. */
const LOST_INPUT: ReadonlySet<string> = new Set(['not-running', 'action-failed']);

export const attach: CommandHandler = async (invocation) => {
  const { command, flags, connect } = invocation;
  const stream = flags.text('--stream');
  if (stream !== undefined && stream !== 'stdout' && stream !== 'stderr') {
    throw bad('--stream is stdout or stderr', command);
  }
  const detachKeys = flags.text('--detach-keys') ?? DEFAULT_DETACH_KEYS;
  parseDetachKeys(detachKeys);
  if (flags.has('--steal') && !flags.has('--stdin')) throw bad('--steal goes with --stdin', command);
  if (flags.has('--keep-open') && !flags.has('--stdin')) throw bad('--keep-open goes with --stdin', command);
  const client = await connect();
  const attached = await client.call('attach', {
    name: invocation.operands[0] ?? '',
    replay: !flags.has('--no-replay'),
    ...(stream === undefined ? {} : { streams: [stream] }),
    ...(flags.has('--stdin') && { stdin: true, steal: flags.has('--steal') }),
  });
  return new Attachment(client, attached, detachKeys, invocation).run();
};

class Attachment {
  readonly #client: RpcClient;
  readonly #subscription: number;
  readonly #invocation: Invocation;
  readonly #name: string;
  readonly #filters = new Map<Stream, TerminalFilter>();
  readonly #done = Promise.withResolvers<number>();
  readonly #detachKeys: string;
  /** It has a terminal of its own, and ours is its window. */
  readonly #isWindow: boolean;
  #lastStatus: WireExitStatus | undefined;
  #startedOnce: boolean;
  /** One that ran while somebody was attached has ended. */
  #hasEnded = false;
  #quietTimer: NodeJS.Timeout | undefined;

  constructor(client: RpcClient, attached: Attached, detachKeys: string, invocation: Invocation) {
    const { subscription, instance, input } = attached;
    const { flags, io } = invocation;
    this.#client = client;
    this.#detachKeys = detachKeys;
    this.#isWindow = flags.has('--stdin') && input === 'terminal' && io.stdin.isTTY === true;
    this.#subscription = subscription;
    this.#invocation = invocation;
    this.#name = plainLine(instance.name);
    this.#startedOnce = instance.pid !== null;
    const last = instance.last_exit?.status;
    this.#lastStatus = last === undefined || last.how === 'not-started' ? undefined : last;
    if (flags.has('--exit-code') && AT_REST.has(instance.state)) this.#endWhenQuiet();
  }

  async run(): Promise<number> {
    const { io, flags, signal } = this.#invocation;
    const leave = (): void => this.#done.resolve(INTERRUPTED);
    const undoInterrupt = io.onInterrupt(leave);
    signal.addEventListener('abort', leave);
    const input = new AttachInput(io, {
      sendsInput: flags.has('--stdin'),
      isRaw: this.#isWindow,
      endsInput: !flags.has('--keep-open'),
      detachKeys: parseDetachKeys(this.#detachKeys),
      write: (bytes, end) => this.#write(bytes, end),
      onFailure: (error) => this.#takeWriteFailure(error, input.isTerminal),
      leave: (how) => this.#done.resolve(how === 'detached' ? 0 : INTERRUPTED),
    });
    try {
      input.open();
      if (input.isTerminal)
        complain(io, `attached to ${this.#name}; ${keysInWords(this.#detachKeys)} detaches`);
      if (this.#isWindow) this.#followSize();
      this.#client.onNotification(this.#subscription, (notification) => this.#take(notification));
      const gone = this.#client.closed.then(() => {
        throw new TaskmasterError('engine-unreachable', 'the engine closed the connection');
      });
      const code = await Promise.race([this.#done.promise, gone]);
      this.#finishFilters();
      if (input.isTerminal) complain(io, `detached from ${this.#name}`);
      return code;
    } finally {
      clearTimeout(this.#quietTimer);
      input.close();
      io.stdout.off('resize', this.#sendSize);
      undoInterrupt();
      signal.removeEventListener('abort', leave);
      this.#client.close();
    }
  }

  #write(bytes: Buffer, end: boolean): Promise<unknown> {
    const data = { base64: bytes.toString('base64') };
    return this.#client.call('attach.write', { subscription: this.#subscription, ...data, end });
  }

  /** Who types sees that a key was lost, and types on once it runs again; what a pipe held would be lost unseen. */
  #takeWriteFailure(error: unknown, isTyped: boolean): void {
    if (isTyped && error instanceof TaskmasterError && LOST_INPUT.has(error.code)) {
      complain(this.#invocation.io, `[${plainLine(error.message)}]`);
    } else this.#done.reject(error);
  }

  #followSize(): void {
    this.#sendSize();
    this.#invocation.io.stdout.on('resize', this.#sendSize);
  }

  readonly #sendSize = (): void => {
    const { columns = 0, rows = 0 } = this.#invocation.io.stdout;
    // `docker exec -it` tells 0×0 at first, and the true size a moment later.
    if (columns === 0 || rows === 0) return;
    const size = { subscription: this.#subscription, columns, rows };
    this.#client.call('attach.resize', size).catch((error) => this.#takeWriteFailure(error, true));
  };

  #take(notification: Notification): void {
    this.#quietTimer?.refresh();
    const { io } = this.#invocation;
    if (notification.method === 'dropped') {
      complain(io, `[too slow: ${notification.params.bytes} bytes of ${this.#name} were lost]`);
    } else if (notification.method === 'attach') {
      this.#takeLife(notification.params);
    }
  }

  #takeLife(told: Told): void {
    const { io, flags } = this.#invocation;
    switch (told.kind) {
      case 'output':
        this.#print(told.stream ?? 'stdout', bytesOf(told));
        return;
      case 'started':
        // The last words of the one before have come by now.
        if (flags.has('--exit-code') && this.#hasEnded) this.#end();
        clearTimeout(this.#quietTimer);
        this.#quietTimer = undefined;
        if (this.#startedOnce) complain(io, `[${this.#name} has started again]`);
        this.#startedOnce = true;
        return;
      case 'exited':
        this.#lastStatus = told.status;
        this.#hasEnded = true;
        if (flags.has('--exit-code')) this.#endWhenQuiet();
        else if (told.status !== undefined) {
          complain(io, `[${this.#name} has ended: ${exitText(told.status)}]`);
        }
        return;
      case 'state':
        if (flags.has('--exit-code') && told.state !== undefined && AT_REST.has(told.state))
          this.#endWhenQuiet();
        return;
      case 'input-lost':
        complain(io, `[uid ${told.uid} has taken over the input of ${this.#name}]`);
        return;
      case 'removed':
        this.#done.resolve(0);
    }
  }

  #print(stream: Stream, bytes: Buffer): void {
    const { io } = this.#invocation;
    const target: Output = stream === 'stdout' ? io.stdout : io.stderr;
    const isReady = this.#isRaw(target)
      ? target.write(bytes)
      : target.write(this.#filter(stream).push(bytes));
    if (isReady) return;
    // Nobody takes it: stop reading, so that the engine drops the oldest and says how much.
    this.#client.pause();
    target.once('drain', () => this.#client.resume());
  }

  #isRaw(target: Output): boolean {
    return target.isTTY !== true || this.#isWindow || this.#invocation.flags.has('--raw');
  }

  #filter(stream: Stream): TerminalFilter {
    const filter = this.#filters.get(stream) ?? new TerminalFilter(wantsColour(this.#invocation.io));
    this.#filters.set(stream, filter);
    return filter;
  }

  #finishFilters(): void {
    const { io } = this.#invocation;
    for (const [stream, filter] of this.#filters) {
      (stream === 'stdout' ? io.stdout : io.stderr).write(filter.end());
    }
  }

  #endWhenQuiet(): void {
    clearTimeout(this.#quietTimer);
    this.#quietTimer = setTimeout(() => this.#end(), QUIET_MS);
  }

  #end(): void {
    if (this.#lastStatus === undefined) complain(this.#invocation.io, `${this.#name} has never run`);
    this.#done.resolve(exitCodeOfStatus(this.#lastStatus));
  }
}

/** As a shell shows it: 128 + n for a signal. */
function exitCodeOfStatus(status: WireExitStatus | undefined): number {
  if (status === undefined) return NOT_STARTED;
  return status.how === 'exited' ? status.code : 128 + signalNumber(status.signal as SignalName);
}
