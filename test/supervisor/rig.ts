/** A supervisor in a world driven by hand: time, the kernel, health and output do what the test says, when it says. */

import { compareConfigs } from '../../src/config/diff.ts';
import type { Dependency, ProcessConfig, ResolvedConfig } from '../../src/config/resolved-config.ts';
import type { ExitStatus, SpawnFailure } from '../../src/lifecycle/exit-outcome.ts';
import type { WantedBy } from '../../src/lifecycle/reload.ts';
import type { SignalName } from '../../src/signals.ts';
import { describeInstance } from '../../src/supervisor/control/describe.ts';
import { EventStream } from '../../src/supervisor/events/event-stream.ts';
import type { Cancel, Clock } from '../../src/supervisor/ports/clock.ts';
import type { HealthFact, HealthMonitor, ProbeSubject, Standing } from '../../src/supervisor/ports/health.ts';
import type { InputPort } from '../../src/supervisor/ports/input.ts';
import type {
  Kernel,
  Leftover,
  PendingSpawn,
  Relation,
  SpawnAnswer,
  SpawnRequest,
} from '../../src/supervisor/ports/kernel.ts';
import type { OutputPort } from '../../src/supervisor/ports/output.ts';
import type { SocketPort } from '../../src/supervisor/ports/sockets.ts';
import { Drain } from '../../src/supervisor/shutdown/drain.ts';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import type { ExitVerdict } from '../../src/supervisor/world/exit-verdict.ts';
import type { InstanceRecord } from '../../src/supervisor/world/instance-record.ts';
import type { EngineEvent } from '../../src/wire/engine-event.ts';
import type { InstanceSnapshot } from '../../src/wire/snapshot.ts';
import { HandSelfReports } from '../support/hand-self-reports.ts';

export class HandClock implements Clock {
  #now = 0;
  #timers: { readonly due: number; readonly callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return 1_800_000_000_000 + this.#now;
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

  get pending(): number {
    return this.#timers.length;
  }

  advance(byMs: number): void {
    const until = this.#now + byMs;
    for (;;) {
      const next = this.#timers
        .filter(({ due }) => due <= until)
        .sort((one, other) => one.due - other.due)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.due);
      next.callback();
    }
    this.#now = until;
  }
}

interface Child {
  readonly onExit: (status: ExitStatus) => void;
  isLeaderAlive: boolean;
  others: number;
  /** Of the others, those in sessions of their own. */
  daemons: number;
}

/** A spawn without an answer, and the ways to give it one. */
export interface HeldSpawn {
  readonly execute: () => void;
  readonly fail: (failure: SpawnFailure) => void;
}

export class HandKernel implements Kernel {
  readonly spawned: SpawnRequest[] = [];
  readonly signals: { readonly pid: number; readonly signal: SignalName; readonly to?: string }[] = [];
  readonly #children = new Map<number, Child>();
  readonly #listeners = new Set<(pid: number) => void>();
  readonly #failures: SpawnFailure[] = [];
  strays = 0;
  /** From now on spawns have no answer. */
  holdsSpawns = false;
  /** A spawn that is given up has an answer on its way. */
  answersAnyway = false;
  readonly held: HeldSpawn[] = [];
  readonly abandoned: string[] = [];
  #lastPid = 100;

  spawn(
    request: SpawnRequest,
    onExit: (status: ExitStatus) => void,
    onAnswer: (answer: SpawnAnswer) => void,
  ): SpawnAnswer | PendingSpawn {
    const failure = this.#failures.shift();
    if (failure !== undefined) return { kind: 'failed', failure };
    this.spawned.push(request);
    if (!this.holdsSpawns) return this.#execute(onExit);
    const held = {
      execute: () => this.#answer(held, () => onAnswer(this.#execute(onExit))),
      fail: (failure: SpawnFailure) => this.#answer(held, () => onAnswer({ kind: 'failed', failure })),
    };
    this.held.push(held);
    return {
      kind: 'pending',
      doing: 'change directory to /hung',
      abandon: (why) => {
        if (this.held.includes(held)) this.abandoned.push(why);
        const errno = why === 'cancelled' ? 'ECANCELED' : 'ETIMEDOUT';
        if (!this.answersAnyway)
          held.fail({
            step: 'change directory',
            errno,
            message: 'cannot change directory to /hung: given up',
          });
      },
    };
  }

