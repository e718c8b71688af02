/**
 * The configuration after parsing, checking and resolving: every default filled in, every name looked up, every
 * duration in milliseconds. What the rest of taskmaster reads; nothing behind this line sees TOML.
 */

import type { Level } from '../levels.ts';
import type { CommandStage, PauseStage, RestartRules, SignalStage } from '../lifecycle/rules.ts';
import type { SignalName } from '../signals.ts';
import type { EngineSource } from './schema/schema.ts';

export type { BackoffRules, RestartRules } from '../lifecycle/rules.ts';

export interface ResolvedConfig {
  readonly engine: EngineConfig;
  /** By process name, in the order of the file(s). */
  readonly processes: ReadonlyMap<string, ProcessConfig>;
  /** By name, in the order of the file(s). */
  readonly sockets: ReadonlyMap<string, SocketConfig>;
  /** By name, the processes of each group, in the order of the file(s). */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** By process name, where its inherited values are written; without those that inherit nothing. */
  readonly inherited?: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Absolute paths read, the main file first. */
  readonly files: readonly string[];
  /** Things that work but deserve a look, each a whole sentence. */
  readonly warnings: readonly string[];
}

export interface EngineConfig {
  /** Absolute path, or undefined for the default places (SPEC section 11). */
  readonly socket: string | undefined;
  readonly socketMode: number;
  readonly socketGid: number | undefined;
  readonly access: readonly AccessGrant[];
  readonly log: EngineLogConfig;
  readonly journal: JournalConfig;
  /** Undefined: nobody listens. */
  readonly http: ListenAddress | undefined;
  /** What the runtime allows between TERM and KILL. */
  readonly graceMs: number;
  readonly exitWhen: 'main' | 'never' | 'all-done';
  /** The process whose end ends the container. */
  readonly main: string | undefined;
  /** Absolute path. */
  readonly terminationLog: string;
  readonly hooks: readonly HookConfig[];
}

