/** Programs that start with the first connection: what follows from it in the world of all instances. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareConfigs } from '../../src/config/diff.ts';
import type { ProcessConfig } from '../../src/config/resolved-config.ts';
import { MAX_ACTIVATIONS } from '../../src/lifecycle/backoff.ts';
import { Reload } from '../../src/supervisor/reload.ts';
import { configOf, type ProcessChoices, processConfig, Rig } from './rig.ts';

const SOCKETS = [{ name: 'http', key: 'tcp 0.0.0.0 80', address: '0.0.0.0:80' }];

function activated(name: string, choices: ProcessChoices = {}): ReturnType<typeof processConfig> {
  return processConfig(name, { sockets: SOCKETS, activation: { idleStopMs: 60_000 }, ...choices });
}

/** It has the socket, and runs all the time. */
const plain = (name: string): ProcessConfig => processConfig(name, { sockets: SOCKETS });

/** A connection has started it, and it has become healthy. */
function up(rig: Rig, name = 'web'): void {
  rig.sockets.come(name);
  rig.healthy(name);
  assert.equal(rig.state(name), 'healthy');
}

test('a connection starts the program, and events and snapshots say which socket', () => {
  const rig = new Rig([activated('web')]).startAll();
  const listening = rig.see('web');
  assert.equal(listening.state, 'listening');
  assert.equal(listening.reason, 'listens on http (0.0.0.0:80)');
  assert.deepEqual(listening.listening_on, [{ socket: 'http', address: '0.0.0.0:80' }]);
  assert.equal(rig.kernel.spawned.length, 0);
  up(rig);
  const { activated_by, listening_on } = rig.see('web');
  assert.deepEqual({ activated_by, listening_on }, { activated_by: 'http', listening_on: undefined });
  const names = rig.told.map(({ event }) => event);
  const [came, waiting] = [names.indexOf('process_activated'), names.lastIndexOf('process_spawned')];
  assert.ok(came >= 0 && came < waiting, names.join());
  assert.equal(rig.sockets.watched.size, 0, 'nobody is woken by what comes while it runs');
});

test('an idle program is stopped in its usual way, and listens again', () => {
  const rig = new Rig([activated('web')]).startAll();
  up(rig);
  assert.equal(rig.sockets.idleMs, 60_000);
  rig.sockets.idle('web');
  const pid = rig.pid('web');
  assert.deepEqual(rig.signalsTo(pid), ['SIGTERM']);
  assert.equal(rig.see('web').reason, 'nobody used its sockets for 1m00s (idle_stop)');
  rig.die('web', 'SIGTERM');
  assert.equal(rig.state('web'), 'listening');
  assert.equal(rig.see('web').activated_by, undefined);
  assert.equal(rig.see('web').consecutive_restarts, 0);
  assert.equal(rig.sockets.guarded.size, 0);
});

test('what came while it was stopped starts it at once', () => {
  const rig = new Rig([activated('web')]).startAll();
  up(rig);
  rig.sockets.idle('web');
  rig.exit('web', 0);
  up(rig);
  assert.equal(rig.see('web').incarnation, 2);
});

test('a stop by a user ends the wait for connections, and a start resumes it', () => {
  const rig = new Rig([activated('web')]).startAll();
  rig.decide('web', 'stop');
  assert.equal(rig.state('web'), 'stopped');
  assert.equal(rig.sockets.watched.size, 0);
  rig.decide('web', 'start');
  assert.equal(rig.state('web'), 'listening');
  rig.decide('web', 'start');
  assert.equal(rig.kernel.spawned.length, 1, 'a second start waits for no connection');
  assert.equal(rig.see('web').activated_by, undefined);
});

test('a program that starts in vain, with a connection that nobody accepts, fails after 20 starts', () => {
  const rig = new Rig([activated('web', { baseMs: 0 })]).startAll();
  for (let start = 0; rig.state('web') !== 'failed'; start += 1) {
    assert.ok(start < 100, 'it goes on for ever');
    if (rig.state('web') === 'backoff') rig.clock.advance(1_200);
    rig.sockets.come('web');
    rig.exit('web', start % 2);
  }
  assert.equal(rig.kernel.spawned.length, MAX_ACTIVATIONS);
  assert.match(
    rig.see('web').reason ?? '',
    /^exited with code 1; connections started it 20 times in a row, and each time it ended at once$/,
  );
  assert.equal(rig.sockets.watched.size, 0, 'what still waits starts nothing');
  rig.decide('web', 'start');
  assert.equal(rig.state('web'), 'listening', 'until somebody asks for that');
});

