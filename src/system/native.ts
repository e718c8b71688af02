/** The typed face of the addon, and the only place that loads it. What each function does stands in `native/`. */

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { TaskmasterError } from '../errors.ts';

/** What `spawn` takes; everything in it is prepared before the child exists. */
export interface NativeSpawnRequest {
  /** Tried in this order by execve(2), as execvp(3) does: a path, or one per entry of the child's PATH. */
  readonly file: string;
  /** argv, with argv[0]. */
  readonly argv: readonly string[];
  /** Start from nothing rather than from the engine's own environment. */
  readonly clearEnvironment: boolean;
  /** Names taken away from the engine's own environment; a `*` at the end stands for any ending. */
  readonly unset: readonly string[];
  /** `NAME=value`, laid over the rest. */
  readonly set: readonly string[];
  readonly cwd: string | undefined;
  /** Named in messages only. */
  readonly userName: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** Supplementary groups; undefined: leave them. */
  readonly groups: readonly number[] | undefined;
  readonly umask: number | undefined;
  /** Triples: resource number (setrlimit(2)), soft, hard; -1 is unlimited. */
  readonly limits: readonly number[];
  readonly nice: number | undefined;
  readonly oomScoreAdj: number | undefined;
  readonly noNewPrivs: boolean;
  /** Its family's number, which all that it starts has too (`process-tree.ts`). */
  readonly mark?: number;
  /** Numbers of the capabilities to keep (capabilities(7)); undefined: leave them to the kernel's rules. */
  readonly capabilities: readonly number[] | undefined;
  /**
   * For stdin, stdout, stderr: a descriptor to duplicate, -1 for /dev/null, -2 for a new pipe; or -3 three times for
   * a new pseudo-terminal.
   */
  readonly stdio: readonly [number, number, number];
  /** Size of the pseudo-terminal, where one is asked for. */
  readonly columns?: number;
  readonly rows?: number;
}

export type NativeSpawnResult =
  | {
      readonly pid: number;
      /**
       * Our ends of the pipes asked for, non-blocking and close-on-exec; -1 where none was. Of a pseudo-terminal: one
       * to write to, one to read from, -1.
       */
      readonly fds: readonly [number, number, number];
    }
  | { readonly step: string; readonly errno: string; readonly message: string };

export interface NativeUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
  /** The primary group first, then the supplementary ones (getgrouplist(3)). */
  readonly groups: readonly number[];
}

export interface NativeAddon {
  spawn(request: NativeSpawnRequest): NativeSpawnResult;
  /**
   * Collects dead children by waitid(2), at most `most` of them, but none that is in `leaveAlone`: when one of
   * those is the first in the kernel's queue it stops there.
   * @returns pairs of pid and status as in wait(2), and the pid that stopped it, or 0.
   */
  reap(leaveAlone: Int32Array, most: number): { readonly collected: Int32Array; readonly stoppedAt: number };
  /** The mark of a process; 0 where it has none, -1 where prlimit(2) does not let us ask. */
  readMark(pid: number): number;
  /** Marks this process, so that a child is born with it; 0 gives it its former limit back. */
  markSelf(mark: number): void;
  /** close_range(2): every descriptor but the standard streams is closed by an exec. */
  sealDescriptors(): void;
  /** kill(2) with a plain or a negative pid. @returns 0 or the errno's number. */
  kill(pid: number, signal: number): number;
  /** waitid(2) without collecting: false once the process has no children at all, dead or alive. */
  hasChildren(): boolean;
  /** prctl(2) PR_SET_CHILD_SUBREAPER. @returns 0 or the errno's number. */
  becomeSubreaper(): number;
  /**
   * Calls back with the number of each signal that arrives, for those Node cannot name. Replaces an earlier
   * watch. Does not keep the event loop alive.
   */
  watchSignals(signals: readonly number[], callback: (signal: number) => void): void;
  /**
   * Lets the signals through that the launcher has had blocked since before Node began (native/launcher), and gives
   * LD_PRELOAD its former value. Nothing to do for an engine that was started otherwise.
   */
  releaseSignals(): void;
  /** By name or decimal uid (getpwnam_r(3)). null: no such user. A string: the errno of a failed look-up. */
  lookUpUser(nameOrUid: string): NativeUser | string | null;
  /** By name or decimal gid (getgrnam_r(3)). */
  lookUpGroup(nameOrGid: string): number | string | null;
  /** ioctl_tty(2) TIOCSWINSZ on our end of a pseudo-terminal. @returns 0 or the errno's number. */
  resizeTerminal(fd: number, columns: number, rows: number): number;
  /** SO_PEERCRED of a connected Unix socket (unix(7)); null where the kernel does not tell. */
  peerCredentials(fd: number): { readonly pid: number; readonly uid: number; readonly gid: number } | null;
  /** fcntl(2) F_SETPIPE_SZ. @returns the size it has then, whether the kernel agreed or not; -1 for what is no pipe. */
  resizePipe(fd: number, bytes: number): number;
  /** What the other end of a pipe, socket or terminal has not read yet; -1 if the kernel does not say. */
  unreadBytes(fd: number): number;
}

let loaded: NativeAddon | undefined;

/**
 * Loads `taskmaster.node` from beside the bundle, or from `dist` when run from source.
 * Throws `system` where it is missing or made for another machine.
 */
export function native(): NativeAddon {
  loaded ??= load();
  return loaded;
}

function load(): NativeAddon {
  // The bundle is CommonJS, where `import.meta` is empty but __dirname is there.
  const here =
    typeof __dirname === 'string'
      ? __dirname
      : join(dirname(new URL(import.meta.url).pathname), '../../dist');
  const path = join(here, 'taskmaster.node');
  try {
    return createRequire(join(here, 'native.cjs'))(path) as NativeAddon;
  } catch (cause) {
    throw new TaskmasterError('system', `cannot load the addon ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}
