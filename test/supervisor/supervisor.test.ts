import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processConfig, Rig } from './rig.ts';

test('a process is started, watched and proven healthy', () => {
  const rig = new Rig([processConfig('web')]).startAll();
  assert.equal(rig.state('web'), 'healthcheck');
  rig.healthy('web');
  assert.equal(rig.state('web'), 'healthy');
  assert.equal(rig.see('web').pid, rig.pid('web'));
});

test('a second restart while stopping starts one new incarnation, not two', () => {
  const rig = new Rig([processConfig('web')]).startAll();
  rig.decide('web', 'restart');
  rig.decide('web', 'restart');
  rig.decide('web', 'start');
  assert.equal(rig.state('web'), 'stopping');
  assert.equal(rig.see('web').desired, 'restart');
  rig.die('web', 'SIGTERM');
  assert.equal(rig.kernel.spawned.length, 2);
  assert.equal(rig.state('web'), 'healthcheck');
  assert.equal(rig.see('web').restarts, 0);
});

test('failures wait longer each time, then give up and say why', () => {
  const rig = new Rig([processConfig('web', { maxRestarts: 2 })]).startAll();
  rig.exit('web', 3);
  assert.equal(rig.state('web'), 'backoff');
  assert.equal(rig.see('web').retry_in_ms, 500);
  assert.equal(rig.see('web').reason, 'exited with code 3; restart 1 of 2');
  rig.clock.advance(500);
  rig.exit('web', 3);
  assert.equal(rig.see('web').retry_in_ms, 1_000);
  rig.clock.advance(1_000);
  rig.die('web', 'SIGSEGV');
  assert.equal(rig.state('web'), 'failed');
  assert.equal(rig.see('web').reason, 'killed by SIGSEGV, after 2 restarts in a row');
  assert.equal(rig.see('web').restarts, 2);
  assert.equal(rig.clock.pending, 0);
});

test('restarts are forgotten after enough healthy running', () => {
  const rig = new Rig([processConfig('web', { maxRestarts: 2 })]).startAll();
  rig.exit('web', 1);
  rig.clock.advance(500);
  rig.healthy('web');
  assert.equal(rig.see('web').consecutive_restarts, 1);
  rig.clock.advance(29_999);
  assert.equal(rig.see('web').consecutive_restarts, 1);
  rig.clock.advance(1);
  assert.equal(rig.see('web').consecutive_restarts, 0);
});

test('what is somebody else’s to bring is waited for, whatever its errno and policy', () => {
  const rig = new Rig([processConfig('web', { policy: 'no' })]);
  rig.kernel.failNextSpawn('ENOENT', { isPassing: true });
  rig.decide('web', 'start');
  assert.equal(rig.state('web'), 'backoff');
  rig.clock.advance(500);
  assert.equal(rig.state('web'), 'healthcheck');
});

test('a program that is not there fails at once, one that cannot be forked now is tried again', () => {
  const rig = new Rig([processConfig('gone'), processConfig('busy')]);
  rig.kernel.failNextSpawn('ENOENT');
  rig.decide('gone', 'start');
  assert.equal(rig.state('gone'), 'failed');
  assert.equal(rig.see('gone').reason, 'cannot execute it: ENOENT');
  rig.kernel.failNextSpawn('EAGAIN');
  rig.decide('busy', 'start');
  assert.equal(rig.state('busy'), 'backoff');
  rig.clock.advance(500);
  assert.equal(rig.state('busy'), 'healthcheck');
});

test('stopping goes through its signals to KILL, and then waits', () => {
  const stop = [
    { kind: 'signal', signal: 'SIGINT', waitMs: 1_000, to: 'leader' },
    { kind: 'signal', signal: 'SIGTERM', waitMs: 2_000, to: 'group' },
  ] as const;
  const rig = new Rig([processConfig('web', { stop })]).startAll();
  const pid = rig.pid('web');
  rig.decide('web', 'stop');
  rig.clock.advance(1_000);
  rig.clock.advance(2_000);
  assert.deepEqual(rig.signalsTo(pid), ['SIGINT', 'SIGTERM', 'SIGKILL']);
  assert.equal(rig.state('web'), 'stopping');
  rig.clock.advance(60_000);
  rig.die('web', 'SIGKILL');
  assert.equal(rig.state('web'), 'stopped');
  assert.equal(rig.see('web').last_exit?.requested, true);
  assert.equal(rig.see('web').last_exit?.unhealthy, undefined);
});

