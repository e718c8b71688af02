import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareConfigs } from '../../src/config/diff.ts';
import { Reload } from '../../src/supervisor/reload.ts';
import type { EngineEvent } from '../../src/wire/engine-event.ts';
import { configOf, NO_SOCKETS, processConfig, Rig } from './rig.ts';

/** The last event that told this, and what led to it: `db stopping`, `db SIGTERM`, … */
function chainTo(rig: Rig, words: string): readonly string[] {
  const chain: string[] = [];
  let event = rig.told.findLast((candidate) => wordsFor(candidate) === words);
  assert.ok(event, `${words} was told: ${rig.told.map(wordsFor).join(', ')}`);
  while (event !== undefined) {
    chain.push(wordsFor(event));
    const { id, caused_by: cause }: EngineEvent = event;
    assert.ok(cause === undefined || cause < id, 'a cause comes before what it leads to');
    event = rig.told.find((candidate) => candidate.id === cause);
  }
  return chain;
}

function wordsFor(event: EngineEvent): string {
  const { instance = '' } = event;
  switch (event.event) {
    case 'state_changed':
      return `${instance} ${event.to}`;
    case 'signal_sent':
      return `${instance} ${event.signal}`;
    case 'engine_notice':
      return event.message;
    default:
      return `${event.event} ${instance}`.trim();
  }
}

/** An event that a test takes for the cause. */
const note = (rig: Rig, message: string): number => rig.events.emitAs('info', 'engine_notice', { message });

test('a stop: state ← exit ← signal ← command', () => {
  const rig = new Rig([processConfig('web')]).startAll();
  rig.supervisor.decide(rig.record('web'), 'stop', { by: 'user', cause: 'a test' }, note(rig, 'command'));
  rig.die('web', 'SIGTERM');
  assert.deepEqual(chainTo(rig, 'web stopped'), [
    'web stopped',
    'process_exited web',
    'web SIGTERM',
    'command',
  ]);
});

test('a KILL after the patience is over comes of the stop that had begun', () => {
  const rig = new Rig([processConfig('web')]).startAll();
  rig.supervisor.decide(rig.record('web'), 'stop', { by: 'user', cause: 'a test' }, note(rig, 'command'));
  rig.clock.advance(5_000);
  rig.die('web', 'SIGKILL');
  assert.deepEqual(chainTo(rig, 'web stopped'), [
    'web stopped',
    'process_exited web',
    'web SIGKILL',
    'web stopping',
    'command',
  ]);
});

test('a death of its own has no cause, and the retry comes of it', () => {
  const rig = new Rig([processConfig('web')]).startAll();
  rig.exit('web', 1);
  rig.clock.advance(500);
  assert.deepEqual(chainTo(rig, 'web healthcheck'), [
    'web healthcheck',
    'process_spawned web',
    'web backoff',
    'process_exited web',
  ]);
});

test('a restart for bad health comes of the probe that crossed the threshold', () => {
  const rig = new Rig([processConfig('web')]).startAll();
  rig.healthy('web');
  const causedBy = note(rig, 'third failure');
  rig.health.watches.get('web')?.report({ kind: 'becameUnhealthy', reason: 'refused', causedBy });
  assert.deepEqual(chainTo(rig, 'web stopping'), ['web stopping', 'third failure']);
  rig.exit('web', 0);
  assert.deepEqual(chainTo(rig, 'web backoff'), [
    'web backoff',
    'process_exited web',
    'web SIGTERM',
    'third failure',
  ]);
});

test('one that waits starts because its dependency became healthy, and follows its restarts', () => {
  const rig = new Rig([
    processConfig('db'),
    processConfig('api', { dependsOn: [{ process: 'db', condition: 'healthy', restart: true }] }),
  ]).startAll();
  rig.healthy('db');
  assert.deepEqual(chainTo(rig, 'api healthcheck').slice(0, 4), [
    'api healthcheck',
    'process_spawned api',
    'db healthy',
    'db healthcheck',
  ]);
  rig.healthy('api');
  rig.supervisor.decide(rig.record('db'), 'restart', { by: 'user', cause: 'a test' }, note(rig, 'command'));
  rig.die('db', 'SIGTERM');
  assert.deepEqual(chainTo(rig, 'api stopping'), [
    'api stopping',
    'db healthcheck',
    'process_spawned db',
    'process_exited db',
    'db SIGTERM',
    'command',
  ]);
});

test('a shutdown: each stops because the engine does, or because its last dependent is gone', () => {
  const rig = new Rig([processConfig('db'), processConfig('api', { dependsOn: ['db'] })]).startAll();
  rig.healthy('db');
  rig.drain.begin({ code: 0, reason: 'a test', causedBy: note(rig, 'command') });
  rig.die('api', 'SIGTERM');
  assert.deepEqual(chainTo(rig, 'db stopping'), [
    'db stopping',
    'api stopped',
    'process_exited api',
    'api SIGTERM',
    'engine_draining',
    'command',
  ]);
});

test('the end of an essential process is what the shutdown comes of', () => {
  const rig = new Rig([processConfig('main', { essential: true, policy: 'no' })]).startAll();
  rig.exit('main', 3);
  assert.equal(rig.verdicts[0]?.causedBy, rig.told.findLast(({ event }) => event === 'state_changed')?.id);
});

test('what a reload adds, changes and removes comes of it', async () => {
  const before = configOf([processConfig('old'), processConfig('changed')]);
  const rig = new Rig([...before.processes.values()]).startAll();
  const after = configOf([processConfig('changed', { command: '/bin/other' }), processConfig('new')]);
  const reload = new Reload(before, {
    sockets: NO_SOCKETS,
    clock: rig.clock,
    events: rig.events,
    supervisor: rig.supervisor,
    load: () => Promise.resolve({ ok: true, config: after }),
    phase: () => rig.drain.phase,
    compare: compareConfigs,
    onApplied: () => {},
  });
  await reload.run({ kind: 'reload', causedBy: note(rig, 'command') });
  for (const words of ['old stopping', 'changed stopping']) {
    assert.deepEqual(chainTo(rig, words), [words, 'config_reloaded', 'command']);
  }
  assert.deepEqual(chainTo(rig, 'new waiting'), ['new waiting', 'config_reloaded', 'command']);
});
