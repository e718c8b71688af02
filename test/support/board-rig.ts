/** The board without terminal and engine: messages in, the screen out. */

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { WireInstance } from '../../src/rpc/contract/contract.ts';
import { initialModel, type Message, type Model, type Request } from '../../src/tui/model/model.ts';
import { update } from '../../src/tui/model/update.ts';
import type { Size } from '../../src/tui/screen/cells.ts';
import { view } from '../../src/tui/view/view.ts';

export class BoardRig {
  model: Model;
  readonly requests: Request[] = [];

  constructor(size: Size = { columns: 80, rows: 24 }) {
    this.model = initialModel(size, 0);
  }

  tell(...messages: readonly Message[]): this {
    for (const message of messages) {
      const step = update(this.model, message);
      this.model = step.model;
      this.requests.push(...step.requests);
    }
    return this;
  }

  /** Names of keys; `"text"` in quotes is typed letter by letter. */
  press(...keys: readonly string[]): this {
    for (const key of keys) {
      const letters = key.startsWith('"') ? [...key.slice(1, -1)] : [key];
      for (const letter of letters) this.tell({ kind: 'key', name: letter === ' ' ? 'space' : letter });
    }
    return this;
  }

  /** Seconds go by, with a tick in each. */
  pass(seconds: number): this {
    for (let second = 0; second < seconds; second++) {
      this.model = { ...this.model, now: this.model.now + 1_000 };
      this.tell({ kind: 'ticked' });
    }
    return this;
  }

  connect(...instances: readonly WireInstance[]): this {
    return this.tell({
      kind: 'connected',
      status: {
        version: '0.1.0',
        pid: 1,
        role: 'pid1',
        config: '/etc/taskmaster.toml',
        socket: '/run/taskmaster/taskmaster.sock',
        uptime_ms: 7_500_000,
        draining: false,
        orphans_reaped: 0,
        output: { memory_bytes: 0, memory_limit_bytes: 0, dropped_bytes: 0 },
        instances: [...instances],
      },
    });
  }

  change(...instances: readonly WireInstance[]): this {
    return this.tell({
      kind: 'status',
      changes: { draining: false, instances: [...instances], removed: [] },
    });
  }

  use(container: NonNullable<Model['engine']>['container']): this {
    return this.tell({
      kind: 'status',
      changes: { draining: false, instances: [], removed: [], ...(container !== undefined && { container }) },
    });
  }

  print(name: string, text: string, stream: 'stdout' | 'stderr' = 'stdout'): this {
    return this.tell({ kind: 'output', name, stream, text });
  }

  get screen(): string {
    return view(this.model).toText();
  }

  /** The names in the table, from the top. */
  get names(): readonly string[] {
    return this.model.rows.map(({ id }) => id);
  }
}

/** An instance on the wire, healthy but for what is said. */
export function wireInstance(name: string, changes: Partial<WireInstance> = {}): WireInstance {
  return {
    name,
    process: name.split(':')[0] ?? name,
    state: 'healthy',
    desired: 'up',
    since: 1_767_323_045_000,
    state_age_ms: 250_000,
    health: 'healthy',
    pid: 4242,
    incarnation: 1,
    uptime_ms: 251_000,
    restarts: 0,
    consecutive_restarts: 0,
    last_exit: null,
    reason: null,
    waiting_for: [],
    retry_in_ms: null,
    ...changes,
  };
}

export const goldenFolder = join(import.meta.dirname, '../fixtures/tui');

/** Compares with the file; REWRITE_SCREENS=1 in the environment writes it instead. */
export function assertScreen(name: string, screen: string): void {
  const path = join(goldenFolder, `${name}.txt`);
  if (process.env.REWRITE_SCREENS === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${screen}\n`);
  }
  assert.ok(existsSync(path), `${path} is not there: run with REWRITE_SCREENS=1, and look at it`);
  assert.equal(`${screen}\n`, readFileSync(path, 'utf8'));
}
