/** What sessions and clients use of a socket. */
export interface Connection extends NodeJS.EventEmitter {
  readonly destroyed: boolean;
  readonly writable: boolean;
  readonly writableEnded: boolean;
  readonly writableNeedDrain: boolean;
  write(chunk: string | Uint8Array, done?: (error?: Error | null) => void): boolean;
  end(): unknown;
  destroy(): unknown;
  pause(): unknown;
  resume(): unknown;
  /** Only where writing costs a system call (`stream.Writable`). */
  cork?(): void;
  uncork?(): void;
}
