/**
 * The engine as one peer may see and touch it. The handlers know no other engine, so that no method, and none to
 * come, can forget to look: what the peer does not see does not exist for it, not even as a suggestion.
 */

import type { JournalEntry, JournalPort } from '../../supervisor/ports/journal.ts';
import type { UsageReading } from '../../supervisor/ports/usage.ts';
import type { EngineSnapshot, HealthVerdict } from '../../wire/snapshot.ts';
import type { EnginePort, HealthQuestion, Requester } from './engine-port.ts';
import type { Named } from './name-pattern.ts';
import { type Rights, refuse } from './peer.ts';
import { type InstanceName, selectInstances, unknownProcess } from './select.ts';

/** What tells of the engine and names no process. Whatever else names none is not shown to anyone who sees but some. */
const OF_NO_PROCESS: ReadonlySet<string> = new Set(['engine_started', 'engine_draining', 'engine_stopped']);

/** @returns the engine itself for a peer that may do all of what its level opens. */
export function scopedEngine(engine: EnginePort, rights: Rights): EnginePort {
  const { seesAll, controlsAll, mayReload, mayShutDown, level } = rights;
  const actsOnAll = controlsAll && mayReload && mayShutDown && rights.writesTo({});
  // Who only looks is kept from acting by the access that each method takes.
  return seesAll && (actsOnAll || level === 'read') ? engine : new Scope(engine, rights).port();
}

class Scope {
  readonly #engine: EnginePort;
  readonly #rights: Rights;

  constructor(engine: EnginePort, rights: Rights) {
    this.#engine = engine;
    this.#rights = rights;
  }

  /** Everything by name: what is added to the port one day has to be thought of here. */
  port(): EnginePort {
    const engine = this.#engine;
    const { mayReload, mayShutDown } = this.#rights;
    const seen =
      <Rest extends unknown[], Result>(ask: (instance: string, ...rest: Rest) => Result) =>
      (instance: string, ...rest: Rest): Result => {
        this.#demandSeen(instance);
        return ask(instance, ...rest);
      };
    return {
      names: () => this.#names(),
      select: (patterns) => selectInstances(patterns, this.#names()),
      snapshot: (instances, usage) => this.#snapshot(instances, usage),
      readUsage: () => engine.readUsage(),
      request: (action, instances, by) => {
        this.#demand(action, instances, by, this.#rights.controls);
        return engine.request(action, instances, by);
      },
      roll: (instances, atOnce, by) => {
        this.#demand('restart', instances, by, this.#rights.controls);
        return engine.roll(instances, atOnce, by);
      },
      settled: (action, instances, signal) => engine.settled(action, instances, signal),
      signal: (instances, signal, to, by) => {
        this.#demand('signal', instances, by, this.#rights.controls);
        engine.signal(instances, signal, to, by);
      },
      reload: (options) => {
        if (!mayReload) refuse('reload', options.by, NO_GRANT);
        return engine.reload(options);
      },
      reloadPrograms: async (instances, options) => {
        this.#demand('reload', instances, options.by, this.#rights.controls);
        return engine.reloadPrograms(instances, options);
      },
      shutdown: (by) => {
        if (!mayShutDown) refuse('shutdown', by, NO_GRANT);
        engine.shutdown(by);
      },
      health: (question) => this.#health(question),
      why: seen((instance) => {
        const report = engine.why(instance);
        return { ...report, chain: report.chain.filter((event) => this.#isShown(event)) };
      }),
      environment: seen((instance) => engine.environment(instance)),
      config: (process) => engine.config(process),
      journal: this.#journal(),
      onEvent: (listener) =>
        engine.onEvent((event) => {
          if (event.event === 'config_reloaded') listener({ ...event, ...NO_NAMES });
          else if (this.#isShown(event)) listener(event);
        }),
      recentOutput: seen((instance) => engine.recentOutput(instance)),
      outputPosition: seen((instance) => engine.outputPosition(instance)),
      followOutput: seen((instance, listener) => engine.followOutput(instance, listener)),
      inputOf: seen((instance) => engine.inputOf(instance)),
      claimInput: seen((instance, by, options) => {
        this.#demand('write to', [instance], by, this.#rights.writesTo);
        return engine.claimInput(instance, by, options);
      }),
    };
  }

  #names(): readonly InstanceName[] {
    return this.#engine.names().filter((name) => this.#rights.sees(name));
  }

  #isShown(entry: JournalEntry): boolean {
    if (entry.process === undefined && entry.instance === undefined) return OF_NO_PROCESS.has(entry.event);
    return this.#rights.sees(entry);
  }

  #demandSeen(instance: string): void {
    const names = this.#names().map((name) => name.instance);
    if (!names.includes(instance)) throw unknownProcess(instance, names);
  }

  /** Nothing at all is done where one of them is not the peer's own. */
  #demand(
    what: string,
    instances: readonly string[],
    by: Requester,
    allows: (named: Named) => boolean,
  ): void {
    const asked = new Set(instances);
    const foreign = this.#engine.names().find((name) => asked.has(name.instance) && !allows(name));
    if (foreign !== undefined) refuse(`${what} ${foreign.instance}`, by, NO_GRANT);
  }

  #snapshot(instances: readonly string[] | undefined, usage: UsageReading | undefined): EngineSnapshot {
    const seen = new Set(this.#names().map(({ instance }) => instance));
    const asked = instances === undefined ? [...seen] : instances.filter((name) => seen.has(name));
    const { container, ...snapshot } = this.#engine.snapshot(asked, usage);
    return this.#rights.seesAll && container !== undefined ? { ...snapshot, container } : snapshot;
  }

  #health(question: HealthQuestion): HealthVerdict {
    const verdict = this.#engine.health(question);
    if (this.#rights.seesAll) return verdict;
    return { ok: verdict.ok, reason: verdict.ok ? 'all is well' : 'not all is well' };
  }

  #journal(): JournalPort {
    const { journal } = this.#engine;
    const isShown = (entry: JournalEntry): boolean => this.#isShown(entry);
    return {
      get lastId() {
        return journal.lastId;
      },
      get keepsOutput() {
        return journal.keepsOutput;
      },
      get hasFiles() {
        return journal.hasFiles;
      },
      entry: (id) => {
        const entry = journal.entry(id);
        return entry !== undefined && isShown(entry) ? entry : undefined;
      },
      *events(afterId) {
        for (const slice of journal.events(afterId)) yield slice.filter(isShown);
      },
      search: (query, signal) =>
        journal.search({ ...query, isWanted: (entry) => isShown(entry) && query.isWanted(entry) }, signal),
    };
  }
}

const NO_GRANT = 'has no grant for that';
const NO_NAMES = { added: [], removed: [], restarted: [], updated: [] };