test('what a stopped leader leaves gets the stop sequence from its start, then KILL', () => {
  const rig = new Rig([processConfig('web')]).startAll();
  const pid = rig.pid('web');
  rig.decide('web', 'stop');
  rig.clock.advance(4_900);
  rig.exit('web', 0, 2);
  assert.equal(rig.state('web'), 'stopping');
  assert.match(rig.see('web').reason ?? '', /stopping what it left running: pid \d+ \(sleep 1000\)/);
  rig.clock.advance(4_999);
  assert.deepEqual(rig.targetsOf(pid), ['SIGTERM leader', 'SIGTERM others']);
  rig.clock.advance(1);
  assert.deepEqual(rig.targetsOf(pid), ['SIGTERM leader', 'SIGTERM others', 'SIGKILL all']);
  rig.kernel.emptyGroup(pid);
  assert.equal(rig.state('web'), 'stopped');
});

test('where the whole group had the signal, only who left the group gets it when the leader is dead', () => {
  const stop = [{ kind: 'signal', signal: 'SIGTERM', waitMs: 1_000, to: 'group' }] as const;
  const rig = new Rig([processConfig('web', { stop })]).startAll();
  const pid = rig.pid('web');
  rig.decide('web', 'stop');
  rig.exit('web', 0, 2);
  assert.deepEqual(rig.targetsOf(pid), ['SIGTERM group', 'SIGTERM outsiders']);
  rig.clock.advance(1_000);
  assert.deepEqual(rig.targetsOf(pid).slice(2), ['SIGKILL all']);
});

test('where KILL goes to the leader alone, what it leaves has the stop sequence before it is killed', () => {
  const rig = new Rig([processConfig('web', { kill: 'leader' })]).startAll();
  const pid = rig.pid('web');
  rig.decide('web', 'stop');
  rig.clock.advance(5_000);
  rig.kernel.exit(pid, { how: 'signalled', signal: 'SIGKILL', core: false }, 1);
  rig.clock.advance(5_000);
  const expected = ['SIGTERM leader', 'SIGKILL leader', 'SIGTERM others', 'SIGKILL all'];
  assert.deepEqual(rig.targetsOf(pid), expected);
});

test('what a crashed leader leaves is stopped before the next incarnation', () => {
  const rig = new Rig([processConfig('web', { baseMs: 0 })]).startAll();
  const pid = rig.pid('web');
  rig.exit('web', 1, 3);
  assert.deepEqual(rig.targetsOf(pid), ['SIGTERM others']);
  assert.equal(rig.kernel.spawned.length, 1);
  rig.kernel.emptyGroup(pid);
  assert.equal(rig.kernel.spawned.length, 2);
});

test('with leave_running nothing is done about what a leader leaves, and nobody waits for it', () => {
  const rig = new Rig([processConfig('cron', { leaveRunning: true, kill: 'leader' })]).startAll();
  const pid = rig.pid('cron');
  rig.decide('cron', 'stop');
  rig.exit('cron', 0, 1, 2);
  assert.equal(rig.state('cron'), 'stopped');
  assert.deepEqual(rig.targetsOf(pid), ['SIGTERM leader']);
});

test('a program that goes to the background before it is healthy has failed, and is told what to do', () => {
  const rig = new Rig([processConfig('nginx', { policy: 'always' })]).startAll();
  const pid = rig.pid('nginx');
  rig.exit('nginx', 0, 0, 1);
  assert.deepEqual(rig.targetsOf(pid), ['SIGTERM others']);
  rig.kernel.emptyGroup(pid);
  assert.equal(rig.state('nginx'), 'failed');
  assert.match(
    rig.see('nginx').reason ?? '',
    /exited with code 0, but left pid \d+ \(sleep 1000\): .*daemon off;/,
  );
  const told = rig.told.find(({ event }) => event === 'process_left_running');
  assert.equal(told?.level, 'warn');
});

