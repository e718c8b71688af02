/** Which hooks run, how many at once, and what becomes of those that come too fast. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HookConfig, HookEvent } from '../../src/config/resolved-config.ts';
import { EventStream } from '../../src/supervisor/events/event-stream.ts';
import { Hooks } from '../../src/supervisor/events/hooks.ts';
import type { EngineEvent } from '../../src/wire/engine-event.ts';
import { HandClock } from './rig.ts';

const hook = (on: HookEvent): HookConfig =>
  ({ on, file: `/bin/${on}`, args: [], timeoutMs: 1_000 }) as HookConfig;

interface Running {
  readonly on: HookEvent;
  readonly event: EngineEvent;
  readonly end: () => void;
}

function hooked(...on: readonly HookEvent[]) {
  const events = new EventStream(new HandClock());
  const running: Running[] = [];
  const hooks = new Hooks(events, ({ on }, event) => {
    const { promise, resolve } = Promise.withResolvers<{
      passed: boolean;
      outcome: string;
      durationMs: number;
    }>();
    running.push({ on, event, end: () => resolve({ passed: true, outcome: 'done', durationMs: 1 }) });
    return promise;
  });
  hooks.use(on.map(hook));
  const say = (instance: string, status: string): number =>
    events.emit('process_status', { status }, { instance });
  const seen = (): readonly string[] =>
    running.map(
      ({ event }) => `${event.instance}: ${event.event === 'process_status' ? event.status : event.event}`,
    );
  return { events, running, say, seen };
}

test('of the texts of one process one runs and one waits, the newest; another process does not wait for that', async () => {
  const { running, say, seen } = hooked('status');
  for (let count = 0; count < 100; count++) say('web', String(count));
  say('db', 'ready');
  assert.deepEqual(seen(), ['web: 0', 'db: ready']);
  running[0]?.end();
  await nextTurn();
  assert.deepEqual(seen(), ['web: 0', 'db: ready', 'web: 99']);
});

test('a process that says much keeps no other hook from running', () => {
  const { events, say, seen } = hooked('status', 'started');
  const told: string[] = [];
  events.subscribe(({ event }) => told.push(event));
  for (let count = 0; count < 1_000; count++) say('web', String(count));
  events.emit('process_spawned', { command: 'nginx' }, { instance: 'db' });
  assert.deepEqual(seen(), ['web: 0', 'db: process_spawned']);
  assert.ok(!told.includes('hook_dropped'));
});
