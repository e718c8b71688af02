/**
 * Spawning, signals and reaping: what the supervisor needs of the kernel. `system` has the real one, tests drive a fake by
 * hand, and one contract test runs against both.
 */

import type {
  EnvironmentPlan,
  Identity,
  LandlockRules,
  MountSettings,
  ResourceLimit,
} from '../../config/resolved-config.ts';
import type { ExitStatus, SpawnFailure } from '../../lifecycle/exit-outcome.ts';
import type { SignalName } from '../../signals.ts';
import type { LeftProcess } from '../../wire/snapshot.ts';
import type { Cancel } from './clock.ts';

/** Where a child's descriptor leads. */
export type ChildDescriptor =
  /** /dev/null */
  | { readonly kind: 'null' }
  /** A new pipe; our end comes back close-on-exec and non-blocking. */
  | { readonly kind: 'pipe' }
  /** The same as its stdout, by the same pipe if that is one; of stderr only. */
  | { readonly kind: 'stdout' }
  /** The engine's descriptor of this number, duplicated. */
  | { readonly kind: 'inherit'; readonly fd: number }
  /** A new pseudo-terminal of this size, the session's own; all three are the same one. */
  | { readonly kind: 'terminal'; readonly size: TerminalSize };

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface SpawnRequest {
  /** With a slash: a path (relative to the working directory). Without: searched in the child's own PATH. */
  readonly file: string;
  /** After argv[0], which is `file` as given. */
  readonly args: readonly string[];
  readonly environment: EnvironmentPlan;
  readonly workingDirectory: string | undefined;
  readonly identity: Identity | undefined;
  readonly umask: number | undefined;
  readonly limits: readonly ResourceLimit[];
  readonly nice: number | undefined;
  readonly oomScoreAdj: number | undefined;
  readonly noNewPrivs: boolean;
  readonly landlock?: LandlockRules | undefined;
  readonly mounts?: MountSettings | undefined;
  readonly seccomp?: 'default' | undefined;
  /** What the kernel sends it when the engine dies. */
  readonly parentDeathSignal?: SignalName | undefined;
  readonly capabilities: readonly string[] | undefined;
  readonly boundingCapabilities?: readonly string[] | undefined;
  readonly securebits?: readonly string[] | undefined;
  /** Variables whose value is its own pid, whatever the environment says of them. */
  readonly pidVariables?: readonly string[];
  /** All that the program has open: 0, 1, 2 and so on without a gap. */
  readonly descriptors: readonly PlacedDescriptor[];
}

/** One descriptor of a child. */
export interface PlacedDescriptor {
  /** Its number there. Terminals are for 0, 1 and 2; to other pipes the child writes. */
  readonly target: number;
  readonly source: ChildDescriptor;
  /**
   * Passed on by name, as systemd passes sockets: LISTEN_FDS, LISTEN_FDNAMES and LISTEN_PID say so (sd_listen_fds(3)).
   * Those with a name are 3, 4 and so on.
   */
  readonly name?: string;
}

/** A child that has neither executed its program nor failed after a moment, and goes on meanwhile. */
export interface PendingSpawn {
  readonly kind: 'pending';
  /** What it is about to do: `change directory to /srv`. */
  readonly doing: string;
  /**
   * Kills it. The answer comes within the call, as a failure of the step that it was in, unless the real one is on its
   * way. Calling it again does nothing.
   */
  abandon(why: 'timed-out' | 'cancelled'): void;
}

export type SpawnAnswer =
  | {
      readonly kind: 'spawned';
      /** The child leads a session and process group of this number. */
      readonly pid: number;
      /**
       * Our ends of the pipes asked for; the caller owns and closes them. A terminal is written to by `stdinFd` and
       * read from by `stdoutFd`.
       */
      readonly stdinFd: number | undefined;
      readonly stdoutFd: number | undefined;
      readonly stderrFd: number | undefined;
      /** Of pipes beyond the standard streams, by their number in the child. */
      readonly otherPipes?: ReadonlyMap<number, number>;
      /** Names the child and all that it starts, to `signalFamily` and the like. */
      readonly family: number;
    }
  | { readonly kind: 'failed'; readonly failure: SpawnFailure };

/** A family that another engine has spawned in this very process (execve(2) keeps its children), as its world describes it. */
export interface KnownFamily {
  readonly family: number;
  /** Its leader. */
  readonly pid: number;
  /** As `startTimeOf` said. */
  readonly startTime: number;
  /** The engine before has not collected it. */
  readonly isLeaderAlive: boolean;
  /** Daemons in it may run until shutdown: `letDaemonsGo` was called. */
  readonly sparesDaemons: boolean;
}

