/** What a command prints that runs in the engine, on its way to the client: in frames, and never more than a bound. */

import { EventEmitter } from 'node:events';
import type { NotificationParams, Params } from '../contract/contract.ts';
import { frame } from '../protocol/framing.ts';
import { wireBytes } from './subscriptions.ts';

export type StreamName = 'stdout' | 'stderr';
type StreamFacts = Params<'cli.run'>['stdout'];
type Told = NotificationParams<'cli'>;

/** Characters of one frame: the client has room for a line of some six times as many bytes. */
const FRAME_CHARACTERS = 32 * 1024;
/** The client takes so many bytes ahead of anyone who reads them. More waits here: no answer is as long that a grant opens. */
const WINDOW_BYTES = 16 * 2 ** 20;
/** From so many unwritten ones on a command should wait for `drain`. */
const FULL_BYTES = 128 * 1024;

export interface FramePorts {
  /** To the client; nothing of it is dropped. */
  readonly send: (line: Buffer) => void;
}

interface Frame {
  readonly line: Buffer;
  /** Bytes that the client will write. */
  readonly bytes: number;
}

/** Both streams of one command, in the order of writing. */
export class VerbFrames {
  readonly #ports: FramePorts;
  #text = '';
  #stream: StreamName = 'stdout';
  #isFlushDue = false;
  /** Beyond the window. */
  #held: Frame[] = [];
  /** Bytes that were sent, and of which the client has not said that they are written. */
  #ahead = 0;
  #heldBytes = 0;
  #isClosed = false;
  #onSent: (() => void) | undefined;
  readonly onRelieved = new Set<() => void>();

  constructor(ports: FramePorts) {
    this.#ports = ports;
  }

  get isFull(): boolean {
    return this.#ahead + this.#heldBytes + this.#text.length >= FULL_BYTES;
  }

  write(stream: StreamName, chunk: string | Uint8Array): void {
    if (this.#isClosed || chunk.length === 0) return;
    if (stream !== this.#stream) this.flush();
    this.#stream = stream;
    if (typeof chunk === 'string') this.#text += chunk;
    else {
      this.flush();
      for (let from = 0; from < chunk.length; from += FRAME_CHARACTERS) {
        const piece = chunk.subarray(from, from + FRAME_CHARACTERS);
        this.#put({ kind: 'output', stream, ...wireBytes(piece) }, piece.length);
      }
    }
    if (this.#text.length >= FRAME_CHARACTERS) this.flush();
    else this.#flushSoon();
  }

  /** Behind what was written so far. */
  tell(told: Told): void {
    this.flush();
    if (!this.#isClosed) this.#put(told, 0);
  }

  flush(): void {
    const text = this.#text;
    this.#text = '';
    for (let from = 0; from < text.length; ) {
      const to = wholeCharacters(text, from + FRAME_CHARACTERS);
      const piece = text.slice(from, to);
      this.#put({ kind: 'output', stream: this.#stream, text: piece }, Buffer.byteLength(piece));
      from = to;
    }
  }

  /** The client has written some of it. */
  written(bytes: number): void {
    const wasFull = this.isFull;
    this.#ahead = Math.max(0, this.#ahead - bytes);
    for (let next = this.#held[0]; next !== undefined && this.#fits(next); next = this.#held[0]) {
      this.#held.shift();
      this.#heldBytes -= next.bytes;
      this.#send(next);
    }
    if (this.#held.length === 0) this.#onSent?.();
    if (wasFull && !this.isFull) for (const listener of this.onRelieved) listener();
  }

  /** Resolves when all is on its way, or nobody is there any more. */
  async sent(): Promise<void> {
    this.flush();
    if (this.#held.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onSent = resolve;
    await promise;
  }

  /** The client has gone. */
  close(): void {
    this.#isClosed = true;
    this.#text = '';
    this.#held = [];
    this.#heldBytes = 0;
    this.#onSent?.();
  }

  /** What is written in one go is one frame. */
  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    process.nextTick(() => {
      this.#isFlushDue = false;
      if (!this.#isClosed) this.flush();
    });
  }

  #put(params: Told, bytes: number): void {
    const next = { line: Buffer.from(frame({ jsonrpc: '2.0', method: 'cli', params })), bytes };
    if (this.#held.length === 0 && this.#fits(next)) this.#send(next);
    else {
      this.#held.push(next);
      this.#heldBytes += bytes;
    }
  }

  #fits({ bytes }: Frame): boolean {
    return this.#ahead + bytes <= WINDOW_BYTES;
  }

  #send({ line, bytes }: Frame): void {
    this.#ahead += bytes;
    this.#ports.send(line);
  }
}

/** One stream, as the code of a command knows streams. */
export class VerbOutput extends EventEmitter {
  readonly isTTY: boolean;
  columns: number | undefined;
  rows: number | undefined;
  readonly #stream: StreamName;
  readonly #frames: VerbFrames;

  constructor(stream: StreamName, { terminal, columns, rows }: StreamFacts, frames: VerbFrames) {
    super();
    this.isTTY = terminal;
    this.columns = columns;
    this.rows = rows;
    this.#stream = stream;
    this.#frames = frames;
    frames.onRelieved.add(() => this.emit('drain'));
  }

  get writableNeedDrain(): boolean {
    return this.#frames.isFull;
  }

  write(chunk: string | Uint8Array, done?: () => void): boolean {
    this.#frames.write(this.#stream, chunk);
    if (done !== undefined) process.nextTick(done);
    return !this.#frames.isFull;
  }
}

/** @returns an end at or before `end` that cuts no surrogate pair. */
function wholeCharacters(text: string, end: number): number {
  if (end >= text.length) return text.length;
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}
