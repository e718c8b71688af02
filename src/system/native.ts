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
  /** Absolute paths; those that begin with `-` may be absent. See `native/child_mounts.h`. */
  readonly mounts?: readonly string[];
  /** Of each: 0 read-only, 1 empty and its own, 2 inaccessible, 3 the root directory, which is the last one. */
  readonly mountKinds?: readonly number[];
  /** By the list of `native/system_calls.cc`; needs noNewPrivs. */
  readonly filtersSystemCalls?: boolean;
  /** Rights are bits, as in linux/landlock.h; none but those that this kernel knows. */
  readonly landlock?: {
    readonly handledFileRights: number;
    readonly handledPortRights: number;
    /** Those that begin with `-` may be absent. */
    readonly paths: readonly string[];
    /** Of each path. */
    readonly pathRights: readonly number[];
    /** Pairs: rights, port. */
    readonly ports: readonly number[];
  };
  /** Sent to it when the engine dies (prctl(2), PR_SET_PDEATHSIG). */
  readonly parentDeathSignal?: number;
  /** Its family's number, which all that it starts has too (`process-tree.ts`). */
  readonly mark?: number;
  /** Numbers of the capabilities to keep (capabilities(7)); undefined: leave them to the kernel's rules. */
  readonly capabilities: readonly number[] | undefined;
  /** Numbers of those that stay in the bounding set; absent: those of `capabilities`. */
  readonly bounding?: readonly number[];
  /** Bits to set (capabilities(7)). */
  readonly securebits?: number;
  /**
   * What becomes descriptor 0, 1, 2, … of the child: a descriptor to duplicate, -1 for /dev/null, -2 for a new pipe, -4
   * for the same as stdout; or -3 for the first three, a new pseudo-terminal.
   */
  readonly descriptors: readonly number[];
  /** Variables whose value is the child's own pid. */
  readonly pidVariables?: readonly string[];
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
      readonly fds: readonly [number, number, number, ...number[]];
    }
  | { readonly step: string; readonly errno: string; readonly message: string };

/** The child has neither executed its program nor failed, and goes on without us. */
export interface NativePendingSpawn {
  /** For `abandonSpawn`. */
  readonly pending: number;
  /** What it is about to do: `change directory to /srv`. */
  readonly doing: string;
}

export interface NativeUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
  /** The primary group first, then the supplementary ones (getgrouplist(3)). */
  readonly groups: readonly number[];
}

/** What to do with a file, and with which; see `native/file_call.h`. Numbers that are absent are not given. */
export interface FileRequest {
  readonly work:
    | 'append'
    | 'read'
    | 'readWhole'
    | 'overwrite'
    | 'create'
    | 'stat'
    | 'rename'
    | 'link'
    | 'unlink'
    | 'rmdir'
    | 'mkdir'
    | 'mkdirs'
    | 'list'
    | 'folder'
    | 'listen'
    | 'socketAccess'
    | 'readAt'
    | 'statFd'
    | 'sync'
    | 'lock'
    | 'close'
    | 'host';
  /** Calls of one lane may hold few threads: a directory, a device. */
  readonly lane?: string;
  readonly path?: string;
  readonly to?: string;
  readonly prefix?: string;
  /** What to write. */
  readonly text?: string;
  /** Bytes to read; one more, where there are more. */
  readonly limit?: number;
  /** The last ones. */
  readonly tail?: boolean;
  readonly fd?: number;
  readonly buffers?: readonly Uint8Array[];
  readonly offset?: number;
  readonly mode?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Whose files may be used, too. */
  readonly user?: number | undefined;
  /** The one file that is meant; any other is as if there were none. */
  readonly dev?: number;
  readonly ino?: number;
  readonly follow?: boolean;
  readonly regularOnly?: boolean;
  /** An owner that cannot be given is no failure. */
  readonly lenient?: boolean;
  readonly refuseForeign?: boolean;
}

export interface FileAnswer {
  /** What went wrong, by name and number; absent where nothing did. */
  readonly errno?: string;
  readonly number?: number;
  /** The rule that was broken, where it was not a system call that failed. */
  readonly why?: string;
  readonly at?: string;
  readonly count: number;
  readonly fd: number;
  readonly isMade: boolean;
  readonly kind: 'regular' | 'pipe' | 'directory' | 'socket' | 'link' | 'other';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  readonly size: number;
  readonly dev: number;
  readonly ino: number;
  readonly mtimeMs: number;
  /** Without links; not where one of /proc was opened as it is. */
  readonly realPath: string;
  /** Who may put what they like in its directory: only root and the engine's user, others too, another user. */
  readonly control: 'ours' | 'shared' | 'foreign';
  readonly directoryUid: number;
  readonly directoryMode: number;
  readonly mayWrite: boolean;
  /** What was read. */
  readonly data?: Buffer;
  /** Name, whether it is a directory (of addresses: of IPv6), and so on. */
  readonly entries?: readonly (string | boolean)[];
}