test('with a backoff.reset of 0 what waits already still counts', () => {
  const rig = new Rig([activated('web', { baseMs: 0, resetMs: 0 })]).startAll();
  for (let start = 0; rig.state('web') !== 'failed'; start += 1) {
    assert.ok(start < 100, 'it goes on for ever');
    if (rig.state('web') === 'backoff') rig.clock.advance(1_200);
    // The engine was busy for a while.
    rig.clock.advance(100);
    rig.sockets.come('web');
    rig.exit('web', 1);
  }
  assert.equal(rig.kernel.spawned.length, MAX_ACTIVATIONS);
});

test('a start that fails waits for its retry as any other, whatever comes meanwhile', () => {
  const rig = new Rig([activated('web', { maxRestarts: 2 })]).startAll();
  for (const state of ['backoff', 'backoff', 'failed']) {
    rig.sockets.come('web');
    rig.clock.advance(5_000);
    rig.exit('web', 1);
    assert.equal(rig.state('web'), state);
    rig.sockets.come('web');
    assert.equal(rig.state('web'), state);
    rig.clock.advance(2_000);
  }
  assert.match(rig.see('web').reason ?? '', /exited with code 1, after 2 restarts in a row/);
});

test('starts that failed are forgotten when no connection comes for a while', () => {
  const rig = new Rig([activated('web', { maxRestarts: 1, resetMs: 30_000 })]).startAll();
  for (let round = 0; round < 5; round += 1) {
    rig.sockets.come('web');
    rig.exit('web', 1);
    assert.equal(rig.state('web'), 'backoff');
    rig.clock.advance(1_000);
    assert.equal(rig.state('web'), 'listening');
    rig.clock.advance(31_000);
  }
});

test('a connection that comes while a dependency has failed waits for it, and starts nothing', () => {
  const rig = new Rig([activated('web', { dependsOn: ['db'] }), processConfig('db', { policy: 'no' })]);
  rig.startAll();
  rig.exit('db', 1);
  rig.sockets.come('web');
  assert.equal(rig.state('web'), 'blocked');
  rig.decide('db', 'start');
  rig.healthy('db');
  assert.equal(rig.kernel.spawned.at(-1)?.file, '/bin/web');
});

test('who depends on it starts while it listens, and is not restarted when a connection starts it', () => {
  const dependsOn = [{ process: 'db', condition: 'healthy', restart: true }] as const;
  const rig = new Rig([processConfig('web', { dependsOn }), activated('db')]).startAll();
  rig.healthy('web');
  const pid = rig.pid('web');
  for (let round = 0; round < 2; round += 1) {
    up(rig, 'db');
    rig.sockets.idle('db');
    rig.exit('db', 0);
  }
  assert.deepEqual(rig.signalsTo(pid), []);
  // One that failed is another matter.
  up(rig, 'db');
  rig.die('db', 'SIGSEGV');
  rig.clock.advance(1_000);
  up(rig, 'db');
  assert.deepEqual(rig.signalsTo(pid), ['SIGTERM']);
});

test('an engine whose last process listens does not end, and ends when it is asked to', () => {
  const rig = new Rig([activated('web'), processConfig('once', { type: 'oneshot' })], {
    exitWhen: 'all-done',
  }).startAll();
  rig.exit('once', 0);
  assert.deepEqual(rig.verdicts, []);
  up(rig);
  rig.exit('web', 0);
  assert.equal(rig.state('web'), 'listening');
  assert.deepEqual(rig.verdicts, []);
  rig.drain.begin({ code: 0, reason: 'a test ends it' });
  assert.equal(rig.state('web'), 'stopped');
});

test('sockets that cannot be watched start the program, with a warning', () => {
  const rig = new Rig([activated('web')]);
  rig.sockets.failure = 'EMFILE';
  rig.startAll();
  assert.equal(rig.kernel.spawned.length, 1);
  assert.equal(rig.see('web').activated_by, undefined);
  const [notice] = rig.told.filter(({ event }) => event === 'engine_notice');
  assert.match(JSON.stringify(notice), /"level":"warn".*cannot be watched: EMFILE/);
});

test('an activated one-shot runs for what comes, and listens again', () => {
  const rig = new Rig([activated('job', { type: 'oneshot', activation: { idleStopMs: undefined } })]);
  rig.startAll();
  rig.sockets.come('job');
  assert.equal(rig.state('job'), 'running');
  rig.clock.advance(2_000);
  rig.exit('job', 0);
  assert.equal(rig.state('job'), 'listening');
});

