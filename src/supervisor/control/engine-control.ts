/** What people and programs may ask of the engine; the RPC handlers' port is this. */

import type { InputSource } from '../../config/resolved-config.ts';
import { ofInstance } from '../../config/text/instance-text.ts';
import { TaskmasterError } from '../../errors.ts';
import type { DecisionKind } from '../../lifecycle/events.ts';
import type { Action } from '../../lifecycle/states.ts';
import { nearestWord } from '../../nearest-word.ts';
import type { SignalName } from '../../signals.ts';
import { inSlices } from '../../slices.ts';
import type { EngineEvent } from '../../wire/engine-event.ts';
import type {
  EngineSnapshot,
  HealthVerdict,
  LeftProcess,
  ProgramReload,
  ReloadReport,
  WhyReport,
} from '../../wire/snapshot.ts';
import { environmentFor } from '../effects/spawn-request.ts';
import type { EventStream } from '../events/event-stream.ts';
import type { Cancel, Clock } from '../ports/clock.ts';
import type { HealthMonitor } from '../ports/health.ts';
import type { ClaimOptions, InputClaim } from '../ports/input.ts';
import type { JournalPort } from '../ports/journal.ts';
import type { Kernel } from '../ports/kernel.ts';
import type { UsageReader, UsageReading } from '../ports/usage.ts';
import type { Reload, ReloadKind } from '../reload.ts';
import type { Drain } from '../shutdown/drain.ts';
import type { Supervisor } from '../supervisor.ts';
import { type InstanceRecord, subjectOf, wasStoppedByUser } from '../world/instance-record.ts';
import { describeContainer, describeInstance, explainInstance, judgeHealth } from './describe.ts';
import { groupsByProcess } from './groups.ts';
import type {
  ByStream,
  FollowedPiece,
  InputAccess,
  OutputAccess,
  RecentPiece,
  Requester,
} from './output-access.ts';
import { reloadable, reloadPrograms } from './program-reload.ts';
import { untilSettled } from './settled.ts';
import { configOf, wholeConfig } from './show-config.ts';

/** What does not change while the engine runs, and the one number that does. */
export interface EngineFacts {
  readonly version: string;
  readonly role: 'pid1' | 'subreaper';
  readonly configPath: string;
  readonly startedAt: number;
  readonly socket: () => string;
  readonly orphansReaped: () => number;
}

export interface ControlPorts {
  readonly clock: Clock;
  readonly kernel: Kernel;
  readonly events: EventStream;
  readonly journal: JournalPort;
  readonly health: HealthMonitor;
  readonly supervisor: Supervisor;
  readonly reload: Reload;
  readonly drain: Drain;
  readonly usage: UsageReader;
  readonly facts: EngineFacts;
  readonly output: OutputAccess;
  readonly input: InputAccess;
  /** Which of the instances patterns mean: names, their processes', globs, `all`. Throws for one that means none. */
  readonly select: (patterns: readonly string[], known: readonly Names[]) => readonly string[];
}

interface Names {
  readonly instance: string;
  readonly process: string;
  readonly groups?: readonly string[] | undefined;
}

export class EngineControl {
  readonly #ports: ControlPorts;

  constructor(ports: ControlPorts) {
    this.#ports = ports;
  }

  /**
   * Instance names for patterns, in the order of the configuration. Throws `unknown-process` for a pattern that
   * means nothing; `all` always means something.
   */
  select(patterns: readonly string[]): readonly string[] {
    return this.#ports.select(patterns, this.names());
  }

