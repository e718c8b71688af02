/** An engine port that does what the test says and notes what it was asked. */

import { TaskmasterError } from '../../src/errors.ts';
import type { Batch } from '../../src/journal/batch.ts';
import { search } from '../../src/journal/search.ts';
import type { Action } from '../../src/lifecycle/states.ts';
import type {
  EnginePort,
  FollowedChunk,
  HealthQuestion,
  OutputChunk,
  RecentChunk,
  ReloadKind,
  Requester,
} from '../../src/rpc/access/engine-port.ts';
import { type InstanceName, selectInstances, unknownProcess } from '../../src/rpc/access/select.ts';
import type { SignalName } from '../../src/signals.ts';
import { describeContainer } from '../../src/supervisor/control/describe.ts';
import type { Cancel } from '../../src/supervisor/ports/clock.ts';
import type { ClaimOptions, InputClaim } from '../../src/supervisor/ports/input.ts';
import type { JournalEntry, JournalPort, OutputEntry } from '../../src/supervisor/ports/journal.ts';
import type { UsageReading } from '../../src/supervisor/ports/usage.ts';
import type { EngineEvent, EventFields, EventName } from '../../src/wire/engine-event.ts';
import type {
  EngineSnapshot,
  HealthVerdict,
  InstanceSnapshot,
  ProgramReload,
  ReloadReport,
  WhyReport,
} from '../../src/wire/snapshot.ts';

/** A healthy instance, but for what is said. */
export function anInstance(name: string, changes: Partial<InstanceSnapshot> = {}): InstanceSnapshot {
  return {
    name,
    process: name.split(':')[0] ?? name,
    state: 'healthy',
    desired: 'up',
    since: 1_700_000_000_000,
    state_age_ms: 2_000,
    health: 'healthy',
    pid: 4242,
    incarnation: 1,
    uptime_ms: 3_000,
    restarts: 0,
    consecutive_restarts: 0,
    last_exit: null,
    reason: null,
    waiting_for: [],
    retry_in_ms: null,
    ...changes,
  };
}

export class FakeEngine implements EnginePort {
  readonly calls: string[] = [];
  readonly instances = new Map<string, InstanceSnapshot>();
  /** What the journal holds. */
  readonly entries: JournalEntry[] = [];
  readonly output = new Map<string, OutputChunk[]>();
  readonly written: { instance: string; text: string; end: boolean }[] = [];
  readonly bytesWritten: Buffer[] = [];
  /** `pipe` where nothing is said. */
  readonly inputs = new Map<string, 'null' | 'pipe' | 'terminal'>();
  readonly holders = new Map<string, { readonly by: Requester; readonly onLost: ClaimOptions['onLost'] }>();
  /** A write is answered when this resolves. */
  inputTaken: Promise<void> = Promise.resolve();
  draining = false;
  version = '1.2.3';
  /** By pid, for anyone who asks for usage. */
  usage: UsageReading = new Map();
  usageReads = 0;
  verdict: HealthVerdict = { ok: true, reason: 'all 1 processes are healthy' };
  report: ReloadReport = { applied: true, plan: [], needs_engine_restart: [], warnings: [] };
  failure: unknown;
  /** What `why` says led to the state. */
  chain: readonly EngineEvent[] = [];
  /** Called by `request`, to move instances as a real engine would. */
  onRequest: (action: Action, instances: readonly string[]) => void = () => {};
  readonly #eventListeners = new Set<(event: EngineEvent) => void>();
  readonly #followers = new Map<string, Set<(chunk: FollowedChunk) => void>>();
  readonly #settled: { resolve(): void; reject(reason: unknown): void }[] = [];

  constructor(...instances: readonly InstanceSnapshot[]) {
    for (const instance of instances) this.instances.set(instance.name, instance);
  }

