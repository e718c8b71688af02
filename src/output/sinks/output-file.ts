/** What a stream of a process is written to when it is a path. */

import type { FileAccess, SlowReaderRules } from '../../config/resolved-config.ts';
import type { OutputSource } from '../instance-output.ts';

export interface RotationRules {
  /** Bytes at which the file is rotated; undefined: never. */
  readonly maxSizeBytes: number | undefined;
  /** Rotated files kept beside the one written to. */
  readonly maxFiles: number;
  readonly compress: boolean;
  /** Milliseconds; undefined: by size only. */
  readonly rotateEveryMs?: number | undefined;
  /** What a file that is made gets. */
  readonly access?: FileAccess | undefined;
  readonly hasTimestamps?: boolean | undefined;
}

export interface FileReports {
  /** Writing (or rotating) fails; told once until it works again. */
  readonly onFailed: (message: string, source?: OutputSource) => void;
  readonly onRestored: (source?: OutputSource) => void;
  readonly onDropped: (bytes: number, reason: string, source?: OutputSource) => void;
}

/** Takes the block that the bytes were read into; the caller reads on into another. */
export type KeepBlock = () => Buffer;

export interface FileWriter {
  /**
   * @param bytes copied, or kept.
   * @param keep if they are at the beginning of a block of the pool: gives that block away.
   * @returns false if the writer should pause until it is resumed.
   */
  readonly write: (bytes: Uint8Array, keep?: KeepBlock) => boolean;
  /** Nothing more comes. */
  readonly end: () => void;
}

export interface OutputFile {
  /** @param resume called when there is room again. */
  writerFor(source: OutputSource, resume: () => void): FileWriter;
  useRules(rules: RotationRules): void;
  /** Absent if it has no reader that it waits for. */
  useSlowReader?(rules: SlowReaderRules): void;
  /** The engine shuts down: a stuck reader is given up sooner. */
  hurry(): void;
  /** Resolves when nothing waits to be written, or what waits cannot be written now. */
  idle(): Promise<void>;
  /** Gives up what cannot be written, and tells how much was dropped. */
  tellUnwritten(): void;
  /** Writes what waits, if that is possible, then closes. */
  close(): Promise<void>;
}
