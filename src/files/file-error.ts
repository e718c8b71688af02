/** Why something could not be done with a file, also where it was the engine that would not do it. */

/** As the addon answers; `why` is a word where a rule was broken and not a system call failed. */
export interface FileRefusal {
  readonly errno: string;
  /** The errno's number, positive. */
  readonly number: number;
  readonly why: string;
  /** The part of the path that was reached. */
  readonly at: string;
}

const REASONS: Readonly<Record<string, (at: string, owner: number) => string>> = {
  link: (at) =>
    `${at || 'it'} is a symbolic link that another user could have made; give the path it leads to, or a directory that only root may write to`,
  'hard-link': () => 'the file has more than one name (hard links), in a directory that others may write to',
  kind: () => 'it is not a regular file, in a directory that others may write to',
  owner: (_at, owner) => `it belongs to user ${owner}, in a directory that others may write to`,
  private: () => 'only root may read it, but others may write to its directory',
  foreign: (_at, _owner) => 'its directory belongs to another user',
};

export class FileError extends Error {
  readonly code: string;
  /** Negative, as Node has it; undefined where no system call failed. */
  declare readonly errno?: number;
  /** The rule that was broken, or ''. */
  readonly rule: string;

  constructor({ errno, number, why, at }: FileRefusal, path: string, owner: number) {
    const reason = REASONS[why]?.(at, owner);
    super(reason ?? `${errno}: ${path}`);
    this.code = errno;
    if (reason === undefined) this.errno = -number;
    this.rule = why;
  }
}

/** The file system did not answer in time: a disk or a server hangs. */
export function notAnswering(path: string): FileError {
  const refusal = { errno: 'ETIMEDOUT', number: 110, why: '', at: '' };
  const error = new FileError(refusal, path, 0);
  return Object.assign(error, { errno: undefined, message: 'the file system does not answer' });
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
