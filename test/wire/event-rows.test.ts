import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventStream } from '../../src/supervisor/events/event-stream.ts';
import { type EngineEvent, EVENT_NAMES, hookOf } from '../../src/wire/engine-event.ts';
import { EVENTS } from '../../src/wire/events.ts';

/** Compile-time only: `npm run typecheck` fails if one of those that are expected to fail compiles. */
export const typed = (events: EventStream) => {
  events.emit('debug', 'hook_finished', { hook: 'exit', outcome: 'x', duration_ms: 1 });
  // @ts-expect-error a level that the event's row does not have
  events.emit('fatal', 'hook_finished', { hook: 'exit', outcome: 'x', duration_ms: 1 });
  // @ts-expect-error a field that the event's row does not have
  events.emit('debug', 'hook_finished', { hook: 'exit', outcome: 'x', duration_ms: 1, more: 1 });
  // @ts-expect-error an event that has no row
  events.emit('info', 'something_new', {});
};

test('each event has levels', () => {
  for (const [name, { levels }] of Object.entries(EVENTS)) assert.ok(levels.length > 0, name);
  assert.deepEqual(EVENT_NAMES, Object.keys(EVENTS));
});

const HOOKS: readonly (readonly [
  string,
  Partial<EngineEvent> & Record<string, unknown>,
  string | undefined,
])[] = [
  ['a spawn', { event: 'process_spawned' }, 'started'],
  ['an end', { event: 'process_exited' }, 'exit'],
  ['a drain', { event: 'engine_draining' }, 'shutdown'],
  ['healthy', { event: 'state_changed', to: 'healthy' }, 'healthy'],
  ['unhealthy', { event: 'state_changed', to: 'unhealthy' }, 'unhealthy'],
  ['stopped', { event: 'state_changed', to: 'stopped' }, 'stopped'],
  ['failed', { event: 'state_changed', to: 'failed' }, 'failed'],
  ['a stop because of health', { event: 'state_changed', to: 'stopping', trigger: 'unhealthy' }, 'unhealthy'],
  ['any other stop', { event: 'state_changed', to: 'stopping', reason: 'unhealthy: x' }, undefined],
  ['a notice', { event: 'engine_notice', message: 'x' }, undefined],
];
for (const [name, event, hook] of HOOKS) {
  test(`${name} calls for ${hook === undefined ? 'no hook' : `on_${hook}`}`, () =>
    assert.equal(hookOf(event as EngineEvent), hook));
}