  get listenerCount(): number {
    let followers = 0;
    for (const set of this.#followers.values()) followers += set.size;
    return this.#eventListeners.size + followers;
  }

  get waiters(): number {
    return this.#settled.length;
  }

  change(name: string, changes: Partial<InstanceSnapshot>): void {
    this.instances.set(name, anInstance(name, { ...this.instances.get(name), ...changes }));
  }

  emit<Name extends EventName>(
    event: Name,
    fields: EventFields[Name],
    about: Partial<EngineEvent> = {},
  ): void {
    const id = this.entries.length + 1;
    const common = { id, time: 1_700_000_000_000 + id, level: 'info', event };
    const whole = { ...common, ...(fields as object), ...about } as unknown as EngineEvent;
    this.entries.push(whole);
    for (const listener of this.#eventListeners) listener(whole);
  }

  print(instance: string, bytes: string | Uint8Array, changes: Partial<OutputChunk> = {}): void {
    const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    const chunk: FollowedChunk = {
      stream: 'stdout',
      incarnation: 1,
      bytes: data,
      keep: () => data,
      ...changes,
    };
    for (const follow of this.#followers.get(instance) ?? []) follow(chunk);
  }

  settleAll(): void {
    for (const { resolve } of this.#settled.splice(0)) resolve();
  }

  async readUsage(): Promise<UsageReading> {
    this.usageReads += 1;
    return this.usage;
  }

  snapshot(names?: readonly string[], usage?: UsageReading): EngineSnapshot {
    const all = [...this.instances.values()].map((instance) => withUsage(instance, usage));
    const wanted = new Set(names);
    return {
      version: this.version,
      pid: 1,
      role: 'pid1',
      config: '/etc/taskmaster.toml',
      socket: '/run/taskmaster/taskmaster.sock',
      uptime_ms: 61_000,
      draining: this.draining,
      orphans_reaped: 0,
      output: { memory_bytes: 0, memory_limit_bytes: 0, dropped_bytes: 0 },
      instances: names === undefined ? all : all.filter(({ name }) => wanted.has(name)),
      ...(usage?.container !== undefined && { container: describeContainer(usage.container) }),
    };
  }

  names(): readonly InstanceName[] {
    return [...this.instances.values()].map(({ name, process, groups }) => ({
      instance: name,
      process,
      groups,
    }));
  }

  select(patterns: readonly string[]): readonly string[] {
    return selectInstances(patterns, this.names());
  }

  request(action: Action, instances: readonly string[], by: Requester): void {
    this.#throwFailure();
    this.calls.push(`${action} ${instances.join(',')} by ${by.uid}`);
    this.onRequest(action, instances);
  }

  roll(instances: readonly string[], atOnce: number, by: Requester): readonly string[] {
    this.#throwFailure();
    this.calls.push(`roll ${instances.join(',')} ${atOnce} by ${by.uid}`);
    this.onRequest('restart', instances);
    return instances;
  }

  settled(_action: Action, _instances: readonly string[], signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      this.#settled.push(waiter);
      signal.addEventListener('abort', () => {
        this.#settled.splice(this.#settled.indexOf(waiter), 1);
        reject(signal.reason);
      });
    });
  }

  signal(instances: readonly string[], signal: SignalName, to: 'leader' | 'group', by: Requester): void {
    const resting = instances.filter((name) => this.instances.get(name)?.pid === null);
    if (resting.length > 0) {
      throw new TaskmasterError('not-running', `cannot signal ${resting.join(', ')}: not running`);
    }
    const whom = to === 'leader' ? ' to the leader' : '';
    this.calls.push(`signal ${instances.join(',')} ${signal}${whom} by ${by.uid}`);
  }

  async reload({ kind }: { readonly kind: ReloadKind }): Promise<ReloadReport> {
    this.#throwFailure();
    this.calls.push(kind);
    return { ...this.report, applied: kind === 'reload' || kind === 'rollback' };
  }

  /** What `reloadPrograms` answers, by instance. */
  readonly programs = new Map<string, ProgramReload>();
  neverReloads = false;

  async reloadPrograms(
    instances: readonly string[],
    options: Parameters<EnginePort['reloadPrograms']>[1],
  ): Promise<readonly ProgramReload[]> {
    this.#throwFailure();
    const waits = options.wait === undefined ? '' : ' and wait';
    this.calls.push(
      `reload ${instances.join(',')} (${options.required.join(',')}) by ${options.by.uid}${waits}`,
    );
    const { wait } = options;
    if (this.neverReloads && wait !== undefined)
      return new Promise((_, reject) => wait.addEventListener('abort', () => reject(wait.reason)));
    return instances.map((name) => this.programs.get(name) ?? { name, how: 'signal', signal: 'SIGHUP' });
  }

  shutdown(by: Requester): void {
    this.draining = true;
    this.calls.push(`shutdown by ${by.uid}`);
  }

  health(question: HealthQuestion): HealthVerdict {
    this.calls.push(`health ${question}`);
    return this.verdict;
  }

  why(name: string): WhyReport {
    this.#throwFailure();
    const instance = this.instances.get(name) ?? anInstance(name);
    return {
      instance,
      chain: this.chain,
      history: [{ time: 1_700_000_000_000, from: 'starting', to: instance.state, reason: instance.reason }],
      probes: [],
      last_output: ['listening on :80', '\u001b[2Jcleared\u0007'],
      next: 'nothing; it stays as it is',
    };
  }

  environment(): Readonly<Record<string, string>> {
    return { HOME: '/root', PASSWORD: 'secret' };
  }

  config(process?: string): unknown {
    if (process !== undefined && !this.instances.has(process))
      throw unknownProcess(process, this.instances.keys());
    return { engine: { grace_ms: 10_000 } };
  }

  /** True: `journalLine` stands for the rings. */
  keepsOutput = false;
  readonly journal: JournalPort = this.#journal();

  #journal(): JournalPort {
    const engine = this;
    return {
      get lastId() {
        return engine.entries.at(-1)?.id ?? 0;
      },
      get keepsOutput() {
        return engine.keepsOutput;
      },
      hasFiles: false,
      entry: (id) => this.entries.find((entry) => entry.id === id),
      *events(afterId) {
        for (let from = 0; from < engine.entries.length; from += 1_000) {
          const slice = engine.entries.slice(from, from + 1_000).filter(({ id }) => id > afterId);
          if (slice.length > 0) yield slice.filter((entry) => entry.event !== 'output');
        }
      },
      search: (query, signal) => search(query, this.#batches(query.fromTheEnd), signal, async () => {}),
    };
  }

  async *#batches(fromTheEnd: boolean): AsyncGenerator<Batch> {
    for (let from = 0; from < this.entries.length; from += 100) {
      const all = fromTheEnd ? this.entries.toReversed() : this.entries;
      const entries = all.slice(from, from + 100);
      yield { entries: fromTheEnd ? entries.reverse() : entries, firstId: 0, lastId: 0, bytes: 0 };
    }
  }

  get events(): readonly EngineEvent[] {
    return this.entries.filter((entry) => entry.event !== 'output');
  }

  /** A line as a journal with output keeps it. */
  journalLine(instance: string, text: string, changes: Partial<OutputEntry> = {}): void {
    const id = this.entries.length + 1;
    const common = { id, time: 1_700_000_000_000 + id, level: 'info', event: 'output' } as const;
    const whole = { ...common, process: instance, instance, incarnation: 1, stream: 'stdout', text } as const;
    this.entries.push({ ...whole, ...changes });
  }

  onEvent(listener: (event: EngineEvent) => void): Cancel {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  recentOutput(instance: string): readonly RecentChunk[] {
    const before = { stdout: 0, stderr: 0 };
    return (this.output.get(instance) ?? []).map((chunk) => {
      const position = before[chunk.stream];
      before[chunk.stream] += chunk.bytes.length;
      return { position, ...chunk };
    });
  }

  /** By instance, where it is not what `output` says. */
  readonly positions = new Map<string, ReturnType<EnginePort['outputPosition']>>();

  outputPosition(instance: string): ReturnType<EnginePort['outputPosition']> {
    const bytes = { stdout: 0, stderr: 0 };
    for (const chunk of this.recentOutput(instance)) bytes[chunk.stream] += chunk.bytes.length;
    return this.positions.get(instance) ?? { bytes, journalled: bytes };
  }

  followOutput(instance: string, listener: (chunk: FollowedChunk) => void): Cancel {
    const followers = this.#followers.get(instance) ?? new Set();
    this.#followers.set(instance, followers.add(listener));
    return () => followers.delete(listener);
  }

  inputOf(instance: string): 'null' | 'pipe' | 'terminal' {
    return this.inputs.get(instance) ?? 'pipe';
  }

  claimInput(instance: string, by: Requester, options: ClaimOptions): InputClaim {
    if (this.inputs.get(instance) === 'null')
      throw new TaskmasterError('action-failed', `cannot write to ${instance}: give it stdin = "pipe"`);
    const before = this.holders.get(instance);
    if (before !== undefined && !options.steal) {
      throw new TaskmasterError('action-failed', `cannot write to ${instance}: uid ${before.by.uid} does`);
    }
    const holder = { by, onLost: options.onLost };
    this.holders.set(instance, holder);
    before?.onLost(by);
    return {
      write: async (bytes, end) => {
        if (this.failure !== undefined) throw this.failure;
        this.written.push({ instance, text: Buffer.from(bytes).toString('utf8'), end });
        this.bytesWritten.push(Buffer.from(bytes));
        await this.inputTaken;
      },
      resize: ({ columns, rows }) => void this.calls.push(`resize ${instance} ${columns} ${rows}`),
      release: () => {
        if (this.holders.get(instance) === holder) this.holders.delete(instance);
      },
    };
  }

  #throwFailure(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}

function withUsage(instance: InstanceSnapshot, reading: UsageReading | undefined): InstanceSnapshot {
  const used = instance.pid === null ? undefined : reading?.get(instance.pid);
  if (used === undefined) return instance;
  const usage = {
    cpu_seconds: used.cpuSeconds,
    memory_bytes: used.residentBytes,
    anonymous_bytes: used.anonymousBytes,
    processes: used.processes,
  };
  return { ...instance, usage };
}
