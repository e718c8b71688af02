/**
 * Takes over a new configuration: everything is read and checked before anything changes, then only what differs
 * is touched. Two reloads never overlap, those that wait for one are done as one, and between two of them the engine has
 * as much time for others as the first one took: a client may ask for reloads as fast as it can.
 */

import type { ConfigChange } from '../config/diff.ts';
import { instanceName } from '../config/instance-names.ts';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { TaskmasterError } from '../errors.ts';
import type { EnginePhase } from '../lifecycle/engine.ts';
import type { ReloadPlanEntry, ReloadReport } from '../wire/snapshot.ts';
import type { EventStream } from './events/event-stream.ts';
import type { Clock } from './ports/clock.ts';
import type { SocketPort } from './ports/sockets.ts';
import type { Supervisor } from './supervisor.ts';
import { wasStoppedByUser } from './world/instance-record.ts';

export interface ReloadPorts {
  readonly clock: Clock;
  readonly events: EventStream;
  readonly supervisor: Supervisor;
  readonly sockets: Pick<SocketPort, 'open' | 'use' | 'discard'>;
  /** Reads, checks and resolves the file(s); the problems as whole texts where there are any. */
  readonly load: () => Promise<
    | { readonly ok: true; readonly config: ResolvedConfig }
    | { readonly ok: false; readonly problems: readonly string[] }
  >;
  readonly phase: () => EnginePhase;
  readonly compare: (before: ResolvedConfig, after: ResolvedConfig) => ConfigChange;
  /** Settings of the engine that lie outside the supervisor: access, log level, hooks. */
  readonly onApplied: (config: ResolvedConfig) => void;
}

/** `rollback`: to the configuration before the last reload that changed something. */
export type ReloadKind = 'plan' | 'reload' | 'rollback plan' | 'rollback';

interface Waiting {
  readonly report: Promise<ReloadReport>;
  readonly begin: () => Promise<void>;
}

export class Reload {
  readonly #ports: ReloadPorts;
  #current: ResolvedConfig;
  /** Not begun yet: of each kind at most one, for all who ask for it meanwhile. */
  readonly #waiting = new Map<ReloadKind, Waiting>();
  #before: ResolvedConfig | undefined;
  #isBusy = false;
  #restsUntil = Number.NEGATIVE_INFINITY;

  constructor(current: ResolvedConfig, ports: ReloadPorts) {
    this.#current = current;
    this.#ports = ports;
    ports.supervisor.onSettings(() => ports.onApplied(this.#current));
  }

  get config(): ResolvedConfig {
    return this.#current;
  }

  /** Throws `config-invalid` with details `{problems}`; nothing was changed then. */
  run({
    kind,
    causedBy,
  }: {
    readonly kind: ReloadKind;
    readonly causedBy?: number | undefined;
  }): Promise<ReloadReport> {
    const waiting = this.#waiting.get(kind);
    if (waiting !== undefined) return waiting.report;
    const { promise: report, resolve, reject } = Promise.withResolvers<ReloadReport>();
    const begin = (): Promise<void> => this.#run(kind, causedBy).then(resolve, reject);
    this.#waiting.set(kind, { report, begin });
    this.#beginNext();
    return report;
  }

  #beginNext(): void {
    const [first] = this.#waiting;
    if (this.#isBusy || first === undefined) return;
    this.#isBusy = true;
    const { clock } = this.#ports;
    const startedAt = clock.now();
    const goOn = (): void => {
      this.#isBusy = false;
      this.#beginNext();
    };
    if (startedAt < this.#restsUntil) {
      clock.after(this.#restsUntil - startedAt, goOn);
      return;
    }
    const [kind, { begin }] = first;
    this.#waiting.delete(kind);
    void begin().then(() => {
      const now = clock.now();
      this.#restsUntil = now + (now - startedAt);
      goOn();
    });
  }

  async #run(kind: ReloadKind, causedBy: number | undefined): Promise<ReloadReport> {
    const { clock, load, compare, phase, sockets, supervisor } = this.#ports;
    const startedAt = clock.now();
    const isBack = kind === 'rollback' || kind === 'rollback plan';
    const planOnly = kind === 'plan' || kind === 'rollback plan';
    const loaded = isBack ? { ok: true as const, config: this.#configBefore() } : await load();
    if (!loaded.ok) throw this.#rejected(loaded.problems, planOnly, causedBy);
    this.#refuseWhileDraining();
    const change = compare(this.#current, loaded.config);
    const { engineChanged, needsEngineRestart } = change;
    const plan = change.plan.map((entry) => this.#withStopped(entry, loaded.config));
    const report = { plan, needs_engine_restart: needsEngineRestart, warnings: loaded.config.warnings };
    if (planOnly) return { applied: false, ...report };
    const unopened = await sockets.open(loaded.config.sockets);
    if (unopened.length > 0) throw this.#rejected(unopened, planOnly, causedBy);
    if (phase() !== 'running') sockets.discard();
    this.#refuseWhileDraining();
    const named = (action: string): string[] =>
      plan.filter((entry) => entry.action === action).map(({ process }) => process);
    const fields = {
      added: named('add'),
      removed: named('remove'),
      restarted: named('restart'),
      updated: named('update'),
      duration_ms: Math.round(clock.now() - startedAt),
    };
    const isOther = engineChanged.length > 0 || plan.some(({ action }) => action !== 'unchanged');
    if (isBack) this.#before = undefined;
    else if (isOther) this.#before = this.#current;
    this.#current = loaded.config;
    sockets.use();
    supervisor.reload(loaded.config, { plan, fields, causedBy });
    return { applied: true, ...report };
  }

  /** What a person has stopped stays so, by the table of `lifecycle/reload`. */
  #withStopped(entry: ReloadPlanEntry, { processes }: ResolvedConfig): ReloadPlanEntry {
    const process = processes.get(entry.process);
    if (process === undefined) return entry;
    const kept = this.#ports.supervisor
      .recordsOf(process.name)
      .filter(({ ordinal }) => ordinal <= process.instances);
    const stopped = kept.filter(wasStoppedByUser);
    const isRestart = entry.action === 'restart' && process.restart.policy !== 'always';
    const names = [
      ...(isRestart ? stopped.map(({ ordinal }) => instanceName(process, ordinal)) : []),
      ...(kept.length > 0 && stopped.length === kept.length ? (entry.instances?.added ?? []) : []),
    ];
    return names.length === 0 ? entry : { ...entry, stays_stopped: names };
  }

  #configBefore(): ResolvedConfig {
    if (this.#before !== undefined) return this.#before;
    const why = 'no reload has changed the configuration since the start or the last rollback';
    throw new TaskmasterError('action-failed', `cannot roll back: ${why}`);
  }

  #rejected(found: readonly string[], planOnly: boolean, causedBy: number | undefined): TaskmasterError {
    const problems = [...found];
    if (!planOnly) this.#ports.events.emit('config_rejected', { problems }, {}, causedBy);
    const message = `the configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}; nothing was changed`;
    return new TaskmasterError('config-invalid', message, { details: { problems } });
  }

  /** One that waited for its turn may come when a shutdown has begun. */
  #refuseWhileDraining(): void {
    if (this.#ports.phase() !== 'running')
      throw new TaskmasterError('shutting-down', 'cannot reload: taskmaster is shutting down');
  }
}
