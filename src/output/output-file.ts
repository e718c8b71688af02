/** What a stream of a process is written to when it is a path. */

import type { FileAccess } from '../config/resolved-config.ts';

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
}

export interface FileReports {
  /** Writing (or rotating) fails; told once until it works again. */
  readonly onFailed: (message: string) => void;
  readonly onRestored: () => void;
  readonly onDropped: (bytes: number, reason: string) => void;
}

/** Takes the block that the bytes were read into; whoever called reads on into another. */
export type KeepBlock = () => Buffer;

export interface OutputFile {
  /**
   * @param bytes copied, or kept.
   * @param keep where they stand at the beginning of a block of the pool: gives that block away.
   * @returns false where the writer should pause; `onDrain` tells when to go on.
   */
  write(bytes: Uint8Array, keep?: KeepBlock): boolean;
  /** Calls back once, when there is room again. */
  onDrain(resume: () => void): void;
  useRules(rules: RotationRules): void;
  /** Resolves when nothing waits to be written, or what waits cannot be written now. */
  idle(): Promise<void>;
  /** Gives up what cannot be written, and tells how much was dropped. */
  tellUnwritten(): void;
  /** Writes what waits, if that is possible, then closes. */
  close(): Promise<void>;
}