export interface ListenAddress {
  /** An IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

export type SocketAddress =
  | ({ readonly kind: 'tcp' | 'udp' } & ListenAddress)
  | { readonly kind: 'stream' | 'datagram' | 'seqpacket' | 'fifo'; readonly path: string };

/** What the engine opens and passes to processes. */
export interface SocketConfig {
  readonly name: string;
  readonly address: SocketAddress;
  /** `FILE:LINE` of its table, for messages. */
  readonly where: string;
  readonly mode: number;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly backlog: number;
  readonly isPortShared: boolean;
  readonly isV6Only: boolean;
}

export interface PassedSocket {
  readonly name: string;
  /** What it is for the kernel. */
  readonly key: string;
  /** The same for people. */
  readonly address: string;
}

export interface AccessGrant {
  readonly level: 'read' | 'control';
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** Absent: every process, and all that the level opens. */
  readonly only?: {
    /** Names and patterns; undefined: every process. */
    readonly processes: readonly string[] | undefined;
    readonly stdin: boolean;
    readonly shutdown: boolean;
    readonly reload: boolean;
  };
}

export interface EngineLogConfig {
  readonly level: Level;
  /** `auto`: pretty on a terminal, JSON lines elsewhere. */
  readonly format: 'auto' | 'json' | 'pretty';
  /** How processes' output with `stdout = "inherit"` appears on the container's stream. */
  readonly output: 'raw' | 'prefix' | 'json';
  /** Starts, ends and health of processes are marked between their lines. */
  readonly marks: boolean;
  readonly slowReader: SlowReaderRules;
}

/** What happens if the reader of the container's stream, or of a FIFO, is slower than the processes. */
export interface SlowReaderRules {
  readonly whenSlow: 'wait' | 'drop';
  /** A reader that has taken nothing for this long is stuck: waiting processes continue, the oldest lines are dropped. */
  readonly stuckAfterMs: number;
}

export interface JournalConfig {
  /** Lines that processes print are kept too. */
  readonly output: boolean;
  /** Absolute path; undefined: in memory only. */
  readonly directory: string | undefined;
  /** Of the files, or where there is no directory of the memory; undefined: the default of either. */
  readonly maxBytes: number | undefined;
  readonly maxAgeMs: number | undefined;
}

export interface HookConfig {
  readonly on: HookEvent;
  readonly file: string;
  readonly args: readonly string[];
  readonly timeoutMs: number;
}
/** `failed` for `on_failed`. */
export type HookEvent = EventOf<keyof NonNullable<EngineSource['hooks']>>;
type EventOf<Key> = Key extends `on_${infer Event}` ? Event : never;

/** A command that runs around the life of a process. */
export interface StepConfig {
  /** As in the configuration: `pre_start[1]`. */
  readonly name: string;
  readonly command: { readonly file: string; readonly args: readonly string[] };
  readonly timeoutMs: number;
  /** `engine`: by the engine's own user, with its rights. */
  readonly as: 'process' | 'engine';
}

export type Steps = Readonly<Record<'preStart' | 'postStart' | 'postExit', readonly StepConfig[]>>;

export type StopStage = SignalStage | PauseStage | (CommandStage & { readonly step: StepConfig });

export interface ScheduleConfig {
  readonly times: ScheduleTimes;
  /** When a run is due while one is under way. */
  readonly overlap: 'skip' | 'queue' | 'kill';
  readonly runOnStart: boolean;
  /** What becomes of a time that passed unseen: in a suspend, or by a change of the clock. */
  readonly missed: 'run-once' | 'skip';
  /** Each run comes up to this much later, at random. */
  readonly splayMs: number;
}

export type ScheduleTimes =
  | { readonly kind: 'cron'; readonly expression: string; readonly timezone?: string }
  | { readonly kind: 'every'; readonly periodMs: number };

export interface ProcessConfig {
  readonly name: string;
  readonly description: string | undefined;
  /** Program and its arguments after argv[0]. `file` without a slash is looked up in the process's own PATH. */
  readonly command: { readonly file: string; readonly args: readonly string[] };
  readonly type: 'simple' | 'oneshot' | 'notify' | 'forking';
  /** How it says that it is ready; undefined: its health check does. */
  readonly readiness?: Readiness | undefined;
  /** It has to say so often that it works. */
  readonly watchdogMs?: number | undefined;
  readonly onWatchdog?: HealthRules['onUnhealthy'];
  /** When it runs; undefined: when it is started. */
  readonly schedule?: ScheduleConfig;
  readonly instances: number;
  /** How many copies a reload restarts at a time; undefined: all. */
  readonly rollout?: { readonly maxUnavailable: number } | undefined;
  readonly autostart: boolean;
  readonly essential: boolean;
  readonly dependsOn: readonly Dependency[];
  readonly restart: RestartRules;
  /** How long a start may take, until it is healthy or, as a one-shot, has exited; undefined: no limit. */
  readonly startTimeoutMs: number | undefined;
  readonly stop: readonly StopStage[];
  readonly steps?: Steps;
  /** Who gets the KILL after it. */
  readonly kill: 'leader' | 'all';
  /** What it has started stays when it ends. */
  readonly leaveRunning: boolean;
  readonly reloadSignal: SignalName | undefined;
  /** Has it read its configuration again, in place of a signal. */
  readonly reload?: StepConfig;
  readonly health: HealthRules;
  /** Those that are passed to it, in this order. */
  readonly sockets: readonly PassedSocket[];
  /** There if the first connection to its sockets starts it. */
  readonly activation?: {
    /** It is stopped if nobody uses its sockets for so long; undefined: never. */
    readonly idleStopMs: number | undefined;
  };
  /** Everything that only a new incarnation can take over. */
  readonly spawn: SpawnSettings;
  readonly stdin: InputSource;
  /** With a terminal as input: where what it shows goes; `stderr` is `null` then. */
  readonly stdout: OutputTarget;
  readonly stderr: OutputTarget;
  /** Bytes kept of each stream for those who look later. */
  readonly ringBytes: number;
}

export type Readiness =
  /** By sd_notify(3); `access`: whose messages count. */
  | { readonly kind: 'notified'; readonly access: 'main' | 'all' }
  /** By a newline on this descriptor of its own. */
  | { readonly kind: 'descriptor'; readonly fd: number }
  /** By a line of its output that this expression matches. */
  | { readonly kind: 'line'; readonly expression: string }
  /** What is spawned exits and leaves a daemon, whose pid is in this file; undefined: the only one that is left. */
  | { readonly kind: 'forked'; readonly pidFile: string | undefined };

/** What standard input is; `terminal`: a pseudo-terminal, which is standard output and error as well. */
export type InputSource = 'null' | 'pipe' | 'terminal';

export interface Dependency {
  readonly process: string;
  readonly condition: 'started' | 'healthy' | 'completed';
  /** Restart the dependent whenever the dependency gets a new incarnation. */
  readonly restart: boolean;
}

export interface HealthRules {
  readonly probe: ProbeConfig;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly startPeriodMs: number;
  readonly startIntervalMs: number;
  readonly onUnhealthy: 'restart' | 'exit' | 'none';
}

/** A port that differs from copy to copy is a text (`instance-text.ts`). */
export type ProbeConfig =
  | { readonly kind: 'uptime'; readonly uptimeMs: number }
  | { readonly kind: 'command'; readonly file: string; readonly args: readonly string[] }
  | { readonly kind: 'http'; readonly url: string; readonly expectStatus: readonly number[] | undefined }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number | string };