test('a one-shot may leave daemons, but nothing of its own session', () => {
  const rig = new Rig([processConfig('boot', { type: 'oneshot' })]).startAll();
  const pid = rig.pid('boot');
  rig.exit('boot', 0, 0, 1);
  assert.equal(rig.state('boot'), 'completed');
  assert.deepEqual(rig.targetsOf(pid), []);
  const failing = new Rig([processConfig('boot', { type: 'oneshot' })]).startAll();
  failing.exit('boot', 1, 0, 1);
  assert.equal(failing.state('boot'), 'stopping');
});

test('those whose end nobody tells us of are noticed all the same', () => {
  const rig = new Rig([processConfig('web', { baseMs: 0 })]).startAll();
  const pid = rig.pid('web');
  rig.exit('web', 1, 1);
  const { leftovers } = rig.kernel;
  rig.kernel.leftovers = (asked) => (asked === pid ? [] : leftovers.call(rig.kernel, asked));
  rig.clock.advance(200);
  assert.equal(rig.kernel.spawned.length, 2);
});

test('an unhealthy process is stopped, counted as failed, and started again', () => {
  const rig = new Rig([processConfig('web')]).startAll();
  rig.healthy('web');
  rig.unhealthy('web');
  assert.equal(rig.state('web'), 'stopping');
  assert.equal(rig.see('web').reason, 'unhealthy: connection refused');
  rig.exit('web', 0);
  assert.equal(rig.state('web'), 'backoff');
  assert.equal(rig.see('web').reason, 'unhealthy, exited with code 0; restart 1');
  assert.equal(rig.see('web').last_exit?.unhealthy, true);
});

test('on_unhealthy = "exit" ends the container with 11, "none" leaves it and believes a recovery', () => {
  const rig = new Rig([
    processConfig('vital', { onUnhealthy: 'exit' }),
    processConfig('extra', { onUnhealthy: 'none' }),
  ]).startAll();
  for (const name of ['vital', 'extra']) rig.healthy(name);
  rig.unhealthy('extra');
  assert.equal(rig.state('extra'), 'unhealthy');
  assert.equal(rig.health.watches.get('extra')?.standing, 'healthy', 'the watch that told goes on');
  rig.healthy('extra');
  assert.equal(rig.state('extra'), 'healthy');
  assert.deepEqual(rig.verdicts, []);
  rig.unhealthy('vital');
  const told = rig.verdicts.map(({ code, reason }) => `${code}: ${reason}`);
  assert.deepEqual(told, ['11: vital is unhealthy: connection refused']);
});

test('a process that never became healthy is watched on as unhealthy, so that its recovery is news', () => {
  const rig = new Rig([processConfig('slow', { onUnhealthy: 'none' })]).startAll();
  assert.equal(rig.health.watches.get('slow')?.standing, 'unproven');
  rig.unhealthy('slow');
  assert.equal(rig.health.watches.get('slow')?.standing, 'unhealthy');
  rig.healthy('slow');
  assert.equal(rig.state('slow'), 'healthy');
});

test('a dependent waits, says for what, and starts when it comes', () => {
  const rig = new Rig([
    processConfig('db'),
    processConfig('migrate', { type: 'oneshot', dependsOn: ['db'] }),
    processConfig('app', {
      dependsOn: ['db', { process: 'migrate', condition: 'completed', restart: false }],
    }),
  ]).startAll();
  assert.equal(rig.see('app').reason, 'waits for db to be healthy, migrate to complete');
  rig.healthy('db');
  assert.equal(rig.state('migrate'), 'running');
  assert.deepEqual(rig.see('app').waiting_for, ['migrate to complete']);
  assert.equal(rig.see('app').reason, 'waits for migrate to complete');
  rig.exit('migrate', 0);
  assert.equal(rig.state('migrate'), 'completed');
  assert.equal(rig.state('app'), 'healthcheck');
});

