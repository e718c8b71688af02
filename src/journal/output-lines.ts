/** What processes print, cut into lines for the journal; nothing is followed while nobody wants it. */

import { isUtf8 } from 'node:buffer';
import type { OutputChunk, OutputStream } from '../output/instance-output.ts';
import { LineSplitter } from '../output/line-splitter.ts';
import type { EngineEvent } from '../supervisor/engine-event.ts';
import type { OutputEntry } from '../supervisor/journal-port.ts';
import type { Cancel, Clock } from '../supervisor/ports.ts';

/** A longer line comes in parts. */
const LONGEST_LINE_BYTES = 16_384;
/** What a program printed last often has no newline; its pipe is read a little after its exit. */
const REST_MS = 200;

export interface OutputLinesPorts {
  readonly clock: Clock;
  readonly follow: (instance: string, listener: (chunk: OutputChunk) => void) => Cancel;
  readonly take: (line: Omit<OutputEntry, 'id' | 'level' | 'event'>) => void;
}

interface Followed {
  cancel: Cancel;
  readonly cutters: Readonly<Record<OutputStream, Cutter>>;
}

export class OutputLines {
  readonly #ports: OutputLinesPorts;
  readonly #followed = new Map<string, Followed>();
  #isWanted = false;

  constructor(ports: OutputLinesPorts) {
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
  consider({ event, instance, process }: EngineEvent): void {
    if (!this.#isWanted || instance === undefined || process === undefined) return;
    if (event === 'process_spawned') this.#follow(instance, process);
    if (event === 'process_exited') this.#ports.clock.after(REST_MS, () => this.#finish(instance));
  }

  /** Anew at each spawn: one that was removed and added again prints elsewhere. */
  #follow(instance: string, process: string): void {
    const known = this.#followed.get(instance);
    known?.cancel();
    const followed = known ?? { cancel: () => {}, cutters: this.#cuttersFor(instance, process) };
    followed.cancel = this.#ports.follow(instance, (chunk) => followed.cutters[chunk.stream].push(chunk));
    this.#followed.set(instance, followed);
  }

  #cuttersFor(instance: string, process: string): Followed['cutters'] {
    const { take } = this.#ports;
    return {
      stdout: new Cutter((line) => take({ process, instance, stream: 'stdout', ...line })),
      stderr: new Cutter((line) => take({ process, instance, stream: 'stderr', ...line })),
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

type Line = Pick<OutputEntry, 'time' | 'incarnation' | 'text' | 'is_part' | 'is_binary'>;

/** One stream of one instance, over its incarnations. */
class Cutter {
  readonly #splitter: LineSplitter;
  #incarnation = 0;
  #time = 0;

  constructor(onLine: (line: Line) => void) {
    this.#splitter = new LineSplitter(LONGEST_LINE_BYTES, (bytes, isPart) => {
      onLine({
        time: this.#time,
        incarnation: this.#incarnation,
        ...textOf(bytes),
        ...(isPart && { is_part: true }),
      });
    });
  }

  push({ incarnation, time, bytes }: OutputChunk): void {
    // The rest of an earlier life is no beginning of a line of this one.
    if (incarnation !== this.#incarnation) this.#splitter.flush();
    this.#incarnation = incarnation;
    this.#time = time;
    this.#splitter.push(bytes);
  }

  finish(): void {
    this.#splitter.flush();
  }
}

function textOf(bytes: Buffer): Pick<Line, 'text' | 'is_binary'> {
  const end = bytes.at(-1) === 0x0d ? bytes.length - 1 : bytes.length;
  const text = bytes.toString('utf8', 0, end);
  // Only where there is a replacement character is it worth asking whether the program wrote it itself.
  return text.includes('\ufffd') && !isUtf8(bytes) ? { text, is_binary: true } : { text };
}
