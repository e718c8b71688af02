/** The files that are written to, one for each path however many streams lead there, so that their order is kept. */

import type { SlowReaderRules } from '../../config/resolved-config.ts';
import type { Clock } from '../../supervisor/ports/clock.ts';
import type { OutputSource } from '../instance-output.ts';
import { isoClock } from '../lines/line-format.ts';
import { LineStamps } from '../lines/line-stamps.ts';
import type { BlockPool } from '../memory/block-pool.ts';
import type { UnreadBytes } from '../sinks/descriptor-sink.ts';
import { errorText } from '../sinks/error-text.ts';
import { closeFile, isStillAt, type OpenFile, openForAppend } from '../sinks/open-file.ts';
import type { FileReports, FileWriter, OutputFile, RotationRules } from '../sinks/output-file.ts';
import { LogFile } from './log-file.ts';
import { SpecialFile } from './special-file.ts';

/** Keeps its identity when what is at the path changes. */
export class FileEntry {
  readonly path: string;
  readonly #wallTime: () => number;
  file: OutputFile;
  rules: RotationRules;

  constructor(path: string, file: OutputFile, rules: RotationRules, wallTime: () => number) {
    this.path = path;
    this.file = file;
    this.rules = rules;
    this.#wallTime = wallTime;
  }

  useRules(rules: RotationRules): void {
    this.rules = rules;
    this.file.useRules(rules);
  }

  /** As `OutputFile.writerFor`, to whatever is at the path, with the time before each line if that is wanted. */
  writerFor(source: OutputSource, resume: () => void): FileWriter {
    let { file } = this;
    let writer = file.writerFor(source, resume);
    const stamps = new LineStamps(isoClock(this.#wallTime));
    const write: FileWriter['write'] = (bytes, keep) => {
      if (this.file !== file) {
        writer.end();
        file = this.file;
        writer = file.writerFor(source, resume);
      }
      return this.rules.hasTimestamps ? writer.write(stamps.stamp(bytes)) : writer.write(bytes, keep);
    };
    const end = (): void => {
      // The time of the next line must not be within this one.
      if (this.rules.hasTimestamps && !stamps.isAtLineStart) writer.write(Buffer.from('\n'));
      writer.end();
    };
    return { write, end };
  }
}

export interface OpenFilesPorts {
  readonly clock: Pick<Clock, 'now' | 'wallTime' | 'after'>;
  readonly pool: BlockPool;
  readonly reportsFor: (path: string) => FileReports;
  readonly unreadBytes: UnreadBytes;
}

export class OpenFiles {
  readonly #ports: OpenFilesPorts;
  readonly #entries = new Map<string, FileEntry>();
  #slowReader: SlowReaderRules;

  constructor(slowReader: SlowReaderRules, ports: OpenFilesPorts) {
    this.#slowReader = slowReader;
    this.#ports = ports;
  }

  get count(): number {
    return this.#all.size;
  }

  /** Opens the path, or looks whether what is open is still there. Throws what open(2) says. */
  open(path: string, rules: RotationRules): FileEntry {
    const known = this.#entries.get(path);
    if (known === undefined) {
      const entry = this.#openNew(path, rules);
      this.#entries.set(path, entry);
      return entry;
    }
    known.useRules(rules);
    if (!wasMoved(path, known.file)) return known;
    const entry = known.path === path ? known : this.#openNew(path, rules);
    this.#entries.set(path, entry);
    if (wasMoved(entry.path, entry.file)) this.#renew(entry, openForAppend(entry.path, rules.access), rules);
    return entry;
  }

  /** New rotation numbers for a path that is open. */
  useRules(path: string, rules: RotationRules): void {
    this.#entries.get(path)?.useRules(rules);
  }

  useSlowReader(rules: SlowReaderRules): void {
    this.#slowReader = rules;
    for (const { file } of this.#all) file.useSlowReader?.(rules);
  }

  /** The engine shuts down. */
  hurry(): void {
    for (const { file } of this.#all) file.hurry();
  }

  /** Opens every path again: somebody moved the files (logrotate). One that cannot be opened is written on as it is. */
  reopen(): void {
    for (const entry of this.#all) {
      if (!(entry.file instanceof LogFile)) continue;
      try {
        const { rules } = entry.file;
        this.#renew(entry, openForAppend(entry.path, rules.access), rules);
      } catch (error) {
        this.#ports.reportsFor(entry.path).onFailed(`cannot reopen it: ${errorText(error)}`);
      }
    }
  }

  /** Closes all but those. */
  keepOnly(used: ReadonlySet<FileEntry | undefined>): void {
    for (const entry of this.#all) if (!used.has(entry)) void entry.file.close();
    for (const [path, entry] of this.#entries) if (!used.has(entry)) this.#entries.delete(path);
  }

  /** Resolves when nothing waits to be written, or what waits cannot be written now. */
  async idle(): Promise<void> {
    await Promise.all([...this.#all].map(({ file }) => file.idle()));
  }

  /** The engine is about to leave: what could not be written is lost, and told. */
  tellUnwritten(): void {
    for (const { file } of this.#all) file.tellUnwritten();
  }

  get #all(): ReadonlySet<FileEntry> {
    return new Set(this.#entries.values());
  }

  /** Another path to a file that is open already, by a symbolic link, is no other file. */
  #openNew(path: string, rules: RotationRules): FileEntry {
    const open = openForAppend(path, rules.access);
    const known = [...this.#all].find(
      ({ file }) =>
        open.kind === 'regular' && file instanceof LogFile && file.open.realPath === open.realPath,
    );
    if (known === undefined)
      return new FileEntry(path, this.#make(path, open, rules), rules, () => this.#ports.clock.wallTime());
    closeFile(open);
    known.useRules(rules);
    return known;
  }

  #renew(entry: FileEntry, open: OpenFile, rules: RotationRules): void {
    if (entry.file instanceof LogFile && open.kind === 'regular') {
      entry.file.replace(open);
      return;
    }
    const before = entry.file;
    entry.file = this.#make(entry.path, open, rules);
    void before.close();
  }

  #make(path: string, open: OpenFile, rules: RotationRules): OutputFile {
    const { clock, pool, reportsFor, unreadBytes } = this.#ports;
    const reports = reportsFor(path);
    if (open.kind === 'regular') return new LogFile(path, open, rules, { clock, pool, reports });
    return new SpecialFile(path, open, { clock, reports, unreadBytes, slowReader: this.#slowReader });
  }
}

function wasMoved(path: string, file: OutputFile): boolean {
  return file instanceof LogFile && !isStillAt(path, file.open);
}