test('a dependent that asks for it is restarted with what it depends on', () => {
  const rig = new Rig([
    processConfig('db', { baseMs: 0 }),
    processConfig('app', { dependsOn: [{ process: 'db', condition: 'started', restart: true }] }),
  ]).startAll();
  const app = rig.pid('app');
  rig.exit('db', 1);
  assert.equal(rig.state('app'), 'stopping');
  rig.kernel.exit(app, { how: 'exited', code: 0 });
  assert.equal(rig.state('app'), 'healthcheck');
  assert.notEqual(rig.pid('app'), app);
});

test('a dependent that does not ask for it runs on when what it depends on is started again', () => {
  const rig = new Rig([
    processConfig('db', { baseMs: 0 }),
    processConfig('app', { dependsOn: [{ process: 'db', condition: 'started', restart: false }] }),
  ]).startAll();
  const app = rig.pid('app');
  rig.exit('db', 1);
  assert.equal(rig.pid('app'), app);
  assert.equal(rig.state('app'), 'healthcheck');
});

test('instances live and die each for itself', () => {
  const rig = new Rig([processConfig('web', { instances: 3, baseMs: 0 })]).startAll();
  assert.deepEqual(
    rig.supervisor.records().map(({ name }) => name),
    ['web:1', 'web:2', 'web:3'],
  );
  const before = [rig.pid('web:1'), rig.pid('web:2'), rig.pid('web:3')];
  rig.exit('web:2', 1);
  assert.deepEqual([rig.pid('web:1'), rig.pid('web:3')], [before[0], before[2]]);
  assert.notEqual(rig.pid('web:2'), before[1]);
  assert.equal(rig.kernel.spawned.at(-1)?.environment.set.TASKMASTER_INSTANCE, 'web:2');
});

test('a turn tells each change once, however many states were passed through', () => {
  const rig = new Rig([processConfig('web', { baseMs: 0 })]).startAll();
  rig.healthy('web');
  rig.told.length = 0;
  rig.exit('web', 1);
  const told = rig.told.map((event) =>
    event.event === 'state_changed' ? `${event.from}>${event.to}` : event.event,
  );
  assert.deepEqual(told, ['process_exited', 'process_spawned', 'healthy>healthcheck']);
});

test('a fault in one turn is reported and the others go on', () => {
  const rig = new Rig([processConfig('web'), processConfig('app')]);
  const { spawn } = rig.kernel;
  rig.kernel.spawn = () => {
    throw new Error('broken');
  };
  rig.decide('web', 'start');
  rig.kernel.spawn = spawn;
  rig.decide('app', 'start');
  assert.equal(rig.faults.length, 1);
  assert.equal(rig.state('app'), 'healthcheck');
});

test('with a base of 0 the first restarts are immediate, and a crash loop waits a second each time', () => {
  const rig = new Rig([processConfig('web', { policy: 'always', baseMs: 0 })]).startAll();
  for (let death = 1; death <= 5; death++) {
    rig.exit('web', 1);
    assert.equal(rig.state('web'), 'healthcheck', `restart ${death}`);
  }
  rig.exit('web', 1);
  assert.equal(rig.state('web'), 'backoff');
  assert.equal(rig.see('web').retry_in_ms, 1_000);
  rig.clock.advance(1_000);
  rig.exit('web', 1);
  assert.equal(rig.see('web').retry_in_ms, 1_000);
});

test('a crash loop is over once an incarnation has run for a second, or a person starts the process', () => {
  const rig = new Rig([processConfig('web', { policy: 'always', baseMs: 0 })]).startAll();
  for (let death = 1; death <= 6; death++) rig.exit('web', 1);
  assert.equal(rig.state('web'), 'backoff');
  rig.decide('web', 'start');
  for (let death = 1; death <= 5; death++) rig.exit('web', 1);
  assert.equal(rig.state('web'), 'healthcheck');
  rig.clock.advance(1_000);
  rig.exit('web', 1);
  assert.equal(rig.state('web'), 'healthcheck');
});

test('becoming healthy at once does not hide a crash loop', () => {
  const rig = new Rig([processConfig('web', { policy: 'always', baseMs: 0 })]).startAll();
  for (let death = 1; death <= 6; death++) {
    rig.healthy('web');
    rig.clock.advance(900);
    rig.exit('web', 0);
  }
  assert.equal(rig.state('web'), 'backoff');
});