  names(): readonly Names[] {
    const groups = groupsByProcess(this.#ports.reload.config);
    return this.#ports.supervisor.records().map(({ name, process }) => ({
      instance: name,
      process: process.name,
      groups: groups.get(process.name),
    }));
  }

  /** What every process group uses right now, for `snapshot`. */
  readUsage(): Promise<UsageReading> {
    return this.#ports.usage.read();
  }

  snapshot(instances?: readonly string[], usage?: UsageReading): EngineSnapshot {
    const { facts, clock, drain, supervisor, output } = this.#ports;
    const groups = groupsByProcess(this.#ports.reload.config);
    const wanted = instances === undefined ? supervisor.records() : this.#known(instances);
    return {
      version: facts.version,
      pid: process.pid,
      role: facts.role,
      config: facts.configPath,
      socket: facts.socket(),
      uptime_ms: Math.round(clock.now() - facts.startedAt),
      draining: drain.phase !== 'running',
      orphans_reaped: facts.orphansReaped(),
      output: output.costs(),
      instances: wanted.map((record) =>
        describeInstance(record, clock, {
          dropped: output.dropped(record.name),
          usage,
          left: this.#leftBy(record),
          groups: groups.get(record.process.name),
        }),
      ),
      ...(usage?.container !== undefined && { container: describeContainer(usage.container) }),
    };
  }

  /**
   * Many are told in slices: to start a thousand processes takes a second. Throws `shutting-down` for a start or a
   * restart while the engine stops.
   */
  async request(action: Action, instances: readonly string[], by: Requester): Promise<void> {
    const { supervisor, clock } = this.#ports;
    if (action !== 'stop') this.#refuseWhileDraining(`${action} ${instances.slice(0, 8).join(', ')}`);
    if (action === 'run') refuseWithoutSchedule(this.#known(instances));
    const received = this.#tellReceived(action, by, instances);
    const cause = `${PARTICIPLES[action]} by ${requesterInWords(by)}`;
    const pause = inSlices(clock);
    for (const name of instances) {
      const rest = pause();
      if (rest !== undefined) {
        await rest;
        if (action !== 'stop' && this.#ports.drain.phase !== 'running') return;
      }
      // Looked up again: a reload may have come between.
      const record = supervisor.record(name);
      if (record === undefined) continue;
      supervisor.decide(record, DECISIONS[action], { by: 'user', cause }, received);
    }
  }

  /** @returns those that no person has stopped: their turn comes. Throws `shutting-down` while the engine stops. */
  roll(instances: readonly string[], atOnce: number, by: Requester): readonly string[] {
    this.#refuseWhileDraining(`restart ${instances.slice(0, 8).join(', ')}`);
    const received = this.#tellReceived('restart', by, instances);
    const wanted = { by: 'user', cause: `${PARTICIPLES.restart} by ${requesterInWords(by)}` } as const;
    const records = this.#known(instances).filter((record) => !wasStoppedByUser(record));
    this.#ports.supervisor.roll(records, atOnce, wanted, received);
    return records.map(({ name }) => name);
  }

  /** Resolves once each is where the action wants it or can no longer be; rejects when the signal aborts. */
  settled(action: Action, instances: readonly string[], signal: AbortSignal): Promise<void> {
    return untilSettled(action, instances, this.#ports.supervisor, signal);
  }

  /** Throws `not-running` naming those that do not run; then none was signalled. */
  signal(instances: readonly string[], signal: SignalName, to: 'leader' | 'group', by: Requester): void {
    const records = this.#known(instances);
    const down = records.filter((record) => record.machine.leader !== 'alive').map(({ name }) => name);
    if (down.length > 0) {
      throw new TaskmasterError('not-running', `cannot signal ${down.join(', ')}: not running`, {
        details: { names: down },
      });
    }
    const received = this.#tellReceived('signal', by, instances);
    const fields = { signal, to, reason: `requested by ${requesterInWords(by)}` } as const;
    for (const record of records) {
      if (record.pid === undefined) continue;
      const { kernel } = this.#ports;
      if (to === 'leader') kernel.signalProcess(record.pid, signal);
      else kernel.signalGroup(record.pid, signal);
      const event = this.#ports.events.emitAs('info', 'signal_sent', fields, subjectOf(record), received);
      this.#ports.supervisor.noteSignal(record, signal, event);
    }
  }

  /** @param options `by`: who asks over the control socket; nobody does where a signal came. */
  async reload({ kind, by }: { readonly kind: ReloadKind; readonly by?: Requester }): Promise<ReloadReport> {
    this.#refuseWhileDraining(kind);
    const changes = kind === 'reload' || kind === 'rollback';
    const causedBy = by === undefined || !changes ? undefined : this.#tellReceived(kind, by);
    return this.#ports.reload.run({ kind, causedBy });
  }

  /** @param options `required`: those that must have such a command or signal, and run. */
  async reloadPrograms(
    instances: readonly string[],
    options: { readonly required: readonly string[]; readonly by: Requester; readonly wait?: AbortSignal },
  ): Promise<readonly ProgramReload[]> {
    const { required, by, wait } = options;
    this.#refuseWhileDraining('reload');
    const records = reloadable(this.#known(instances), new Set(required));
    const names = records.map(({ name }) => name);
    const received = this.#tellReceived('reload.processes', by, names);
    return reloadPrograms(records, received, this.#ports, wait);
  }

  shutdown(by: Requester): void {
    const causedBy = this.#tellReceived('shutdown', by);
    this.#ports.drain.begin({ code: 0, reason: `shutdown requested by ${requesterInWords(by)}`, causedBy });
  }

  health(question: 'startup' | 'ready' | 'live'): HealthVerdict {
    const { supervisor, drain } = this.#ports;
    if (question === 'ready' && drain.phase !== 'running')
      return { ok: false, reason: 'the engine is shutting down' };
    const expected = supervisor
      .records()
      .filter((record) => record.process.autostart && supervisor.isConfigured(record));
    return judgeHealth(question, { all: supervisor.records(), expected }, supervisor.engine.main);
  }

  why(instance: string): WhyReport {
    const record = this.#one(instance);
    const evidence = {
      probes: this.#ports.health.history(instance),
      lastOutput: this.#ports.output.lastLines(instance),
      dropped: this.#ports.output.dropped(instance),
      left: this.#leftBy(record),
    };
    return explainInstance(record, this.#ports.clock, {
      ...evidence,
      chain: this.#chainTo(record.lastEvent),
    });
  }

  /** What the configuration adds to the engine's own environment for the next incarnation; of secrets, where they are. */
  environment(instance: string): Readonly<Record<string, string>> {
    const record = this.#one(instance);
    const { set, secretFiles = {} } = environmentFor(
      ofInstance(record.process, record.ordinal),
      record.name,
      record.ordinal,
    );
    const masked = Object.entries(secretFiles).map(([name, path]) => [name, `••• (from ${path})`]);
    return { ...set, ...Object.fromEntries(masked) };
  }

  /** The resolved configuration as plain data: all, or one process's. */
  config(process?: string): unknown {
    const { config } = this.#ports.reload;
    if (process === undefined) return wholeConfig(config);
    if (!config.processes.has(process)) throw unknownProcess(process, [...config.processes.keys()]);
    return configOf(config, process);
  }

  get journal(): JournalPort {
    return this.#ports.journal;
  }

  onEvent(listener: (event: EngineEvent) => void): Cancel {
    return this.#ports.events.subscribe(listener);
  }

  recentOutput(instance: string): readonly RecentPiece[] {
    return this.#ports.output.recentOutput(instance);
  }

  outputPosition(instance: string): { readonly bytes: ByStream; readonly journalled: ByStream } {
    const bytes = this.#ports.output.position(instance);
    const { stdout, stderr } = this.#ports.output.unfinished(instance);
    return { bytes, journalled: { stdout: bytes.stdout - stdout, stderr: bytes.stderr - stderr } };
  }

  followOutput(instance: string, listener: (piece: FollowedPiece) => void): Cancel {
    return this.#ports.output.followOutput(instance, listener);
  }

  inputOf(instance: string): InputSource {
    return this.#one(instance).process.stdin;
  }

  /** Throws `action-failed` where somebody else writes already, or its standard input is /dev/null. */
  claimInput(instance: string, by: Requester, options: ClaimOptions): InputClaim {
    if (this.inputOf(instance) === 'null') {
      const why =
        'its standard input is /dev/null; give it stdin = "pipe" or tty = true in the configuration';
      throw new TaskmasterError('action-failed', `cannot write to ${instance}: ${why}`);
    }
    return this.#ports.input.claim(instance, by, options);
  }

  /** What it left running when its leader ended. */
  #leftBy({ machine, family }: InstanceRecord): readonly LeftProcess[] {
    if (machine.leader === 'alive' || family === undefined) return [];
    return this.#ports.kernel.leftRunning(family);
  }

  /** The event and what led to it, as far as that is still in memory; the cause of each comes after it. */
  #chainTo(event: number | undefined): readonly EngineEvent[] {
    const chain: EngineEvent[] = [];
    for (let id = event; id !== undefined && chain.length < LONGEST_CHAIN; ) {
      const entry = this.#ports.journal.entry(id);
      if (entry === undefined || entry.event === 'output') break;
      chain.push(entry);
      id = entry.caused_by;
    }
    return chain;
  }

  #tellReceived(method: string, { uid }: Requester, targets?: readonly string[]): number {
    const [only, ...others] = targets ?? [];
    const record = only === undefined || others.length > 0 ? undefined : this.#ports.supervisor.record(only);
    const subject = record === undefined ? {} : { process: record.process.name, instance: record.name };
    const fields = { method, uid, ...(targets !== undefined && { targets: [...targets] }) };
    return this.#ports.events.emit('command_received', fields, subject);
  }

  #one(instance: string): InstanceRecord {
    const record = this.#ports.supervisor.record(instance);
    if (record !== undefined) return record;
    throw unknownProcess(
      instance,
      this.#ports.supervisor.records().map(({ name }) => name),
    );
  }

  #known(instances: readonly string[]): readonly InstanceRecord[] {
    return instances.flatMap((name) => this.#ports.supervisor.record(name) ?? []);
  }

  #refuseWhileDraining(what: string): void {
    if (this.#ports.drain.phase === 'running') return;
    throw new TaskmasterError('shutting-down', `cannot ${what}: taskmaster is shutting down`);
  }
}

