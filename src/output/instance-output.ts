/** What one instance prints, over all its incarnations: rings of the recent, followers of what comes. */

import type { Cancel } from '../supervisor/ports/clock.ts';
import { LineSplitter } from './lines/line-splitter.ts';
import { type Piece, Ring } from './memory/ring.ts';

export type OutputStream = 'stdout' | 'stderr';
export const OUTPUT_STREAMS = ['stdout', 'stderr'] as const satisfies readonly OutputStream[];

/** Whose output it is. */
export interface OutputSource {
  readonly instance: string;
  readonly process: string;
  readonly stream: OutputStream;
}

/** A piece of output as it was read. */
export interface OutputChunk {
  readonly stream: OutputStream;
  readonly incarnation: number;
  /** Valid during the call that hands them on. */
  readonly bytes: Buffer;
  /** Epoch milliseconds at which it was read. */
  readonly time: number;
}

/** As followers are told: one copy serves all who keep it. */
export class FollowedChunk implements OutputChunk {
  readonly stream: OutputStream;
  readonly incarnation: number;
  readonly bytes: Buffer;
  readonly time: number;
  #kept: Buffer | undefined;

  constructor({ stream, incarnation, bytes, time }: OutputChunk) {
    this.stream = stream;
    this.incarnation = incarnation;
    this.bytes = bytes;
    this.time = time;
  }

  /** The bytes to keep; nobody changes them. Call during the call that hands them on. */
  keep(): Buffer {
    this.#kept ??= Buffer.from(this.bytes);
    return this.#kept;
  }
}

/** By stream: bytes so far, over all incarnations. */
export type OutputPosition = Readonly<Record<OutputStream, number>>;

/** A piece that a ring still holds. */
export interface RecentChunk extends OutputChunk {
  /** Bytes of its stream before it. */
  readonly position: number;
}

type Listener = (chunk: FollowedChunk) => void;

/** Longer lines are shown in parts. */
const LONGEST_SHOWN_LINE_BYTES = 4_096;
/** The last lines are looked for in so much of the last output: rings may hold mebibytes. */
const LOOKED_AT_BYTES = 128 * 1_024;

export class InstanceOutput {
  readonly #rings: Readonly<Record<OutputStream, Ring>>;
  readonly #followers = new Set<Listener>();
  #sequence = 0;

  /** @param ringBytes kept of each stream. */
  constructor(ringBytes?: number) {
    this.#rings = { stdout: new Ring(ringBytes), stderr: new Ring(ringBytes) };
  }

  /** Bytes of memory that its rings take at the moment. */
  get memoryBytes(): number {
    return this.#rings.stdout.memoryBytes + this.#rings.stderr.memoryBytes;
  }

  /** The most they can take. */
  get mostMemoryBytes(): number {
    return this.#rings.stdout.capacity + this.#rings.stderr.capacity;
  }

  get position(): OutputPosition {
    return { stdout: this.#rings.stdout.position, stderr: this.#rings.stderr.position };
  }

  keep(ringBytes: number): void {
    for (const stream of OUTPUT_STREAMS) this.#rings[stream].resize(ringBytes);
  }

  /** @param chunk its bytes are valid during the call only. */
  take(chunk: OutputChunk): void {
    const { stream, incarnation, time, bytes } = chunk;
    this.#sequence += 1;
    this.#rings[stream].push(bytes, { incarnation, time, sequence: this.#sequence });
    if (this.#followers.size === 0) return;
    const followed = new FollowedChunk(chunk);
    for (const follower of this.#followers) follower(followed);
  }

  /** Copies of what the rings hold, both streams in the order of reading. */
  recent(): readonly RecentChunk[] {
    const tagged = OUTPUT_STREAMS.flatMap((stream) =>
      this.#rings[stream].pieces().map((piece) => ({ stream, piece })),
    );
    tagged.sort((one, other) => one.piece.sequence - other.piece.sequence);
    return tagged.map(({ stream, piece }) => chunkOf(stream, piece));
  }

  /** Every chunk from now on. The listener must not throw. */
  follow(listener: Listener): Cancel {
    // Wrapped, so that one who follows twice is told twice and leaves twice.
    const own: Listener = (chunk) => listener(chunk);
    this.#followers.add(own);
    return () => this.#followers.delete(own);
  }

  /** The last lines of both streams, decoded for display, oldest first. */
  lastLines(most: number): readonly string[] {
    const lines: string[] = [];
    const show = (line: Buffer): void => void lines.push(line.toString('utf8').replace(/\r$/, ''));
    const splitters = {
      stdout: new LineSplitter(LONGEST_SHOWN_LINE_BYTES, show),
      stderr: new LineSplitter(LONGEST_SHOWN_LINE_BYTES, show),
    };
    const recent = this.recent();
    let left = LOOKED_AT_BYTES;
    const first = recent.findLastIndex(({ bytes }) => {
      left -= bytes.length;
      return left < 0;
    });
    for (const { stream, bytes } of recent.slice(Math.max(0, first)))
      splitters[stream].push(bytes.subarray(-LOOKED_AT_BYTES));
    for (const stream of OUTPUT_STREAMS) splitters[stream].flush();
    return lines.slice(-most);
  }
}

function chunkOf(stream: OutputStream, { incarnation, time, bytes, position }: Piece): RecentChunk {
  return { stream, incarnation, time, bytes, position };
}
