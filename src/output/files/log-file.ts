/**
 * A regular file that processes' output is appended to: in order, one write at a time, rotated by size between lines.
 * Several streams may share it. Nothing is lost while it can be written to: a reader has to pause, and the process then
 * blocks on its own file as with `> file`. While it cannot (the disk is full), processes continue: what waits is held up
 * to a bound and written when there is room again, and what does not fit is counted.
 *
 * What happens when is in the tables of `log-file-machine.ts`; here its effects are carried out.
 */

import { writeSome } from '../../files/open-descriptor.ts';
import type { Cancel, Clock } from '../../supervisor/ports/clock.ts';
import type { OutputSource } from '../instance-output.ts';
import type { BlockPool } from '../memory/block-pool.ts';
import { errorText } from '../sinks/error-text.ts';
import { closeFile, isDeleted, type OpenFile, openForAppend } from '../sinks/open-file.ts';
import type { FileReports, FileWriter, KeepBlock, OutputFile, RotationRules } from '../sinks/output-file.ts';
import { Backlog } from './backlog.ts';
import { FileFill } from './file-fill.ts';
import { FileLines } from './file-lines.ts';
import {
  type Effect,
  type Fact,
  type LogFileState,
  NEW_LOG_FILE,
  type Prospect,
  type Report,
  type State,
  step,
  timeLimitMs,
} from './log-file-machine.ts';
import { RotatedFiles } from './rotated-files.ts';

/** After a write, less than this waits for more as long as the machine gathers: few large writes cost less. */
const GATHER_BYTES = 65_536;
const GATHER_MS = 2;
/** How often it checks whether the file still has a name. */
const LOOK_EVERY_MS = 1_000;

/** What happened, the file that was opened, and why something failed. */
interface Happening {
  readonly fact: Fact;
  readonly opened?: OpenFile;
  readonly why?: string;
}

export interface LogFilePorts {
  readonly clock: Pick<Clock, 'now' | 'wallTime' | 'after'>;
  readonly pool: BlockPool;
  readonly reports: FileReports;
}

export class LogFile implements OutputFile {
  readonly #path: string;
  readonly #ports: LogFilePorts;
  readonly #backlog: Backlog;
  readonly #lines: FileLines;
  readonly #fill: FileFill;
  readonly #rotated: RotatedFiles;
  #rules: RotationRules;
  #state: LogFileState = NEW_LOG_FILE;
  /** What has happened and is not dealt with; undefined while nothing is being dealt with. */
  #happenings: Happening[] | undefined;
  #open: OpenFile;
  #next: OpenFile | undefined;
  #timer: { readonly of: State; readonly cancel: Cancel } | undefined;
  #room = 0;
  #gathersUntil = Number.NEGATIVE_INFINITY;
  #lookedAt: number;
  readonly #pausedWriters = new Set<() => void>();
  #waiters: (() => void)[] = [];