/** Longer ones are the story of a process that is restarted again and again. */
const LONGEST_CHAIN = 16;
const DECISIONS: Readonly<Record<Action, DecisionKind>> = {
  start: 'start',
  stop: 'stop',
  restart: 'restart',
  run: 'run',
};
const PARTICIPLES: Readonly<Record<Action, string>> = {
  start: 'started',
  stop: 'stopped',
  restart: 'restarted',
  run: 'run',
};

function refuseWithoutSchedule(records: readonly InstanceRecord[]): void {
  const names = records.filter(({ rules }) => rules.schedule === undefined).map(({ name }) => name);
  if (names.length === 0) return;
  const some = `${names.slice(0, 8).join(', ')}${names.length > 8 ? `, and ${names.length - 8} more` : ''}`;
  throw new TaskmasterError('action-failed', `cannot run ${some}: no schedule is configured; use start`, {
    details: { names },
  });
}

function unknownProcess(name: string, known: readonly string[]): TaskmasterError {
  const suggestion = nearestWord(name, known);
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
  const details = { name, ...(suggestion !== undefined && { suggestion }) };
  return new TaskmasterError('unknown-process', `no process is called ${name}${hint}`, { details });
}

function requesterInWords({ uid, pid }: Requester): string {
  return pid > 0 ? `uid ${uid} (pid ${pid})` : `uid ${uid}`;
}
