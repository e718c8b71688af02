/**
 * One descriptor that many write to: the container's stream, or a FIFO. Its writers take turns, and lines stay whole.
 * While the reader reads, however slowly, a writer is asked to pause and nothing is lost. A reader that takes nothing
 * for a while is stuck: then nobody waits for it any more, and the oldest lines are dropped until it reads again.
 */

import type { SlowReaderRules } from '../../config/resolved-config.ts';
import type { Clock } from '../../supervisor/ports/clock.ts';
import type { OutputSource } from '../instance-output.ts';
import { BlockPool } from '../memory/block-pool.ts';
import type { Lane } from '../memory/lane.ts';
import type { OwnedSink } from '../sinks/descriptor-sink.ts';
import { ReaderWatch } from './reader-watch.ts';
import { type Turn, Turns } from './turns.ts';

/** What waits of one writer before it is asked to pause … */
const MAX_WAITING_BYTES = 262_144;
/** … and before its oldest lines are dropped, if lines are dropped. */
const MAX_KEPT_BYTES = 1_048_576;
/** With more than this in all lanes, each writer may add only what it has just read. */
const CROWDED_BYTES = 4_194_304;
const MAX_KEPT_IF_CROWDED_BYTES = 65_536;
/** What writers have left behind that are gone, all together. */
const MAX_LEFT_BEHIND_BYTES = 4_194_304;
/** Drops are reported no more often than this while they last. */
const REPORT_EVERY_MS = 60_000;
const REPORT_DROPS_EVERY_MS = 1_000;
/** At the end, a reader that takes nothing for this long is stuck. */
const HURRIED_STUCK_MS = 1_000;

export interface StreamWriter {
  /** @param bytes copied. @returns false if the writer should pause until it is resumed. */
  readonly write: (bytes: Uint8Array) => boolean;
  /** The lane has something that was not written by `write`. */
  readonly wake: () => void;
  /** Nothing more comes. */
  readonly end: () => void;
}

export interface StreamReports {
  /** The reader has taken nothing for this long, and the first lines are dropped. */
  readonly onStuck: (ms: number, source: OutputSource) => void;
  readonly onFlowing: (source: OutputSource) => void;
  readonly onDropped: (source: OutputSource, bytes: number) => void;
}

export interface SharedStreamPorts {
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly reports: StreamReports;
}

/** One of the writers. */
interface Writer extends Turn {
  readonly source: OutputSource;
  readonly resume: () => void;
  readonly onDropped: (bytes: number) => void;
  isEnded: boolean;
  dropped: number;
}

export interface WriterOptions {
  readonly lane: Lane;
  readonly source: OutputSource;
  readonly resume: () => void;
  /** Writes before everybody else, between whole lines, and is never asked to pause. */
  readonly isReserved?: boolean;
  /** In place of the stream's own report. */
  readonly onDropped?: (bytes: number) => void;
  /** All that is in this lane now comes first. */
  readonly after?: Lane | undefined;
}

export class SharedStream {
  /** For the lanes of its writers: what they hold together is bounded. */
  readonly pool = new BlockPool();
  readonly #sink: OwnedSink;
  readonly #ports: SharedStreamPorts;
  readonly #watch: ReaderWatch;
  #rules: SlowReaderRules;
  readonly #turns: Turns<Writer>;
  readonly #paused = new Set<Writer>();
  /** Those of which something was dropped that is not reported yet. */
  readonly #lossy = new Set<Writer>();
  #reportedAt = Number.NEGATIVE_INFINITY;
  /** The writer that was told of as the first to lose something. */
  #stuckFor: OutputSource | undefined;
  #isWriting = false;
  #isBroken = false;
  #isHurried = false;
  #idleWaiters: (() => void)[] = [];