export interface SpawnSettings {
  /** The user to become; undefined: stay the engine's user. */
  readonly identity: Identity | undefined;
  readonly workingDirectory: string | undefined;
  readonly umask: number | undefined;
  readonly environment: EnvironmentPlan;
  readonly limits: readonly ResourceLimit[];
  readonly nice: number | undefined;
  readonly oomScoreAdj: number | undefined;
  readonly noNewPrivs: boolean;
  readonly landlock?: LandlockRules;
  readonly parentDeathSignal?: SignalName | undefined;
  /** Capability names to keep, as in capabilities(7); undefined: leave them to the kernel's rules. */
  readonly capabilities: readonly string[] | undefined;
  /** What it can ever have, by programs that give capabilities too; absent: those of `capabilities`. */
  readonly boundingCapabilities?: readonly string[];
  /** Which system calls fail; absent: none. */
  readonly seccomp?: 'default';
  /** How it sees the file system; absent: as the engine does. */
  readonly mounts?: MountSettings;
  /** Names of bits, as in systemd.exec(5). */
  readonly securebits?: readonly string[];
}

/** Absolute paths; those that begin with `-` may be absent. */
export interface MountSettings {
  readonly readOnly?: readonly string[];
  readonly inaccessible?: readonly string[];
  /** Its /tmp and /var/tmp are empty and its own. */
  readonly privateTmp?: boolean;
  /** Its root directory. */
  readonly root?: string;
}

/** All that a process may do with files and TCP ports, beyond its rights; undefined: what its rights allow. */
export interface LandlockRules {
  /** Absolute paths; those that begin with `-` may be absent. */
  readonly read?: readonly string[];
  readonly write?: readonly string[];
  /** Undefined: what it may read. */
  readonly execute?: readonly string[];
  /** A port that differs from copy to copy is a text (`instance-text.ts`). */
  readonly connectTcp?: readonly (number | string)[];
  readonly bindTcp?: readonly (number | string)[];
  /** A kernel that cannot do all of it is refused. */
  readonly isRequired: boolean;
}

export interface Identity {
  readonly userName: string | undefined;
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, the whole list for setgroups(2). */
  readonly groups: readonly number[];
}

/** The child's environment: the engine's own (unless `clear`), overlaid with `set` and then with the secrets. */
export interface EnvironmentPlan {
  readonly clear: boolean;
  readonly set: Readonly<Record<string, string>>;
  /**
   * By variable, the absolute path of the file that holds its value. What is in the file is known only to the one
   * who spawns, and to the process: no other part of the engine could give it away. Absent where there are none.
   */
  readonly secretFiles?: Readonly<Record<string, string>>;
}

export interface ResourceLimit {
  /** As in setrlimit(2) without the prefix, lower case: `nofile`, `nproc`, `core`, … */
  readonly resource: string;
  /** Infinity for unlimited. */
  readonly soft: number;
  readonly hard: number;
}

export type OutputTarget =
  | { readonly kind: 'inherit' }
  | { readonly kind: 'null' }
  | { readonly kind: 'passthrough' }
  /** To the same as standard output, by the same pipe; of standard error only. */
  | { readonly kind: 'stdout' }
  | {
      readonly kind: 'file';
      readonly path: string;
      /** Bytes at which the file is rotated; undefined: never. */
      readonly maxSizeBytes: number | undefined;
      readonly maxFiles: number;
      readonly compress: boolean;
      /** Also rotated at the multiples of this, whatever the size. */
      readonly rotateEveryMs?: number;
      readonly access?: FileAccess;
      /** All instances write to this file, whatever their number. */
      readonly isShared?: boolean;
      /** Each line gets the time at which it was printed. */
      readonly hasTimestamps?: boolean;
    };

/** Of a file that is made; what is absent is as the engine's user, group and umask make it. */
export interface FileAccess {
  /** The process's user: files of that user that are there may be used, wherever they are. */
  readonly user?: number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}
