/**
 * The failures taskmaster tells people about. Each carries a stable code: callers recognise an error by its
 * type or code, never by its text. The text says what could not be done, to what, why, and what to do next.
 */

/** Codes that appear in logs, RPC errors and `--json` output; they are part of the public interface. */
export type ErrorCode =
  | 'bad-arguments'
  | 'config-invalid'
  | 'not-permitted'
  | 'unknown-process'
  | 'not-running'
  | 'action-failed'
  | 'timed-out'
  | 'shutting-down'
  | 'engine-unreachable'
  | 'engine-already-running'
  | 'protocol'
  | 'system'
  | 'internal';

export class TaskmasterError extends Error {
  readonly code: ErrorCode;
  /** Machine-readable facts about the failure, safe to show to any client that may see the error. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** A system call that failed, with the errno's symbolic name as in errno(3). */
export class SystemError extends TaskmasterError {
  /** Symbolic name, such as `ENOENT`. */
  readonly errno: string;

  constructor(errno: string, message: string, options: { cause?: unknown } = {}) {
    super('system', message, { ...options, details: { errno } });
    this.errno = errno;
  }
}

/** Makes a forgotten member of a union a compile-time error, and a loud one should it happen all the same. */
export function assertNever(value: never, what: string): never {
  throw new TaskmasterError('internal', `unexpected ${what}: ${JSON.stringify(value)}`);
}
