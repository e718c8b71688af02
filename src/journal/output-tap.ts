/** What processes print, cut into lines for the journal; nothing is followed while nobody wants it. */

import type { OutputChunk, OutputStream } from '../output/instance-output.ts';
import type { Cancel, Clock } from '../supervisor/ports/clock.ts';
import type { EngineEvent } from '../wire/engine-event.ts';
import type { OutputLines, OutputOrigin } from './output-block.ts';

/** A longer line comes in parts. */
const LONGEST_LINE_BYTES = 16_384;
/** Lines are kept together in blocks of about so many bytes. */
const BLOCK_BYTES = 16_384;
const NEWLINE = 10;
const NOTHING = Buffer.alloc(0);
/** What a program printed last often has no newline; its pipe is read a little after its exit. */
const REST_MS = 200;

export interface OutputTapPorts {
  readonly clock: Clock;
  readonly follow: (instance: string, listener: (chunk: OutputChunk) => void) => Cancel;
  readonly take: (lines: OutputLines) => void;
}

interface Followed {
  cancel: Cancel;
  readonly cutters: Readonly<Record<OutputStream, Cutter>>;
}

export class OutputTap {
  readonly #ports: OutputTapPorts;
  readonly #followed = new Map<string, Followed>();
  #isWanted = false;

  constructor(ports: OutputTapPorts) {
    this.#ports = ports;
  }

  /** @param running instances that print already. */
  use(isWanted: boolean, running: Iterable<{ readonly name: string; readonly process: string }>): void {
    if (isWanted === this.#isWanted) return;
    this.#isWanted = isWanted;
    if (isWanted) for (const { name, process } of running) this.#follow(name, process);
    else this.#stop();
  }

  /** Told in the turn of the spawn: nothing of the new incarnation was read before. */
  consider(told: EngineEvent): void {
    const { event, instance, process } = told;
    if (!this.#isWanted || instance === undefined || process === undefined) return;
    if (event === 'instance_renamed') this.#rename(told.was, instance, process);
    if (event === 'process_spawned') this.#follow(instance, process);
    if (event === 'process_exited') this.#ports.clock.after(REST_MS, () => this.#finish(instance));
  }

  /** By stream, bytes of a line that has not ended: what is in no entry yet. */
  unfinished(instance: string): Readonly<Record<OutputStream, number>> {
    const cutters = this.#followed.get(instance)?.cutters;
    return { stdout: cutters?.stdout.unfinished ?? 0, stderr: cutters?.stderr.unfinished ?? 0 };
  }

  /** Anew at each spawn: one that was removed and added again prints elsewhere. */
  #follow(instance: string, process: string): void {
    const known = this.#followed.get(instance);
    known?.cancel();
    const followed = known ?? { cancel: () => {}, cutters: this.#cuttersFor(instance, process) };
    followed.cancel = this.#ports.follow(instance, (chunk) => followed.cutters[chunk.stream].push(chunk));
    this.#followed.set(instance, followed);
  }

  #rename(from: string, to: string, process: string): void {
    if (!this.#followed.has(from)) return;
    this.#finish(from);
    this.#followed.get(from)?.cancel();
    this.#followed.delete(from);
    this.#follow(to, process);
  }

  #cuttersFor(instance: string, process: string): Followed['cutters'] {
    const { take } = this.#ports;
    const origin = { time: 0, process, instance, incarnation: 0 };
    return {
      stdout: new Cutter({ ...origin, stream: 'stdout' }, take),
      stderr: new Cutter({ ...origin, stream: 'stderr' }, take),
    };
  }

  #finish(instance: string): void {
    const cutters = this.#followed.get(instance)?.cutters;
    cutters?.stdout.finish();
    cutters?.stderr.finish();
  }

  #stop(): void {
    for (const [instance, { cancel }] of this.#followed) {
      cancel();
      this.#finish(instance);
    }
    this.#followed.clear();
  }
}

/** One stream of one instance, over its incarnations. */
class Cutter {
  readonly #take: (lines: OutputLines) => void;
  #origin: OutputOrigin;
  /** Of an unfinished line. */
  #rest = NOTHING;

  constructor(origin: OutputOrigin, take: (lines: OutputLines) => void) {
    this.#origin = origin;
    this.#take = take;
  }

  push({ incarnation, time, bytes }: OutputChunk): void {
    // The rest of an earlier life is no beginning of a line of this one.
    if (incarnation !== this.#origin.incarnation) this.finish();
    this.#origin = { ...this.#origin, incarnation, time };
    let from = 0;
    if (this.#rest.length > 0) {
      const end = bytes.indexOf(NEWLINE);
      this.#keep(Buffer.concat([this.#rest, end === -1 ? bytes : bytes.subarray(0, end)]));
      if (end === -1) return;
      this.#tell(this.#rest, 1);
      this.#rest = NOTHING;
      from = end + 1;
    }
    this.#keep(bytes.subarray(this.#takeWhole(bytes, from)));
  }

  get unfinished(): number {
    return this.#rest.length;
  }

  finish(): void {
    if (this.#rest.length > 0) this.#tell(this.#rest, 1);
    this.#rest = NOTHING;
  }

  /** @returns where the unfinished line begins. */
  #takeWhole(bytes: Buffer, start: number): number {
    let blockFrom = start;
    let from = start;
    let count = 0;
    for (;;) {
      const end = bytes.indexOf(NEWLINE, from);
      const isLong = end - from > LONGEST_LINE_BYTES;
      const isBlockFull = from - blockFrom >= BLOCK_BYTES;
      if (count > 0 && (end === -1 || isLong || isBlockFull)) {
        this.#tell(bytes.subarray(blockFrom, from - 1), count);
        blockFrom = from;
        count = 0;
      }
      if (end === -1) return from;
      if (isLong) {
        this.#keep(bytes.subarray(from, end));
        this.finish();
        blockFrom = end + 1;
      } else count += 1;
      from = end + 1;
    }
  }

  /** Of a line that is too long its parts are told as they come. */
  #keep(rest: Buffer): void {
    let from = 0;
    while (rest.length - from > LONGEST_LINE_BYTES) {
      this.#tell(rest.subarray(from, from + LONGEST_LINE_BYTES), 1, true);
      from += LONGEST_LINE_BYTES;
    }
    this.#rest = from === rest.length ? NOTHING : Buffer.from(rest.subarray(from));
  }

  #tell(bytes: Buffer, count: number, isPart = false): void {
    // What was read is valid during the call only.
    this.#take({ ...this.#origin, bytes: Buffer.from(bytes), count, isPart });
  }
}