  constructor(path: string, open: OpenFile, rules: RotationRules, ports: LogFilePorts) {
    this.#path = path;
    this.#open = open;
    this.#rules = rules;
    this.#ports = ports;
    this.#fill = new FileFill(open, rules);
    this.#lookedAt = ports.clock.now();
    this.#backlog = new Backlog(ports.pool);
    this.#rotated = new RotatedFiles((message) => ports.reports.onFailed(message));
    this.#lines = new FileLines({
      clock: ports.clock,
      pool: ports.pool,
      write: (bytes, keep) => this.write(bytes, keep),
      onDrain: (resume) => this.onDrain(resume),
    });
  }

  get rules(): RotationRules {
    return this.#rules;
  }

  /** The file it continues in. */
  get open(): OpenFile {
    return this.#next ?? this.#open;
  }

  useRules(rules: RotationRules): void {
    this.#rules = rules;
    this.#fill.useRules(rules);
  }

  writerFor(_source: OutputSource, resume: () => void): FileWriter {
    return this.#lines.writerFor(resume);
  }

  hurry(): void {
    this.#lines.flush();
  }

  /** @returns false if the writer should pause; `onDrain` calls back when to continue. */
  write(bytes: Uint8Array, keep?: KeepBlock): boolean {
    const isKept = this.#backlog.add(bytes, keep);
    const { at } = this.#state;
    // The next blocks come in the same turn, and go into the same write.
    if (isKept && (at === 'resting' || at === 'gathering'))
      queueMicrotask(() => this.#happen({ fact: 'queued' }));
    else this.#happen({ fact: 'queued' });
    return this.#state.at === 'failing' || !this.#backlog.isFull;
  }

  onDrain(resume: () => void): void {
    this.#pausedWriters.add(resume);
  }

  /** Continues in another file of the same path once what is under way is written: somebody moved the old one. */
  replace(open: OpenFile): void {
    this.#happen({ fact: 'replaced', opened: open });
  }

  async idle(): Promise<void> {
    await this.#settled('awaited');
  }

  tellUnwritten(): void {
    this.#happen({ fact: 'givenUp' });
  }

  async close(): Promise<void> {
    this.#lines.flush();
    await this.#settled('closing');
  }

  async #settled(fact: 'awaited' | 'closing'): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiters.push(resolve);
      this.#happen({ fact });
    });
    await this.#rotated.removed;
  }

  /** What happens while something is dealt with is next. */
  #happen(happening: Happening): void {
    if (this.#happenings !== undefined) {
      this.#happenings.push(happening);
      return;
    }
    const happenings = [happening];
    this.#happenings = happenings;
    try {
      for (let next = happenings.shift(); next !== undefined; next = happenings.shift()) {
        this.#step(next);
        while (this.#state.at === 'ready') this.#step(this.#lookForFile() ?? { fact: this.#prospect() });
      }
    } finally {
      this.#happenings = undefined;
    }
    this.#setTimer();
  }

  #step(happening: Happening): void {
    const { next, effects } = step(this.#state, happening.fact);
    this.#state = next;
    for (const effect of effects) this.#perform(effect, happening);
  }

  #perform(effect: Effect | Report, { fact, opened, why = '' }: Happening): void {
    const { reports } = this.#ports;
    if (typeof effect === 'object') {
      if (effect.kind === 'failed') reports.onFailed(why);
      else reports.onRestored();
      return;
    }
    switch (effect) {
      case 'write':
        this.#write();
        break;
      case 'rotate':
        void this.#rotate();
        break;
      case 'hold opened':
        this.#next = opened;
        break;
      case 'close opened':
        if (opened !== undefined) closeFile(opened);
        break;
      case 'close held':
        if (this.#next !== undefined) closeFile(this.#next);
        break;
      case 'use held':
        this.#useNext();
        break;
      case 'close':
        closeFile(this.#open);
        if (this.#next !== undefined) closeFile(this.#next);
        break;
      case 'end gathering':
        this.#gathersUntil = Number.NEGATIVE_INFINITY;
        break;
      case 'drop excess':
        this.#backlog.dropExcess();
        break;
      case 'drop all':
        this.#backlog.dropAll();
        break;
      case 'report dropped':
        this.#reportDropped(this.#backlog.takeDropped());
        break;
      case 'report waiting':
        this.#reportDropped(this.#backlog.queue.length);
        break;
      case 'resume writers':
        this.#resumeWriters();
        break;
      case 'resume writers if there is room':
        if (this.#backlog.hasRoom) this.#resumeWriters();
        break;
      case 'settle':
        for (const resolve of this.#waiters.splice(0)) resolve();
        break;
      case 'report impossible':
        reports.onFailed(`internal error: "${fact}" while it was ${this.#state.at}`);
        break;
    }
  }

  #reportDropped(bytes: number): void {
    if (bytes > 0) this.#ports.reports.onDropped(bytes, `${this.#path} could not be written to`);
  }

  #resumeWriters(): void {
    const writers = [...this.#pausedWriters];
    this.#pausedWriters.clear();
    for (const resume of writers) resume();
  }

  /** A state owns its timer. */
  #setTimer(): void {
    const { at } = this.#state;
    if (this.#timer?.of === at) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    const limitMs = timeLimitMs(this.#state);
    if (limitMs === undefined) return;
    const cancel = this.#ports.clock.after(limitMs, () => {
      this.#timer = undefined;
      this.#happen({ fact: 'timeUp' });
    });
    this.#timer = { of: at, cancel };
  }

  #useNext(): void {
    if (this.#next === undefined) return;
    closeFile(this.#open);
    this.#open = this.#next;
    this.#next = undefined;
    this.#fill.begin(this.#open);
  }

  /** A file that was deleted is created again, or what is printed from then on would be lost. */
  #lookForFile(): Happening | undefined {
    const now = this.#ports.clock.now();
    if (this.#backlog.queue.length === 0 || now - this.#lookedAt < LOOK_EVERY_MS) return undefined;
    this.#lookedAt = now;
    if (!isDeleted(this.#open.fd)) return undefined;
    try {
      const opened = openForAppend(this.#path, this.#rules.access);
      return { fact: 'recreated', opened, why: 'it was deleted' };
    } catch (error) {
      const why = `it was deleted and cannot be made again: ${errorText(error)}`;
      return { fact: 'notRecreated', why };
    }
  }

  #prospect(): Prospect {
    const { queue } = this.#backlog;
    if (queue.length === 0) return 'nothing';
    if (queue.length < GATHER_BYTES && this.#ports.clock.now() < this.#gathersUntil) return 'little';
    this.#room = this.#fill.room(queue, this.#ports.clock.wallTime());
    return this.#room === 0 ? 'full' : 'fits';
  }

  /** ENOSPC, EDQUOT, EIO, EFBIG, …: repeated, so that nothing is lost when it heals in time. */
  #write(): void {
    const { queue } = this.#backlog;
    writeSome(this.#open, queue.peek(this.#room), (error, written) => {
      this.#fill.tried();
      this.#gathersUntil = this.#ports.clock.now() + GATHER_MS;
      if (error === null && written > 0) {
        this.#fill.wrote(written, queue.endsLine(written));
        queue.drop(written);
        this.#happen({ fact: 'written' });
      } else this.#happen({ fact: 'writeFailed', why: errorText(error ?? new Error('no room')) });
    });
  }

  async #rotate(): Promise<void> {
    const { clock } = this.#ports;
    const outcome = await this.#rotated
      .rotate({
        path: this.#path,
        open: this.#open,
        rules: () => this.#rules,
        isSpared: (size) => this.#fill.measured(size, clock.wallTime()),
      })
      .then(
        (opened): Happening => (opened === undefined ? { fact: 'truncated' } : { fact: 'rotated', opened }),
        (error: unknown): Happening => {
          this.#fill.postpone(clock.wallTime());
          return { fact: 'rotationFailed', why: `cannot rotate it: ${errorText(error)}` };
        },
      );
    this.#happen(outcome);
  }
}
