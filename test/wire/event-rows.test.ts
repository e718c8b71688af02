import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventStream } from '../../src/supervisor/events/event-stream.ts';
import { type EngineEvent, EVENT_NAMES, hookOf, levelOf } from '../../src/wire/engine-event.ts';
import { EVENTS } from '../../src/wire/events.ts';

/** Compile-time only: `npm run typecheck` fails if one of those that are expected to fail compiles. */
export const typed = (events: EventStream) => {
  events.emitAs('debug', 'hook_finished', { hook: 'exit', outcome: 'x', duration_ms: 1 });
  // @ts-expect-error a level that the event's row does not have
  events.emitAs('fatal', 'hook_finished', { hook: 'exit', outcome: 'x', duration_ms: 1 });
  // @ts-expect-error a field that the event's row does not have
  events.emitAs('debug', 'hook_finished', { hook: 'exit', outcome: 'x', duration_ms: 1, more: 1 });
  // @ts-expect-error an event that has no row
  events.emit('something_new', {});
};

test('each event has a level, or levels to choose from', () => {
  for (const [name, { level }] of Object.entries(EVENTS)) assert.ok(level.length > 0, name);
  assert.deepEqual(EVENT_NAMES, Object.keys(EVENTS));
});

test('the level of a change of state is that of the new state, and that of a failed start says who is to blame', () => {
  const changed = { from: 'healthy' } as const;
  assert.equal(levelOf('state_changed', { ...changed, to: 'failed' }), 'error');
  assert.equal(levelOf('state_changed', { ...changed, to: 'unhealthy' }), 'warn');
  assert.equal(levelOf('state_changed', { ...changed, to: 'ended' }), 'info');
  const failed = { step: 'execute', message: 'x' };
  assert.equal(levelOf('spawn_failed', { ...failed, errno: 'ENOENT' }), 'error');
  assert.equal(levelOf('spawn_failed', { ...failed, errno: 'ECANCELED' }), 'info');
  assert.equal(levelOf('config_warning', { message: 'x' }), 'warn');
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
  ['a status', { event: 'process_status', status: 'half way' }, 'status'],
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
