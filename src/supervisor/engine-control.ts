/** What people and programs may ask of the engine; the RPC handlers' port is this. */

import { TaskmasterError } from '../errors.ts';
import type { DecisionKind } from '../lifecycle/events.ts';
import type { SignalName } from '../signals.ts';
import { describeInstance, explainInstance, judgeHealth } from './describe.ts';
import type { Drain } from './drain.ts';
import type { EngineEvent } from './engine-event.ts';
import type { EventStream } from './event-stream.ts';
import { type InstanceRecord, subjectOf } from './instance-record.ts';
import type { Cancel, Clock, HealthMonitor, Kernel } from './ports.ts';
import type { Reload } from './reload.ts';
import { isSettled } from './settled.ts';
import type { EngineSnapshot, HealthVerdict, ReloadReport, WhyReport } from './snapshot.ts';
import { environmentFor } from './spawn-request.ts';
import type { Supervisor } from './supervisor.ts';

type Action = 'start' | 'stop' | 'restart';
interface Requester {
  readonly uid: number;
  readonly pid: number;
}

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
  readonly health: HealthMonitor;
  readonly supervisor: Supervisor;
  readonly reload: Reload;
  readonly drain: Drain;
  readonly facts: EngineFacts;
  /** The last lines an instance printed, decoded for display. */
  readonly lastLines: (instance: string) => readonly string[];
}

export class EngineControl {
  readonly #ports: ControlPorts;

  constructor(ports: ControlPorts) {
    this.#ports = ports;
  }

  /** In the order of the configuration. */
  instanceNames(): readonly { readonly instance: string; readonly process: string }[] {
    return this.#ports.supervisor
      .records()
      .map(({ name, process }) => ({ instance: name, process: process.name }));
  }

  snapshot(instances?: readonly string[]): EngineSnapshot {
    const { facts, clock, drain, supervisor } = this.#ports;
    const wanted = instances === undefined ? supervisor.records() : this.#known(instances);
    return {
      version: facts.version,
      pid: process.pid,
      role: facts.role,
      config: facts.configPath,
      socket: facts.socket(),
      uptime_ms: Math.round(clock.now() - facts.startedAt),
      draining: drain.hasBegun,
      orphans_reaped: facts.orphansReaped(),
      instances: wanted.map((record) => describeInstance(record, clock)),
    };
  }

  /** Throws `shutting-down` for a start or a restart while the engine stops. */
  request(action: Action, instances: readonly string[], by: Requester): void {
    const { supervisor } = this.#ports;
    if (action !== 'stop') this.#refuseWhileDraining(`${action} ${instances.join(', ')}`);
    for (const record of this.#known(instances)) {
      record.stoppedByUser = action === 'stop';
      supervisor.decide(record, DECISIONS[action], `${PARTICIPLES[action]} by ${requesterInWords(by)}`);
    }
  }

  /** Resolves once each is where the action wants it or can no longer be; rejects when the signal aborts. */
  settled(action: Action, instances: readonly string[], signal: AbortSignal): Promise<void> {
    const { supervisor } = this.#ports;
    const isDone = (name: string): boolean => isSettled(action, supervisor.record(name));
    if (instances.every(isDone)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const cancel = supervisor.onTurnEnd(() => {
        if (!instances.every(isDone)) return;
        cancel();
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      const onAbort = (): void => {
        cancel();
        reject(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Throws `not-running` naming those that do not run; then none was signalled. */
  signal(instances: readonly string[], signal: SignalName, by: Requester): void {
    const records = this.#known(instances);
    const down = records.filter((record) => record.machine.leader !== 'alive').map(({ name }) => name);
    if (down.length > 0) {
      throw new TaskmasterError('not-running', `cannot signal ${down.join(', ')}: not running`, {
        details: { names: down },
      });
    }
    for (const record of records) {
      if (record.pid === undefined) continue;
      this.#ports.kernel.signalGroup(record.pid, signal);
      const reason = `requested by ${requesterInWords(by)}`;
      this.#ports.events.emit('info', 'signal_sent', { signal, to: 'group', reason }, subjectOf(record));
    }
  }

  async reload(options: { readonly planOnly: boolean }): Promise<ReloadReport> {
    this.#refuseWhileDraining('reload');
    return this.#ports.reload.run(options);
  }

  shutdown(by: Requester): void {
    this.#ports.drain.begin({ code: 0, reason: `shutdown requested by ${requesterInWords(by)}` });
  }

  health(question: 'startup' | 'ready' | 'live'): HealthVerdict {
    const { supervisor, drain } = this.#ports;
    if (question === 'ready' && drain.hasBegun) return { ok: false, reason: 'the engine is shutting down' };
    return judgeHealth(question, supervisor.records(), supervisor.engine.main);
  }

  why(instance: string): WhyReport {
    const [record] = this.#known([instance]);
    if (record === undefined)
      throw new TaskmasterError('unknown-process', `no process is called ${instance}`);
    const evidence = {
      probes: this.#ports.health.history(instance),
      lastOutput: this.#ports.lastLines(instance),
    };
    return explainInstance(record, this.#ports.clock, evidence);
  }

  /** What the configuration adds to the engine's own environment for the next incarnation. */
  environment(instance: string): Readonly<Record<string, string>> {
    const [record] = this.#known([instance]);
    if (record === undefined)
      throw new TaskmasterError('unknown-process', `no process is called ${instance}`);
    return environmentFor(record.process, record.name, record.ordinal).set;
  }

  /** The resolved configuration as plain data: all, or one process's. */
  config(process?: string): unknown {
    const { config } = this.#ports.reload;
    if (process === undefined) return { ...config, processes: Object.fromEntries(config.processes) };
    const found = config.processes.get(process);
    if (found === undefined) throw new TaskmasterError('unknown-process', `no process is called ${process}`);
    return found;
  }

  recentEvents(): readonly EngineEvent[] {
    return this.#ports.events.recent();
  }

  onEvent(listener: (event: EngineEvent) => void): Cancel {
    return this.#ports.events.subscribe(listener);
  }

  #known(instances: readonly string[]): readonly InstanceRecord[] {
    return instances.flatMap((name) => this.#ports.supervisor.record(name) ?? []);
  }

  #refuseWhileDraining(what: string): void {
    if (!this.#ports.drain.hasBegun) return;
    throw new TaskmasterError('shutting-down', `cannot ${what}: taskmaster is shutting down`);
  }
}

const DECISIONS: Readonly<Record<Action, DecisionKind>> = {
  start: 'start',
  stop: 'stop',
  restart: 'restart',
};
const PARTICIPLES: Readonly<Record<Action, string>> = {
  start: 'started',
  stop: 'stopped',
  restart: 'restarted',
};

function requesterInWords({ uid, pid }: Requester): string {
  return pid > 0 ? `uid ${uid} (pid ${pid})` : `uid ${uid}`;
}
