/** A supervisor in a world driven by hand: time, the kernel, health and output do what the test says, when it says. */

import { compareConfigs } from '../../src/config/diff.ts';
import type { Dependency, ProcessConfig, ResolvedConfig } from '../../src/config/resolved-config.ts';
import type { SpawnFailure } from '../../src/lifecycle/exit-outcome.ts';
import type { WantedBy } from '../../src/lifecycle/reload.ts';
import type { SignalName } from '../../src/signals.ts';
import { describeInstance } from '../../src/supervisor/control/describe.ts';
import { EventStream } from '../../src/supervisor/events/event-stream.ts';
import type { Cancel, Clock, WallAlarm } from '../../src/supervisor/ports/clock.ts';
import type {
  HealthFact,
  HealthMonitor,
  ProbeSubject,
  Standing,
  WatchPast,
} from '../../src/supervisor/ports/health.ts';
import type { InputPort } from '../../src/supervisor/ports/input.ts';
import type { OutputPort } from '../../src/supervisor/ports/output.ts';
import type { SocketPort } from '../../src/supervisor/ports/sockets.ts';
import { Drain } from '../../src/supervisor/shutdown/drain.ts';
import { Supervisor, type SupervisorPorts } from '../../src/supervisor/supervisor.ts';
import type { ExitVerdict } from '../../src/supervisor/world/exit-verdict.ts';
import type { InstanceRecord } from '../../src/supervisor/world/instance-record.ts';
import { worldAsText, worldFromText } from '../../src/supervisor/world/world.ts';
import type { EngineEvent } from '../../src/wire/engine-event.ts';
import type { InstanceSnapshot } from '../../src/wire/snapshot.ts';
import { HandKernel } from '../support/hand-kernel.ts';
import { HandSelfReports } from '../support/hand-self-reports.ts';
import { HandSockets } from '../support/hand-sockets.ts';

