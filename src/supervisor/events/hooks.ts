/**
 * The engine's own hooks (`[engine.hooks]`): commands run as the engine itself when something happens, the event
 * as JSON on their standard input. Bounded in number and in time; a hook can neither delay nor break the engine.
 */

import type { HookConfig } from '../../config/resolved-config.ts';
import { type EngineEvent, hookOf } from '../../wire/engine-event.ts';
import type { EventStream } from './event-stream.ts';

const MOST_AT_ONCE = 4;
const MOST_WAITING = 64;

/** Runs one hook; never rejects. */
export type RunHook = (
  hook: HookConfig,
  event: EngineEvent,
) => Promise<{ readonly passed: boolean; readonly outcome: string; readonly durationMs: number }>;

interface Waiting {
  readonly hook: HookConfig;
  event: EngineEvent;
}

export class Hooks {
  readonly #events: EventStream;
  readonly #run: RunHook;
  #hooks: readonly HookConfig[] = [];
  readonly #waiting: Waiting[] = [];
  /** Instances whose status is being reported. */
  readonly #reporting = new Set<string>();
  readonly #running = new Set<Promise<void>>();

  constructor(events: EventStream, run: RunHook) {
    this.#events = events;
    this.#run = run;
    events.subscribe((event) => this.#consider(event));
  }

  use(hooks: readonly HookConfig[]): void {
    this.#hooks = hooks;
  }

  /** Resolves once no hook runs or waits. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #consider(event: EngineEvent): void {
    if (this.#hooks.length === 0) return;
    const occasion = hookOf(event);
    for (const hook of this.#hooks) {
      if (hook.on !== occasion || this.#isTakenOver(hook, event)) continue;
      if (this.#waiting.length >= MOST_WAITING) {
        const reason = `${MOST_WAITING} hooks are waiting`;
        this.#events.emit('hook_dropped', { hook: hook.on, reason }, {}, event.id);
        continue;
      }
      this.#waiting.push({ hook, event });
    }
    this.#startNext();
  }

  /** A program says what it likes as often as it likes: of its texts one waits, the newest. */
  #isTakenOver(hook: HookConfig, event: EngineEvent): boolean {
    if (hook.on !== 'status') return false;
    const waiting = this.#waiting.find((one) => one.hook === hook && one.event.instance === event.instance);
    if (waiting !== undefined) waiting.event = event;
    return waiting !== undefined;
  }

  #startNext(): void {
    while (this.#running.size < MOST_AT_ONCE) {
      const index = this.#waiting.findIndex(
        ({ hook, event }) => !this.#reporting.has(reporterOf(hook, event)),
      );
      const [next] = index < 0 ? [] : this.#waiting.splice(index, 1);
      if (next === undefined) return;
      const reporter = reporterOf(next.hook, next.event);
      if (reporter !== NOBODY) this.#reporting.add(reporter);
      const run = this.#runOne(next.hook, next.event).finally(() => {
        this.#running.delete(run);
        this.#reporting.delete(reporter);
        this.#startNext();
      });
      this.#running.add(run);
    }
  }

  async #runOne(hook: HookConfig, event: EngineEvent): Promise<void> {
    const { passed, outcome, durationMs } = await this.#run(hook, event);
    const fields = { hook: hook.on, outcome, duration_ms: durationMs };
    this.#events.emitAs(passed ? 'debug' : 'warn', 'hook_finished', fields, {}, event.id);
  }
}

const NOBODY = '';

/** Of a status: whose. */
function reporterOf({ on }: HookConfig, { instance }: EngineEvent): string {
  return on === 'status' ? (instance ?? NOBODY) : NOBODY;
}