export interface NativeAddon {
  /** @returns null where there was no answer in time. Not for buffers. */
  fileNow(request: FileRequest, limitMs: number): FileAnswer | null;
  /** Buffers are used until it calls back. */
  fileLater(request: FileRequest, callback: (answer: FileAnswer) => void): void;
  /** writev(2): calls back with how much was written. */
  writeLater(
    fd: number,
    lane: string,
    buffers: readonly Uint8Array[],
    callback: (written: number | FileAnswer) => void,
  ): void;
  /** A TCP or UDP socket that listens, close-on-exec and blocking; or minus the errno's number. */
  listenInet(
    host: string,
    port: number,
    isDatagram: boolean,
    backlog: number,
    isPortShared: boolean,
    isV6Only: boolean,
  ): number;
  /**
   * epoll(7) on descriptors that programs share, which find them as they were.
   * @returns a descriptor to be watched and closed, or minus the errno's number.
   */
  openSocketWatch(fds: readonly number[]): number;
  /** @returns the index of one to which something has come since it was last returned, and is still there; or -1. */
  readSocketWatch(watch: number): number;
  /** The version of the kernel's Landlock (landlock(7)); 0 if it has none, or does not let us use it. */
  landlockVersion(): number;
  /** True where an open file has no name any more, as far as that is known without asking a disk or a server. */
  isUnlinked(fd: number): boolean;
  /** exit_group(2): nothing is flushed, and no thread is waited for. */
  exitNow(code: number): never;
  /**
   * @param patienceMs how long to wait for the child to execute its program or fail.
   * @param answer called once, in a later turn, if the spawn is pending and was not abandoned.
   */
  spawn(
    request: NativeSpawnRequest,
    patienceMs: number,
    answer: (result: NativeSpawnResult) => void,
  ): NativeSpawnResult | NativePendingSpawn;
  /**
   * Kills a child that has not executed its program, and collects it in its own time.
   * @returns what it was about to do, and whether a signal had stopped it; null where its answer is on its way.
   */
  abandonSpawn(id: number): {
    readonly step: string;
    readonly doing: string;
    readonly wasStopped: boolean;
  } | null;
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
  /** SIG_IGN (signal(7)). What is spawned has the default again. */
  ignoreSignals(signals: readonly number[]): void;
  /** By name or decimal uid (getpwnam_r(3)). null: no such user. A string: the errno of a failed look-up. */
  lookUpUser(nameOrUid: string): NativeUser | string | null;
  /** By name or decimal gid (getgrnam_r(3)). */
  lookUpGroup(nameOrGid: string): number | string | null;
  /** ioctl_tty(2) TIOCSWINSZ on our end of a pseudo-terminal. @returns 0 or the errno's number. */
  resizeTerminal(fd: number, columns: number, rows: number): number;
  /** malloc_trim(3). */
  trimMemory(): void;
  /** isatty(3). */
  isTerminal(fd: number): boolean;
  /** Accepts up to so many connections that wait at a listening socket; descriptors that the caller closes. */
  acceptMore(fd: number, most: number): readonly number[];
  /** SO_PEERCRED and SO_PEERGROUPS of a connected Unix socket (unix(7)); null where the kernel does not tell. */
  peerCredentials(fd: number): {
    readonly pid: number;
    readonly uid: number;
    readonly gid: number;
    /** Supplementary ones; empty where an old kernel does not tell. */
    readonly groups: readonly number[];
  } | null;
  /**
   * Has the kernel refuse every descriptor that somebody passes over this Unix socket, or over a connection to it: to
   * close one can take as long as its sender likes. @returns false where the kernel cannot (before Linux 6.16).
   */
  refuseDescriptors(fd: number): boolean;
  /**
   * A datagram socket that says who sends (unix(7), SO_PASSCRED), under an abstract name that nobody else has.
   * @returns the errno's number if there is none to be had
   */
  openNotifySocket(): { readonly fd: number; readonly name: string } | number;
  /** @returns null if no datagram waits. The caller closes the descriptors that came with it. */
  receiveNotification(fd: number): {
    readonly pid: number;
    readonly uid: number;
    /** At most 4 KiB of it. */
    readonly text: Buffer;
    readonly isCut: boolean;
    readonly fds: readonly number[];
  } | null;
  /**
   * inotify(7) on a file's place: it or its directory is moved, removed or replaced. What others do in that directory does
   * not wake the engine. @returns a descriptor to be watched, read and closed, or minus the errno's number.
   */
  openPlaceWatch(path: string, directory: string): number;
  /** Does not keep the event loop alive. @returns what ends it, to be called once before the descriptor is closed. */
  watchReadable(fd: number, callback: () => void): (() => void) | null;
  /** A timer of the wall clock, close-on-exec; or minus the errno's number. */
  openWallTimer(): number;
  /** Readable at that time, and when the clock is set. @returns 0, or the errno's number */
  setWallTimer(fd: number, epochMs: number): number;
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