/** A process that outlives the one which started it. */
export interface Leftover {
  readonly pid: number;
  /** It is in a session of its own. */
  readonly isDaemon: boolean;
}

/**
 * What a process is to a family. `member`: it descends from the leader. `orphan`: it says so itself, by its mark, and its
 * parent is the engine. `stranger`: neither. `gone`: nobody knows any more.
 */
export type Relation = 'leader' | 'member' | 'orphan' | 'stranger' | 'gone';

/** The kernel: the one spawn path and the one reaper. */
export interface Kernel {
  /**
   * Starts a program in a session and process group of its own. Returns after its exec succeeded or a step failed, or
   * `pending` if that takes longer than a moment: then `onAnswer` is called once, later. `onExit` is called exactly
   * once, in a later turn of the event loop than the answer, after the child was collected, and once more for each leader
   * that `moveLeader` gives the family afterwards. Of a leader that was replaced nothing is reported.
   */
  spawn(
    request: SpawnRequest,
    onExit: (status: ExitStatus) => void,
    onAnswer: (answer: SpawnAnswer) => void,
  ): SpawnAnswer | PendingSpawn;
  /**
   * Continues with a family as if it had been spawned here: `onExit` is called for a leader that has died meanwhile too.
   * @returns false if its leader is gone: the number is nobody's, or another process has it.
   */
  adopt(known: KnownFamily, onExit: (status: ExitStatus) => void): boolean;
  /**
   * When the family's leader started, in clock ticks since boot (proc_pid_stat(5)): with its pid it names a process for
   * good. 0 if nobody can tell.
   */
  startTimeOf(family: number): number;
  /** kill(2) on a whole process group; `gone`: nobody there. Signals but KILL are followed by CONT. */
  signalGroup(pid: number, signal: SignalName): 'delivered' | 'gone' | 'not-permitted';
  /** kill(2) on one process; otherwise as `signalGroup`. A leader that is not the engine's child has to be the same still. */
  signalProcess(pid: number, signal: SignalName): 'delivered' | 'gone' | 'not-permitted';
  /**
   * To what a child has started, wherever it has gone. `group`: its process group, the child included. `others`: all of
   * its descendants. `outsiders`: those that left the group. `all`: the group and all descendants.
   */
  signalFamily(
    family: number,
    signal: SignalName,
    to: 'group' | 'others' | 'outsiders' | 'all',
  ): 'delivered' | 'gone' | 'not-permitted';
  /** What a process is to the family now, and its real user. */
  relationOf(family: number, pid: number): { readonly relation: Relation; readonly uid: number };
  /** Members that are children of the engine: what the dead leader left, without what descends from those. */
  orphansOf(family: number): readonly number[];
  /** A member leads the family from now on. @returns false if it has gone, or is none. */
  moveLeader(family: number, pid: number): boolean;
  /** Looks at the family while its leader lives, so that what leaves it later is known. */
  remember(family: number): void;
  /** Sends the family's last signal to those that were not there when it was sent. */
  signalNewcomers(family: number): void;
  /** What of the family is alive, its leader aside; zombies do not count. */
  leftovers(family: number): readonly Leftover[];
  /** What of it is alive, its leader aside, those that were let go included; the first few, for people. */
  leftRunning(family: number): readonly LeftProcess[];
  /** From now on, processes in sessions of their own are not leftovers but strays, which may run until shutdown. */
  letDaemonsGo(family: number): void;
  /** Nobody asks for the family any more; what is left of it is a stray. */
  release(family: number): void;
  /** True while any process (a zombie too) is left in the group. */
  groupIsAlive(pid: number): boolean;
  /** Called after any child was collected, known or not, so that waits for a group to vanish look again. */
  onChildCollected(listener: (pid: number) => void): Cancel;
  /**
   * To whatever is left that is in no family which still runs or is being stopped: everybody when the engine is PID 1,
   * else its own descendants. Each gets one TERM, however often this is called. Returns how many are alive.
   * `hooksToo`: what the engine runs by other means than `spawn` as well.
   */
  signalStrays(signal: 'SIGTERM' | 'SIGKILL', hooksToo?: boolean): number;
  /** Children of any kind still there, zombies included. */
  hasChildren(): boolean;
}
