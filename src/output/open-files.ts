/** The files that are written to, one for each path however many streams lead there, so that their order is kept. */

import type { SlowReaderRules } from '../config/resolved-config.ts';
import type { Clock } from '../supervisor/ports.ts';
import type { BlockPool } from './block-pool.ts';
import type { UnreadBytes } from './descriptor-sink.ts';
import { errorText } from './error-text.ts';
import type { OutputSource } from './instance-output.ts';
import { LogFile } from './log-file.ts';
import { isStillAt, type OpenFile, openForAppend } from './open-file.ts';
import type { FileReports, FileWriter, OutputFile, RotationRules } from './output-file.ts';
import { SpecialFile } from './special-file.ts';

/** Keeps its identity when what is at the path changes. */
export class FileEntry {
  readonly path: string;
  file: OutputFile;

  constructor(path: string, file: OutputFile) {
    this.path = path;
    this.file = file;
  }

  /** As `OutputFile.writerFor`, to whatever is at the path. */
  writerFor(source: OutputSource, resume: () => void): FileWriter {
    let { file } = this;
    let writer = file.writerFor(source, resume);
    const write: FileWriter['write'] = (bytes, keep) => {
      if (this.file !== file) {
        writer.end();
        file = this.file;
        writer = file.writerFor(source, resume);
      }
      return writer.write(bytes, keep);
    };
    return { write, end: () => writer.end() };
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
    return this.#entries.size;
  }

  /** Opens the path, or looks whether what is open is still there. Throws what open(2) says. */
  open(path: string, rules: RotationRules): FileEntry {
    const known = this.#entries.get(path);
    if (known === undefined) {
      const entry = new FileEntry(path, this.#make(path, openForAppend(path, rules.access), rules));
      this.#entries.set(path, entry);
      return entry;
    }
    known.file.useRules(rules);
    const wasMoved = known.file instanceof LogFile && !isStillAt(path, known.file.open);
    if (wasMoved) this.#renew(known, openForAppend(path, rules.access), rules);
    return known;
  }

  /** New rotation numbers for a path that is open. */
  useRules(path: string, rules: RotationRules): void {
    this.#entries.get(path)?.file.useRules(rules);
  }

  useSlowReader(rules: SlowReaderRules): void {
    this.#slowReader = rules;
    for (const { file } of this.#entries.values()) file.useSlowReader(rules);
  }

  /** The engine shuts down. */
  hurry(): void {
    for (const { file } of this.#entries.values()) file.hurry();
  }

  /** Opens every path anew: somebody moved the files (logrotate). One that cannot be opened is written on as it is. */
  reopen(): void {
    for (const entry of this.#entries.values()) {
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
    for (const entry of this.#entries.values()) {
      if (used.has(entry)) continue;
      this.#entries.delete(entry.path);
      void entry.file.close();
    }
  }

  /** Resolves when nothing waits to be written, or what waits cannot be written now. */
  async idle(): Promise<void> {
    await Promise.all([...this.#entries.values()].map(({ file }) => file.idle()));
  }

  /** The engine is about to leave: what could not be written is lost, and told. */
  tellUnwritten(): void {
    for (const { file } of this.#entries.values()) file.tellUnwritten();
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