test('no reset, however short, hides a crash loop', () => {
  const rig = new Rig([processConfig('web', { policy: 'always', baseMs: 0, resetMs: 0 })]).startAll();
  for (let death = 1; death <= 6; death++) {
    rig.healthy('web');
    rig.clock.advance(20);
    rig.exit('web', 0);
  }
  assert.equal(rig.state('web'), 'backoff');
});

test('a start that fails for a moment counts as a life that ended at once', () => {
  const rig = new Rig([processConfig('web', { baseMs: 0 })]);
  for (let failure = 1; failure <= 7; failure++) rig.kernel.failNextSpawn('EAGAIN');
  rig.startAll();
  assert.equal(rig.state('web'), 'backoff');
  assert.equal(rig.see('web').consecutive_restarts, 6);
});

test('a start that takes longer than start_timeout is stopped and counts as a failure', () => {
  const rig = new Rig([processConfig('web', { startTimeoutMs: 60_000, maxRestarts: 1 })]).startAll();
  rig.clock.advance(59_999);
  assert.equal(rig.state('web'), 'healthcheck');
  rig.clock.advance(1);
  assert.equal(rig.state('web'), 'stopping');
  assert.equal(rig.see('web').reason, 'is not healthy within 1m00s (start_timeout)');
  rig.exit('web', 0);
  assert.equal(rig.state('web'), 'backoff');
  assert.equal(rig.see('web').reason, 'start timed out, exited with code 0; restart 1 of 1');
  assert.equal(rig.see('web').last_exit?.start_timeout, true);
});

test('a process that is healthy in time is never stopped by start_timeout', () => {
  const rig = new Rig([processConfig('web', { startTimeoutMs: 60_000 })]).startAll();
  rig.healthy('web');
  rig.clock.advance(600_000);
  assert.equal(rig.state('web'), 'healthy');
});

test('a one-shot that hangs does not block its dependents for ever', () => {
  const migrate = processConfig('migrate', { type: 'oneshot', startTimeoutMs: 90_000, policy: 'no' });
  const app = processConfig('app', {
    dependsOn: [{ process: 'migrate', condition: 'completed', restart: false }],
  });
  const rig = new Rig([migrate, app]).startAll();
  rig.clock.advance(90_000);
  rig.die('migrate', 'SIGTERM');
  assert.equal(rig.state('migrate'), 'failed');
  assert.equal(rig.state('app'), 'blocked');
  assert.equal(
    rig.see('app').reason,
    'needs migrate to complete, but migrate has failed (start timed out, killed by SIGTERM)',
  );
});

test('a dependency that ended well before it was healthy blocks its dependents, and says why', () => {
  const rig = new Rig([processConfig('db'), processConfig('app', { dependsOn: ['db'] })]).startAll();
  rig.exit('db', 0);
  assert.equal(rig.state('app'), 'blocked');
  assert.equal(rig.see('app').reason, 'needs db to be healthy, but db has completed (exited with code 0)');
});

test('what is blocked blocks what depends on it, and all go on once the cause is started again', () => {
  const rig = new Rig([
    processConfig('db', { policy: 'no' }),
    processConfig('app', { dependsOn: ['db'] }),
    processConfig('proxy', { dependsOn: ['app'] }),
  ]).startAll();
  rig.exit('db', 1);
  assert.equal(rig.state('app'), 'blocked');
  assert.equal(rig.state('proxy'), 'blocked');
  rig.decide('db', 'start');
  assert.equal(rig.state('app'), 'waiting');
  assert.equal(rig.state('proxy'), 'waiting');
  rig.healthy('db');
  rig.healthy('app');
  assert.equal(rig.state('proxy'), 'healthcheck');
});

test('the wait for a stopped dependency names its state', () => {
  const rig = new Rig([
    processConfig('db', { autostart: false }),
    processConfig('app', { dependsOn: ['db'] }),
  ]).startAll();
  assert.equal(rig.state('app'), 'waiting');
  assert.equal(rig.see('app').reason, 'waits for db to be healthy (db was never started)');
});