/** A rig with these processes, and what reloads it. */
function reloading(...before: readonly ProcessConfig[]): {
  rig: Rig;
  reload: (...after: readonly ProcessConfig[]) => Promise<void>;
} {
  const rig = new Rig(before).startAll();
  let next = configOf(before);
  const reload = new Reload(next, {
    sockets: rig.sockets,
    clock: rig.clock,
    events: rig.events,
    supervisor: rig.supervisor,
    load: async () => ({ ok: true, config: next }),
    phase: () => rig.drain.phase,
    compare: compareConfigs,
    onApplied: () => {},
  });
  return {
    rig,
    reload: async (...after) => {
      next = configOf(after);
      await reload.run({ kind: 'reload' });
      // The one before is over for the next.
      await new Promise((done) => setImmediate(done));
    },
  };
}

test('a reload of other sockets has a listening instance wait for these', async () => {
  const { rig, reload } = reloading(activated('web'));
  const before = rig.sockets.watched.get('web');
  const sockets = [{ name: 'other', key: 'tcp 0.0.0.0 81', address: '0.0.0.0:81' }];
  await reload(activated('web', { sockets }));
  assert.notEqual(rig.sockets.watched.get('web'), before);
  assert.equal(rig.see('web').reason, 'listens on other (0.0.0.0:81)');
  before?.('http');
  assert.equal(rig.state('web'), 'listening', 'what comes to the old ones is over');
  up(rig);
});

test('a reload that ends activation starts what listens, and leaves what runs as it is', async () => {
  const { rig, reload } = reloading(activated('web'), activated('api'));
  up(rig, 'api');
  const pid = rig.pid('api');
  await reload(plain('web'), plain('api'));
  assert.equal(rig.state('web'), 'healthcheck');
  assert.equal(rig.pid('api'), pid);
  assert.equal(rig.sockets.guarded.size, 0, 'nobody stops it for being idle');
  rig.exit('api', 0);
  assert.equal(rig.state('api'), 'completed');
});

test('a reload that begins activation guards what runs, and has what has completed listen', async () => {
  const { rig, reload } = reloading(plain('web'), plain('done'));
  for (const name of ['web', 'done']) rig.healthy(name);
  rig.exit('done', 0);
  await reload(activated('web'), activated('done'));
  assert.equal(rig.state('done'), 'listening');
  assert.equal(rig.state('web'), 'healthy');
  rig.sockets.idle('web');
  rig.exit('web', 0);
  assert.equal(rig.state('web'), 'listening');
});

test('another idle_stop applies to what runs', async () => {
  const { rig, reload } = reloading(activated('web'));
  up(rig);
  await reload(activated('web', { activation: { idleStopMs: 5_000 } }));
  assert.equal(rig.sockets.idleMs, 5_000);
  await reload(activated('web', { activation: { idleStopMs: undefined } }));
  assert.equal(rig.sockets.guarded.size, 0);
  assert.equal(rig.state('web'), 'healthy');
});

/** Children are numbered from 101 in the order of their start. */
const endStep = (rig: Rig, code: number): void =>
  rig.kernel.exit(100 + rig.kernel.spawned.length, { how: 'exited', code });

test('steps run around each life that a connection starts', () => {
  const step = (name: string) =>
    ({ name, command: { file: `/bin/${name}`, args: [] }, timeoutMs: 1_000, as: 'process' }) as const;
  const steps = { preStart: [step('pre_start')], postExit: [step('post_exit')] };
  const rig = new Rig([activated('web', { steps })]).startAll();
  const programs = (): readonly string[] => rig.kernel.spawned.map(({ file }) => file);
  for (let life = 1; life <= 2; life += 1) {
    rig.sockets.come('web');
    assert.equal(rig.state('web'), 'preparing');
    endStep(rig, 0);
    rig.healthy('web');
    rig.sockets.idle('web');
    rig.exit('web', 0);
    assert.equal(rig.state('web'), 'cleaning');
    endStep(rig, 0);
    assert.equal(rig.state('web'), 'listening');
    assert.deepEqual(programs().slice(-3), ['/bin/pre_start', '/bin/web', '/bin/post_exit']);
  }
  // One that fails is a failed start, with the connection still there.
  rig.sockets.come('web');
  endStep(rig, 1);
  endStep(rig, 0);
  assert.equal(rig.state('web'), 'backoff');
});
