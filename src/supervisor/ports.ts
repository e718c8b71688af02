/**
 * What the supervisor needs from outside, as interfaces. The real ones live in `system`, `health`, `output` and
 * `logging`; tests drive fakes by hand, and one contract test runs against both.
 */

import type {
  EnvironmentPlan,
  Identity,
  OutputTarget,
  ProcessConfig,
  ResourceLimit,
} from '../config/resolved-config.ts';
import type { ExitStatus, SpawnFailure } from '../lifecycle/exit-outcome.ts';
import type { SignalName } from '../signals.ts';
import type { EngineEvent } from '../wire/engine-event.ts';
import type { LeftProcess } from '../wire/snapshot.ts';

/** Takes back what was begun; calling it again does nothing. */
export type Cancel = () => void;

export interface Clock {
  /** Milliseconds that only grow (CLOCK_MONOTONIC); the zero is arbitrary. */
  now(): number;
  /** Milliseconds since the epoch, for people; may jump. */
  wallTime(): number;
  /** Calls back once, no earlier than `delayMs` from now. */
  after(delayMs: number, callback: () => void): Cancel;
  /** Calls back once, in the next turn of the event loop: after what has come until then. */
  soon(callback: () => void): Cancel;
}

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
  /** What the kernel sends it when the engine dies. */
  readonly parentDeathSignal?: SignalName | undefined;
  readonly capabilities: readonly string[] | undefined;
  /** All that the program has open: 0, 1, 2 and so on without a gap. */
  readonly descriptors: readonly PlacedDescriptor[];
}

/** One descriptor of a child. */
export interface PlacedDescriptor {
  /** Its number there. Pipes and terminals are for 0, 1 and 2. */
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
      /** Names the child and all that it starts, to `signalFamily` and the like. */
      readonly family: number;
    }
  | { readonly kind: 'failed'; readonly failure: SpawnFailure };

/** A process that outlives the one which started it. */
export interface Leftover {
  readonly pid: number;
  /** It is in a session of its own. */
  readonly isDaemon: boolean;
}