  #answer(held: HeldSpawn, answer: () => void): void {
    const index = this.held.indexOf(held);
    if (index < 0) return;
    this.held.splice(index, 1);
    answer();
  }

  #execute(onExit: (status: ExitStatus) => void): SpawnAnswer {
    this.#lastPid += 1;
    this.#children.set(this.#lastPid, { onExit, isLeaderAlive: true, others: 0, daemons: 0 });
    return {
      kind: 'spawned',
      pid: this.#lastPid,
      family: this.#lastPid,
      stdinFd: undefined,
      stdoutFd: undefined,
      stderrFd: undefined,
    };
  }

  failNextSpawn(errno: string, more: Pick<SpawnFailure, 'isPassing'> = {}): void {
    this.#failures.push({ step: 'execute', errno, message: `cannot execute it: ${errno}`, ...more });
  }

  /** The leader dies; `leaving` others of its group live on. */
  exit(pid: number, status: ExitStatus, leaving = 0, daemons = 0): void {
    const child = this.#child(pid);
    child.isLeaderAlive = false;
    child.others = leaving + daemons;
    child.daemons = daemons;
    child.onExit(status);
    for (const listener of this.#listeners) listener(pid);
  }

  /** The rest of the group dies. */
  emptyGroup(pid: number): void {
    this.#child(pid).others = 0;
    for (const listener of this.#listeners) listener(pid + 10_000);
  }

  /** A child of a dead leader shows late. */
  showChild(pid: number): void {
    this.#child(pid).others += 1;
    this.#child(pid).daemons += 1;
  }

  /** What is left of the group calls setsid(2). */
  becomeDaemons(pid: number): void {
    this.#child(pid).daemons = this.#child(pid).others;
  }

  signalGroup(pid: number, signal: SignalName): 'delivered' | 'gone' {
    this.signals.push({ pid, signal });
    return this.groupIsAlive(pid) ? 'delivered' : 'gone';
  }

  signalProcess(pid: number, signal: SignalName): 'delivered' | 'gone' {
    this.signals.push({ pid, signal, to: 'leader' });
    return this.groupIsAlive(pid) ? 'delivered' : 'gone';
  }

  signalFamily(pid: number, signal: SignalName, to: string): 'delivered' | 'gone' {
    this.signals.push({ pid, signal, to });
    return this.groupIsAlive(pid) ? 'delivered' : 'gone';
  }

  /** What processes are to any family; all others are strangers to it. */
  readonly relations = new Map<number, { readonly relation: Relation; readonly uid: number }>();
  orphans: readonly number[] = [];
  /** Of families whose lead has moved. */
  readonly #leaders = new Map<number, number>();

  relationOf(family: number, pid: number): { readonly relation: Relation; readonly uid: number } {
    const leader = this.#leaders.get(family) ?? family;
    const told = this.relations.get(pid);
    const leads = pid === leader && this.#child(leader).isLeaderAlive && told?.relation !== 'gone';
    return leads ? { relation: 'leader', uid: 0 } : (told ?? { relation: 'stranger', uid: 0 });
  }

  orphansOf(): readonly number[] {
    return this.orphans;
  }

  moveLeader(family: number, pid: number): boolean {
    if (pid !== family && !this.relations.has(pid)) return false;
    const { onExit } = this.#child(family);
    this.#leaders.set(family, pid);
    this.#children.set(pid, { onExit, isLeaderAlive: true, others: 0, daemons: 0 });
    return true;
  }

  remember(): void {}

  signalNewcomers(): void {}

  leftovers(pid: number): readonly Leftover[] {
    const { others, daemons } = this.#child(pid);
    return Array.from({ length: others }, (_, index) => ({
      pid: pid * 1_000 + index,
      isDaemon: index < daemons,
    }));
  }

  leftRunning(pid: number): readonly { readonly pid: number; readonly command: string }[] {
    return this.leftovers(pid).map((left) => ({ pid: left.pid, command: 'sleep 1000' }));
  }

  letDaemonsGo(pid: number): void {
    const child = this.#child(pid);
    child.others -= child.daemons;
    this.strays += child.daemons;
    child.daemons = 0;
  }

  release(): void {}

  groupIsAlive(pid: number): boolean {
    const child = this.#children.get(pid);
    return child !== undefined && (child.isLeaderAlive || child.others > 0);
  }

  onChildCollected(listener: (pid: number) => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readonly straySignals: string[] = [];
  /** What they do about TERM. */
  straysIgnoreTerm = false;

  signalStrays(signal: 'SIGTERM' | 'SIGKILL'): number {
    const found = this.strays;
    if (found > 0 && this.straySignals.at(-1) !== signal) this.straySignals.push(signal);
    if (found === 0 || (this.straysIgnoreTerm && signal === 'SIGTERM')) return found;
    this.strays = 0;
    queueMicrotask(() => {
      for (const listener of this.#listeners) listener(9_999);
    });
    return found;
  }

  hasChildren(): boolean {
    return this.strays > 0 || [...this.#children.keys()].some((pid) => this.groupIsAlive(pid));
  }

  get aliveCount(): number {
    return [...this.#children.values()].filter(({ isLeaderAlive }) => isLeaderAlive).length;
  }

  #child(pid: number): Child {
    const child = this.#children.get(pid);
    if (child === undefined) throw new Error(`no child ${pid}`);
    return child;
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

  history(): readonly [] {
    return [];
  }

  rename(): void {}

  forget(): void {}
}

const silentOutput: OutputPort = {
  prepare: () => ({ kind: 'ready', stdout: { kind: 'null' }, stderr: { kind: 'null' } }),
  attach: () => {},
  update: () => {},
  rename: () => {},
  forget: () => {},
  reopen: () => {},
  flush: () => Promise.resolve(),
};

const noInput: InputPort = {
  terminalSize: () => ({ columns: 80, rows: 24 }),
  attach: () => {},
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
  descriptorsOf: () => [],
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
    files: [],
    warnings: [],
  };
}

export class Rig {
  readonly clock = new HandClock();
  readonly kernel = new HandKernel();
  readonly health = new HandHealth();
  readonly selfReports = new HandSelfReports();
  readonly events: EventStream;
  readonly told: EngineEvent[] = [];
  readonly verdicts: ExitVerdict[] = [];
  readonly faults: unknown[] = [];
  readonly finished: ExitVerdict[] = [];
  readonly supervisor: Supervisor;
  readonly drain: Drain;
  #config: ResolvedConfig;

  constructor(processes: readonly ProcessConfig[], engine: Partial<ResolvedConfig['engine']> = {}) {
    this.events = new EventStream(this.clock);
    this.events.subscribe((event) => this.told.push(event));
    const ports = { clock: this.clock, kernel: this.kernel, events: this.events };
    this.#config = configOf(processes, engine);
    this.supervisor = new Supervisor(this.#config, {
      ...ports,
      health: this.health,
      output: silentOutput,
      input: noInput,
      sockets: NO_SOCKETS,
      selfReports: this.selfReports,
      random: () => 0.5,
      onVerdict: (verdict) => this.verdicts.push(verdict),
      onFault: (error) => this.faults.push(error),
    });
    this.drain = new Drain({
      ...ports,
      supervisor: this.supervisor,
      settleHooks: () => Promise.resolve(),
      onFinished: (verdict) => this.finished.push(verdict),
    });
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
    return describeInstance(record, this.clock, [], undefined, left);
  }

  state(name: string): string {
    return this.see(name).state;
  }

  pid(name: string): number {
    const { pid } = this.record(name);
    if (pid === undefined) throw new Error(`${name} does not run`);
    return pid;
  }

  decide(name: string, kind: 'start' | 'stop' | 'restart' | 'kill', by: WantedBy = 'user'): void {
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