export class HandClock implements Clock {
  #now: number;
  #timers: { readonly due: number; readonly callback: () => void }[] = [];
  readonly #alarms: { at: number | undefined; readonly ring: () => void }[] = [];
  /** Epoch milliseconds where `now` is 0. */
  #wallZero = 1_800_000_000_000;

  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#wallZero + this.#now;
  }

  alarm(ring: () => void): WallAlarm {
    const alarm: { at: number | undefined; readonly ring: () => void } = { at: undefined, ring };
    this.#alarms.push(alarm);
    return {
      set: (at) => {
        alarm.at = at;
      },
      stop: () => {
        alarm.at = undefined;
      },
    };
  }

  /** Somebody sets it, or the machine was suspended until then. */
  setWall(time: number | string): void {
    this.#wallZero = (typeof time === 'string' ? Date.parse(time) : time) - this.#now;
    for (const alarm of this.#alarms) if (alarm.at !== undefined) alarm.ring();
  }

  /** Time goes by, and the engine does not run: what was due meanwhile comes late. */
  pause(byMs: number): void {
    this.#now += byMs;
    this.advance(0);
  }

  /** Until then by the wall clock, as it runs. */
  advanceTo(time: string): void {
    this.advance(Date.parse(time) - this.wallTime());
  }

  after(delayMs: number, callback: () => void): Cancel {
    const timer = { due: this.#now + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** The event loop is the real one. */
  soon(callback: () => void): Cancel {
    const immediate = setImmediate(callback);
    return () => clearImmediate(immediate);
  }

  get alarmsSet(): number {
    return this.#alarms.filter(({ at }) => at !== undefined).length;
  }

  get pending(): number {
    return this.#timers.length;
  }

  advance(byMs: number): void {
    const until = this.#now + byMs;
    for (;;) {
      const next = [...this.#timers, ...this.#rings()]
        .filter(({ due }) => due <= until)
        .sort((one, other) => one.due - other.due)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.due);
      next.callback();
    }
    this.#now = until;
  }

  #rings(): readonly { readonly due: number; readonly callback: () => void }[] {
    return this.#alarms.flatMap((alarm) => {
      if (alarm.at === undefined) return [];
      const callback = (): void => {
        alarm.at = undefined;
        alarm.ring();
      };
      return [{ due: alarm.at - this.#wallZero, callback }];
    });
  }
}

class HandHealth implements HealthMonitor {
  readonly watches = new Map<
    string,
    { standing: string; subject: ProbeSubject; report: (fact: HealthFact) => void }
  >();

  watch(standing: Standing, subject: ProbeSubject, report: (fact: HealthFact) => void): Cancel {
    const watch = { standing, subject, report };
    this.watches.set(subject.instance, watch);
    return () => {
      if (this.watches.get(subject.instance) === watch) this.watches.delete(subject.instance);
    };
  }

  /** Of the last watch that another engine has begun. */
  past: WatchPast | undefined;

  adopt(past: WatchPast, ...watch: Parameters<HandHealth['watch']>): Cancel {
    this.past = past;
    return this.watch(...watch);
  }

  history(): readonly [] {
    return [];
  }

  rename(): void {}

  forget(): void {}
}

const silentOutput: OutputPort = {
  prepare: () => ({ kind: 'ready', stdout: { kind: 'null' }, stderr: { kind: 'null' } }),
  attach: () => {},
  held: () => [],
  adopt: () => {},
  update: () => {},
  rename: () => {},
  forget: () => {},
  reopen: () => {},
  flush: () => Promise.resolve(),
};

const noInput: InputPort = {
  terminalSize: () => ({ columns: 80, rows: 24 }),
  attach: () => {},
  held: () => undefined,
  adopt: () => {},
  release: () => {},
  rename: () => {},
  forget: () => {},
};

export interface ProcessChoices {
  type?: ProcessConfig['type'];
  instances?: number;
  autostart?: boolean;
  essential?: boolean;
  dependsOn?: readonly (string | Dependency)[];
  policy?: ProcessConfig['restart']['policy'];
  sockets?: ProcessConfig['sockets'];
  activation?: NonNullable<ProcessConfig['activation']>;
  maxRestarts?: number;
  baseMs?: number;
  resetMs?: number;
  startTimeoutMs?: number;
  onUnhealthy?: ProcessConfig['health']['onUnhealthy'];
  stop?: ProcessConfig['stop'];
  kill?: ProcessConfig['kill'];
  steps?: Partial<NonNullable<ProcessConfig['steps']>>;
  reload?: NonNullable<ProcessConfig['reload']>;
  leaveRunning?: boolean;
  command?: string;
}

export function processConfig(name: string, choices: ProcessChoices = {}): ProcessConfig {
  return {
    name,
    description: undefined,
    command: { file: choices.command ?? `/bin/${name}`, args: [] },
    type: choices.type ?? 'simple',
    instances: choices.instances ?? 1,
    autostart: choices.autostart ?? true,
    essential: choices.essential ?? false,
    sockets: choices.sockets ?? [],
    ...(choices.activation && { activation: choices.activation }),
    dependsOn: (choices.dependsOn ?? []).map((dependency) =>
      typeof dependency === 'string'
        ? { process: dependency, condition: 'healthy', restart: false }
        : dependency,
    ),
    restart: {
      policy: choices.policy ?? 'on-failure',
      maxRestarts: choices.maxRestarts,
      exitCodes: [0],
      backoff: {
        baseMs: choices.baseMs ?? 500,
        factor: 2,
        maxMs: 30_000,
        resetMs: choices.resetMs ?? 30_000,
      },
    },
    startTimeoutMs: choices.startTimeoutMs,
    stop: choices.stop ?? [{ kind: 'signal', signal: 'SIGTERM', waitMs: 5_000, to: 'leader' }],
    kill: choices.kill ?? 'all',
    leaveRunning: choices.leaveRunning ?? false,
    ...(choices.steps && { steps: { preStart: [], postStart: [], postExit: [], ...choices.steps } }),
    ...(choices.reload && { reload: choices.reload }),
    reloadSignal: undefined,
    health: {
      probe: { kind: 'uptime', uptimeMs: 1_000 },
      intervalMs: 10_000,
      timeoutMs: 5_000,
      retries: 3,
      startPeriodMs: 30_000,
      startIntervalMs: 1_000,
      onUnhealthy: choices.onUnhealthy ?? 'restart',
    },
    spawn: {
      identity: undefined,
      workingDirectory: undefined,
      umask: undefined,
      environment: { clear: false, set: {} },
      limits: [],
      nice: undefined,
      oomScoreAdj: undefined,
      noNewPrivs: false,
      capabilities: undefined,
    },
    stdin: 'null',
    stdout: { kind: 'inherit' },
    stderr: { kind: 'inherit' },
    ringBytes: 65_536,
  };
}

/** Nothing is opened. */
export const NO_SOCKETS: SocketPort = {
  open: async () => [],
  use: () => {},
  discard: () => {},
  held: () => new Map(),
  adopt: async () => {},
  descriptorsOf: () => [],
  awaitArrival: () => () => {},
  awaitIdle: () => () => {},
};

const WAIT = { whenSlow: 'wait', stuckAfterMs: 5_000 } as const;

export function configOf(
  processes: readonly ProcessConfig[],
  engine: Partial<ResolvedConfig['engine']> = {},
): ResolvedConfig {
  return {
    engine: {
      socket: undefined,
      socketMode: 0o660,
      socketGid: undefined,
      access: [],
      log: { level: 'info', format: 'json', output: 'raw', marks: false, slowReader: WAIT },
      journal: { output: false, directory: undefined, maxBytes: undefined, maxAgeMs: undefined },
      graceMs: 10_000,
      http: undefined,
      terminationLog: '/dev/termination-log',
      exitWhen: 'never',
      main: undefined,
      hooks: [],
      ...engine,
    },
    processes: new Map(processes.map((process) => [process.name, process])),
    sockets: new Map(),
    groups: new Map(),
    files: [],
    warnings: [],
  };
}

export class Rig {
  /** Why the outputs of what is started cannot be opened. */
  outputFailure: SpawnFailure | undefined;
  readonly clock: HandClock;
  readonly kernel: HandKernel;
  readonly health = new HandHealth();
  readonly selfReports = new HandSelfReports();
  readonly sockets = new HandSockets();
  readonly events: EventStream;
  readonly told: EngineEvent[] = [];
  readonly verdicts: ExitVerdict[] = [];
  readonly faults: unknown[] = [];
  readonly finished: ExitVerdict[] = [];
  readonly supervisor: Supervisor;
  readonly drain: Drain;
  #config: ResolvedConfig;

  /** @param before an engine in whose process this one goes on. */
  constructor(
    processes: readonly ProcessConfig[],
    engine: Partial<ResolvedConfig['engine']> = {},
    before?: Rig,
  ) {
    this.clock = new HandClock(before?.clock.now());
    this.kernel = before?.kernel ?? new HandKernel();
    this.events = new EventStream(this.clock, before?.told.at(-1)?.id);
    this.events.subscribe((event) => this.told.push(event));
    const ports = { clock: this.clock, kernel: this.kernel, events: this.events };
    this.#config = configOf(processes, engine);
    const world = before && worldFromText(worldAsText(before.supervisor.world));
    const handover = JSON.parse(JSON.stringify(before?.supervisor.held() ?? {}));
    before?.kernel.handOver();
    const supervisorPorts: SupervisorPorts = {
      ...ports,
      health: this.health,
      output: { ...silentOutput, prepare: () => this.#prepare() },
      input: noInput,
      sockets: this.sockets,
      selfReports: this.selfReports,
      random: () => 0.5,
      onVerdict: (verdict) => this.verdicts.push(verdict),
      onFault: (error) => this.faults.push(error),
    };
    this.supervisor = new Supervisor(this.#config, supervisorPorts, world);
    this.drain = new Drain({
      ...ports,
      supervisor: this.supervisor,
      settleHooks: () => Promise.resolve(),
      onFinished: (verdict) => this.finished.push(verdict),
    });
    if (before === undefined) return;
    this.supervisor.resume(handover);
    this.drain.resume();
  }

  /** Another engine, in the same process, that goes on from what this one has written down. */
  successor(): Rig {
    const { processes, engine } = this.#config;
    return new Rig([...processes.values()], engine, this);
  }

  #prepare(): ReturnType<OutputPort['prepare']> {
    const failure = this.outputFailure;
    return failure === undefined
      ? { kind: 'ready', stdout: { kind: 'null' }, stderr: { kind: 'null' } }
      : { kind: 'failed', failure };
  }

  /** As at boot. */
  startAll(): this {
    for (const record of this.supervisor.records()) {
      if (record.process.autostart)
        this.supervisor.decide(record, 'start', { by: 'policy', cause: 'autostart' });
    }
    return this;
  }

  /** The same configuration once more, or another one. */
  reload(...processes: readonly ProcessConfig[]): void {
    const before = this.#config;
    const after = processes.length === 0 ? before : configOf(processes, before.engine);
    this.#config = after;
    const { plan } = compareConfigs(before, after);
    const fields = { added: [], removed: [], restarted: [], updated: [], duration_ms: 0 };
    this.supervisor.reload(after, { plan, fields, causedBy: undefined });
  }

  record(name: string): InstanceRecord {
    const record = this.supervisor.record(name);
    if (record === undefined) throw new Error(`no instance ${name}`);
    return record;
  }

  see(name: string): InstanceSnapshot {
    const record = this.record(name);
    const left = record.family === undefined ? [] : this.kernel.leftRunning(record.family);
    return describeInstance(record, this.clock, { dropped: [], left });
  }

  state(name: string): string {
    return this.see(name).state;
  }

  pid(name: string): number {
    const { pid } = this.record(name);
    if (pid === undefined) throw new Error(`${name} does not run`);
    return pid;
  }

  decide(name: string, kind: 'start' | 'stop' | 'restart' | 'run' | 'kill', by: WantedBy = 'user'): void {
    this.supervisor.decide(this.record(name), kind, { by, cause: 'a test asked for it' });
  }

  healthy(name: string): void {
    this.health.watches.get(name)?.report({ kind: 'becameHealthy' });
  }

  unhealthy(name: string): void {
    this.health.watches.get(name)?.report({ kind: 'becameUnhealthy', reason: 'connection refused' });
  }

  exit(name: string, code: number, leaving = 0, daemons = 0): void {
    this.kernel.exit(this.pid(name), { how: 'exited', code }, leaving, daemons);
  }

  die(name: string, signal: SignalName): void {
    this.kernel.exit(this.pid(name), { how: 'signalled', signal, core: false });
  }

  /** `SIGTERM leader`, … */
  targetsOf(pid: number): readonly string[] {
    return this.kernel.signals.filter((sent) => sent.pid === pid).map(({ signal, to }) => `${signal} ${to}`);
  }

  signalsTo(pid: number): readonly string[] {
    return this.kernel.signals.filter((sent) => sent.pid === pid).map(({ signal }) => signal);
  }
}