/** The kernel: the one spawn path and the one reaper. */
export interface Kernel {
  /**
   * Starts a program in a session and process group of its own. Returns after its exec succeeded or a step failed, or
   * `pending` if that takes longer than a moment: then `onAnswer` is called once, later. `onExit` is called exactly
   * once, in a later turn of the event loop than the answer, after the child was collected.
   */
  spawn(
    request: SpawnRequest,
    onExit: (status: ExitStatus) => void,
    onAnswer: (answer: SpawnAnswer) => void,
  ): SpawnAnswer | PendingSpawn;
  /** kill(2) on a whole process group; `gone`: nobody there. Signals but KILL are followed by CONT. */
  signalGroup(pid: number, signal: SignalName): 'delivered' | 'gone' | 'not-permitted';
  /** kill(2) on one process; otherwise as `signalGroup`. */
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
  /** Looks at the family while its leader lives, so that what leaves it later is known. */
  remember(family: number): void;
  /** Sends the family's last signal to those that were not there when it was sent. */
  signalNewcomers(family: number): void;
  /** What of the family is alive, its leader aside; zombies do not count. */
  leftovers(family: number): readonly Leftover[];
  /** What of it is alive, its leader aside, those that were let go included; the first few, for people. */
  leftRunning(family: number): readonly LeftProcess[];
  /** Those in sessions of their own are no leftovers from now on, but strays that may stay until the engine ends. */
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

/** Identifies one life of one instance. */
export interface IncarnationId {
  /** `web`, or `web:2` where the process has several instances. */
  readonly instance: string;
  readonly incarnation: number;
}

export interface ProbeSubject extends IncarnationId {
  readonly pid: number;
  readonly process: ProcessConfig;
  /** The environment additions that the incarnation was given (instance number and the like). */
  readonly environment: EnvironmentPlan;
}

/** `causedBy`: id of the event that told the probe's run, where there was one. */
export type HealthFact =
  | { readonly kind: 'becameHealthy'; readonly causedBy?: number }
  | { readonly kind: 'becameUnhealthy'; readonly reason: string; readonly causedBy?: number };

/** One run of a probe, kept for `why`. */
export interface ProbeRun {
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly passed: boolean;
  /** In words: `exited with code 22`, `timed out after 5s`, `connection refused`. */
  readonly outcome: string;
  /** At most 4 KiB of what it printed. */
  readonly output: string;
}

/** What was last told of an incarnation's health. */
export type Standing = 'unproven' | 'healthy' | 'unhealthy';

export interface HealthMonitor {
  /**
   * Watches an incarnation of which the last word is `standing`, and reports changes of it only: an unproven one
   * is asked at once and soon again, any other one interval later. Nothing is reported after the cancel; a running
   * probe is killed by it.
   */
  watch(standing: Standing, subject: ProbeSubject, report: (fact: HealthFact) => void): Cancel;
  /** The last 5 runs of the instance's probe, oldest first. */
  history(instance: string): readonly ProbeRun[];
  /** A reload gave the instance another name. */
  rename(from: string, to: string): void;
  forget(instance: string): void;
}

/** Where an instance's streams go, and how many bytes of each are kept for those who look later. */
export interface OutputTargets {
  readonly stdout: OutputTarget;
  readonly stderr: OutputTarget;
  readonly ringBytes: number;
}

/** What processes print; see `output`. The supervisor only opens and hands over descriptors. */
export interface OutputPort {
  /** How the child's stdout and stderr must be opened for these targets. Throws nothing: a target that cannot
   *  be opened is a spawn failure of step `open stdout`. */
  prepare(
    instance: string,
    targets: OutputTargets,
  ):
    | { readonly kind: 'ready'; readonly stdout: ChildDescriptor; readonly stderr: ChildDescriptor }
    | { readonly kind: 'failed'; readonly failure: SpawnFailure };
  /** Takes ownership of the read ends. Called in the same turn as the answer to the spawn. */
  attach(
    id: IncarnationId,
    pipes: { readonly stdoutFd: number | undefined; readonly stderrFd: number | undefined },
  ): void;
  /** Takes over what may change under a running incarnation: rotation, and how much is kept. */
  update(instance: string, targets: OutputTargets): void;
  /** A reload gave the instance another name; what it holds, and who follows it, stays. */
  rename(from: string, to: string): void;
  /** Drops the instance's rings and files (it was removed from the configuration). */
  forget(instance: string): void;
  /** Closes and opens log files anew (USR2, for logrotate). */
  reopen(): void;
  /** Resolves when all that was read has been written, or after `limitMs`. */
  flush(limitMs: number): Promise<void>;
}

/** What processes are given to read; see `input`. The supervisor only hands over descriptors. */
export interface InputPort {
  /** The size that a terminal opened for the instance now should have. */
  terminalSize(instance: string): TerminalSize;
  /** Takes ownership of our end of its standard input. Called in the same turn as the answer to the spawn. */
  attach(id: IncarnationId, fd: number, kind: 'pipe' | 'terminal'): void;
  /** The incarnation has ended: what waited for it is dropped. */
  release(id: IncarnationId): void;
  /** A reload gave the instance another name; who writes to it stays. */
  rename(from: string, to: string): void;
  /** The instance was removed from the configuration. */
  forget(instance: string): void;
}

/** Who writes, for those who may not. */
export interface InputHolder {
  readonly uid: number;
  readonly pid: number;
}

export interface ClaimOptions {
  /** Takes over from who writes now. */
  readonly steal: boolean;
  /** Called once, when somebody else takes over. */
  readonly onLost: (to: InputHolder) => void;
}

/** The right to write to an instance, over all its incarnations to come. */
export interface InputClaim {
  /**
   * Resolves when the process has been given all of it; `end` closes its input after that (a terminal stays
   * open: its end is a key, Ctrl-D). Rejects with `not-running` where it ended before or does not run, `action-failed` where it has
   * closed its input, does not read, or somebody else has taken over.
   */
  write(bytes: Uint8Array, end: boolean): Promise<void>;
  /** The terminal's size, of this incarnation and those to come. Nothing happens without a terminal. */
  resize(size: TerminalSize): void;
  release(): void;
}

/** What an incarnation uses, with all that it has started: the sum over its session. */
export interface GroupUsage {
  /**
   * User and system time of the processes that are there, and of those dead ones that one of them has waited for.
   * Never falls while the leader lives.
   */
  readonly cpuSeconds: number;
  /** Resident memory; what processes share is counted for each of them. */
  readonly residentBytes: number;
  /** The part of it that is neither of a file nor shared memory. */
  readonly anonymousBytes: number;
  /** How many live, the leader included. */
  readonly processes: number;
}

/** What the container as a whole uses, of what it may; outside of one, the machine. */
export interface ContainerUsage {
  /** Processes that run or wait to, on average over the last minute; the whole machine's (proc_loadavg(5)). */
  readonly load: number;
  /** How many it may keep busy; not always whole. */
  readonly processors: number;
  /** Without files in memory that the kernel can give up at once. */
  readonly memoryBytes?: number;
  readonly memoryLimitBytes?: number;
}

export interface UsageReading {
  /** By the leader's pid. */
  get(pid: number): GroupUsage | undefined;
  readonly container?: ContainerUsage;
}

export interface UsageReader {
  /** Reads for all at once, in slices between which the event loop has its turn. Never rejects. */
  read(): Promise<UsageReading>;
}

/** Receives every event, in order, at once; must not throw and must not block. */
export interface EventSink {
  record(event: EngineEvent): void;
}