  constructor(sink: OwnedSink, rules: SlowReaderRules, ports: SharedStreamPorts) {
    this.#sink = sink;
    this.#rules = rules;
    this.#ports = ports;
    this.#turns = new Turns(ports.clock, () => this.#writeNext());
    this.#watch = new ReaderWatch(rules.stuckAfterMs, {
      clock: ports.clock,
      unread: sink.unread,
      onStuck: () => this.#onStuck(),
      onMoving: () => this.#onMoving(),
    });
  }

  /** From now on. */
  use(rules: SlowReaderRules): void {
    this.#rules = rules;
    this.#watch.use(this.#stuckAfterMs);
    if (this.#isDropping) this.#resumeAll();
  }

  /** The engine shuts down: a reader that does not read is waited for once more, but only shortly. */
  hurry(): void {
    this.#isHurried = true;
    this.#watch.forgive();
    this.use(this.#rules);
  }

  writer({ lane, source, resume, isReserved = false, onDropped, after }: WriterOptions): StreamWriter {
    const entry: Writer = {
      ...{ lane, source, resume, isReserved, isEnded: false, dropped: 0 },
      onDropped: onDropped ?? ((bytes) => this.#ports.reports.onDropped(source, bytes)),
      after: after === undefined ? undefined : { lane: after, until: after.position },
      isWaiting: false,
      partSince: undefined,
    };
    return {
      write: (bytes) => this.#take(entry, bytes),
      wake: () => this.#wake(entry),
      end: () => this.#end(entry),
    };
  }

  /** Resolves when nothing waits to be written, or the reader is stuck. */
  idle(): Promise<void> {
    if (this.#isIdle || this.#watch.isStuck) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Gives up what was not written, and reports it. */
  tellUnwritten(): void {
    for (const entry of this.#turns.all()) if (!entry.isReserved) this.#trim(entry, 0);
    this.#reportDropped();
  }

  close(): void {
    this.#break();
    this.#sink.close();
  }

  get #isIdle(): boolean {
    return !this.#isWriting && this.#turns.isEmpty;
  }

  get #isDropping(): boolean {
    return this.#rules.whenSlow === 'drop' || this.#watch.isStuck;
  }

  get #stuckAfterMs(): number {
    const { stuckAfterMs } = this.#rules;
    return this.#isHurried ? Math.min(stuckAfterMs, HURRIED_STUCK_MS) : stuckAfterMs;
  }

  get #isCrowded(): boolean {
    return this.pool.bytesInUse > CROWDED_BYTES;
  }

  #take(entry: Writer, bytes: Uint8Array): boolean {
    if (this.#isBroken || bytes.length === 0) return true;
    entry.lane.push(bytes);
    this.#turns.add(entry);
    this.#watch.lookAgain();
    if (entry.isReserved || this.#isDropping) this.#trim(entry, this.#maxKept);
    this.#writeNext();
    if (entry.isReserved || this.#isDropping || entry.lane.length < this.#maxWaiting) return true;
    this.#paused.add(entry);
    return false;
  }

  #wake(entry: Writer): void {
    if (this.#isBroken) entry.lane.dropTo(0);
    if (entry.lane.length > 0) this.#turns.add(entry);
    this.#writeNext();
  }

  #end(entry: Writer): void {
    entry.isEnded = true;
    entry.lane.end();
    this.#paused.delete(entry);
    this.#boundWhatIsLeftBehind();
    this.#wake(entry);
  }

  get #maxKept(): number {
    return this.#isCrowded ? MAX_KEPT_IF_CROWDED_BYTES : MAX_KEPT_BYTES;
  }

  get #maxWaiting(): number {
    return this.#isCrowded ? 1 : MAX_WAITING_BYTES;
  }

  #writeNext(): void {
    if (this.#isWriting || this.#isBroken) return;
    const batch = this.#turns.takeBatch();
    if (batch.length === 0) {
      this.#resumeSome();
      if (this.#isIdle) this.#settle();
      return;
    }
    this.#isWriting = true;
    const [first = Buffer.alloc(0)] = batch;
    this.#sink.write(batch.length === 1 ? first : Buffer.concat(batch), (error) => this.#wrote(error));
    if (this.#isWriting) this.#watch.begin();
    this.#resumeSome();
  }

  #wrote(error: Error | null): void {
    this.#isWriting = false;
    if (error !== null) {
      this.#break();
      return;
    }
    this.#watch.end();
    const mayReport = this.#ports.clock.now() - this.#reportedAt >= REPORT_DROPS_EVERY_MS;
    if (mayReport || this.#turns.isEmpty) this.#reportDropped();
    this.#writeNext();
  }

  #trim(entry: Writer, bytes: number): void {
    const dropped = entry.lane.dropTo(bytes);
    if (dropped === 0) return;
    entry.dropped += dropped;
    this.#lossy.add(entry);
    if (entry.isReserved || !this.#watch.isStuck) return;
    const { clock, reports } = this.#ports;
    if (this.#stuckFor === undefined) {
      this.#stuckFor = entry.source;
      this.#reportedAt = clock.now();
      if (this.#rules.whenSlow === 'wait') reports.onStuck(this.#stuckAfterMs, entry.source);
    } else if (clock.now() - this.#reportedAt >= REPORT_EVERY_MS) this.#reportDropped();
  }

  /** Restarts without end must not fill the memory while the reader is slow. */
  #boundWhatIsLeftBehind(): void {
    const ended = this.#turns.all().filter(({ isEnded, isReserved }) => isEnded && !isReserved);
    let excess = ended.reduce((sum, { lane }) => sum + lane.length, 0) - MAX_LEFT_BEHIND_BYTES;
    for (const entry of ended) {
      if (excess <= 0) return;
      const before = entry.lane.length;
      this.#trim(entry, Math.max(0, before - excess));
      excess -= before - entry.lane.length;
    }
  }

  #resumeSome(): void {
    if (this.#paused.size === 0) return;
    const limit = this.#maxWaiting / 2;
    for (const entry of this.#paused) {
      if (entry.lane.length <= limit) this.#resume(entry);
    }
  }

  #resumeAll(): void {
    for (const entry of this.#paused) this.#resume(entry);
  }

  #resume(entry: Writer): void {
    this.#paused.delete(entry);
    entry.resume();
  }

  #onStuck(): void {
    this.#resumeAll();
    this.#settle();
  }

  #onMoving(): void {
    this.#reportDropped();
    const source = this.#stuckFor;
    this.#stuckFor = undefined;
    if (source !== undefined && this.#rules.whenSlow === 'wait') this.#ports.reports.onFlowing(source);
  }

  #reportDropped(): void {
    if (this.#lossy.size === 0) return;
    this.#reportedAt = this.#ports.clock.now();
    const entries = [...this.#lossy];
    this.#lossy.clear();
    for (const entry of entries) {
      const { dropped } = entry;
      entry.dropped = 0;
      entry.onDropped(dropped);
    }
  }

  #settle(): void {
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  /** The other end is gone for good (EPIPE): what is written from now on is discarded, and nobody waits. */
  #break(): void {
    this.#isBroken = true;
    this.#watch.end();
    for (const entry of this.#turns.all()) entry.lane.dropTo(0);
    this.#turns.clear();
    this.#lossy.clear();
    this.#resumeAll();
    this.#settle();
  }
}
