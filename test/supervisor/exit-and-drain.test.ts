import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processConfig, Rig } from './rig.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('all-done ends with 0 when everything completed, and not while anything may still run', () => {
  const rig = new Rig([processConfig('a'), processConfig('b')], { exitWhen: 'all-done' }).startAll();
  rig.exit('a', 0);
  assert.deepEqual(rig.verdicts, []);
  rig.exit('b', 0);
  const causedBy = rig.told.at(-1)?.id;
  assert.deepEqual(rig.verdicts, [{ code: 0, reason: 'every process has completed', causedBy }]);
});

test('all-done ends with the code of the first that failed', () => {
  const rig = new Rig([processConfig('a', { policy: 'no' }), processConfig('b', { policy: 'no' })], {
    exitWhen: 'all-done',
  }).startAll();
  rig.clock.advance(1);
  rig.die('b', 'SIGKILL');
  rig.clock.advance(1);
  rig.exit('a', 3);
  assert.equal(rig.verdicts[0]?.code, 137);
});

test('what a user stopped, or what was never started, keeps the engine up', () => {
  const stopped = new Rig([processConfig('a'), processConfig('b')], { exitWhen: 'all-done' }).startAll();
  stopped.decide('a', 'stop');
  stopped.exit('a', 0);
  stopped.exit('b', 0);
  assert.deepEqual(stopped.verdicts, []);
  const idle = new Rig([processConfig('a'), processConfig('b', { autostart: false })], {
    exitWhen: 'all-done',
  });
  idle.startAll();
  idle.exit('a', 0);
  assert.deepEqual(idle.verdicts, []);
});

test('what waits for something that failed for good does not keep the container', () => {
  const rig = new Rig(
    [
      processConfig('migrate', { type: 'oneshot', policy: 'no' }),
      processConfig('app', { dependsOn: [{ process: 'migrate', condition: 'completed', restart: false }] }),
    ],
    { exitWhen: 'all-done' },
  ).startAll();
  rig.exit('migrate', 4);
  assert.equal(rig.verdicts[0]?.code, 4);
});

test('what waits for something that is itself blocked for good does not keep the container either', () => {
  const rig = new Rig(
    [
      processConfig('migrate', { type: 'oneshot', policy: 'no' }),
      processConfig('db', { dependsOn: [{ process: 'migrate', condition: 'completed', restart: false }] }),
      processConfig('app', { dependsOn: ['db'] }),
    ],
    { exitWhen: 'all-done' },
  ).startAll();
  rig.exit('migrate', 4);
  assert.equal(rig.verdicts[0]?.code, 4);
});

test('an essential process that ends by itself ends the container with its code, a stopped one does not', () => {
  const rig = new Rig([processConfig('a', { essential: true, policy: 'no' })]).startAll();
  rig.decide('a', 'stop');
  rig.exit('a', 9);
  assert.equal(rig.verdicts.length, 0);
  rig.decide('a', 'start');
  rig.exit('a', 9);
  assert.equal(rig.verdicts[0]?.code, 9);
});

test('an essential process that never ran ends the container with 10, a main one with 127 or 126', () => {
  for (const [errno, isMain, code] of [
    ['ENOENT', false, 10],
    ['ENOENT', true, 127],
    ['EACCES', true, 126],
  ] as const) {
    const rig = new Rig([processConfig('a', { essential: !isMain })], isMain ? { main: 'a' } : {});
    rig.kernel.failNextSpawn(errno);
    rig.decide('a', 'start');
    assert.equal(rig.verdicts[0]?.code, code);
  }
});

test('a drain stops dependents first and each as soon as it is free', async () => {
  const rig = new Rig([
    processConfig('db'),
    processConfig('app', { dependsOn: ['db'] }),
    processConfig('proxy', { dependsOn: ['app'] }),
    processConfig('other'),
  ]).startAll();
  rig.healthy('db');
  rig.healthy('app');
  const [db, app, proxy, other] = ['db', 'app', 'proxy', 'other'].map((name) => rig.pid(name)) as [
    number,
    number,
    number,
    number,
  ];
  rig.drain.begin({ code: 0, reason: 'test' });
  assert.deepEqual(
    [db, app, proxy, other].map((pid) => rig.signalsTo(pid).length),
    [0, 0, 1, 1],
  );
  rig.exit('proxy', 0);
  assert.deepEqual(
    [db, app].map((pid) => rig.signalsTo(pid).length),
    [0, 1],
  );
  rig.exit('app', 0);
  assert.deepEqual(rig.signalsTo(db), ['SIGTERM']);
  rig.exit('db', 0);
  await settle();
  assert.deepEqual(rig.finished, []);
  rig.exit('other', 0);
  await settle();
  assert.deepEqual(rig.finished, [{ code: 0, reason: 'test' }]);
});

test('a drain cancels what waits and what is in back-off, and starts nothing', async () => {
  const rig = new Rig([
    processConfig('db'),
    processConfig('app', { dependsOn: ['db'] }),
    processConfig('flaky'),
  ]).startAll();
  rig.exit('flaky', 1);
  rig.drain.begin({ code: 0, reason: 'test' });
  assert.deepEqual(
    [rig.state('app'), rig.state('flaky'), rig.state('db')],
    ['stopped', 'stopped', 'stopping'],
  );
  rig.exit('db', 0);
  await settle();
  assert.equal(rig.finished.length, 1);
  assert.equal(rig.kernel.spawned.length, 2);
});

test('near the end of the grace everything is killed, no matter who depends on whom', async () => {
  const rig = new Rig([processConfig('db'), processConfig('app', { dependsOn: ['db'] })], {
    graceMs: 4_000,
  }).startAll();
  rig.healthy('db');
  const [db, app] = [rig.pid('db'), rig.pid('app')];
  rig.drain.begin({ code: 0, reason: 'test' });
  rig.clock.advance(2_499);
  assert.deepEqual(rig.signalsTo(db), []);
  rig.clock.advance(1);
  assert.deepEqual([rig.signalsTo(app), rig.signalsTo(db)], [['SIGTERM', 'SIGKILL'], ['SIGKILL']]);
});

test('what even KILL does not end does not cost the exit code', () => {
  const rig = new Rig([processConfig('stuck')], { graceMs: 4_000 }).startAll();
  rig.drain.begin({ code: 5, reason: 'test' });
  rig.clock.advance(3_000);
  assert.deepEqual(
    rig.finished.map(({ code }) => code),
    [5],
  );
});

test('a second request kills now, and the first reason keeps the exit code', async () => {
  const rig = new Rig([processConfig('web')]).startAll();
  const pid = rig.pid('web');
  rig.drain.begin({ code: 0, reason: 'first' });
  rig.drain.begin({ code: 9, reason: 'second' });
  rig.drain.killNow({ code: 9, reason: 'third' });
  assert.deepEqual(rig.signalsTo(pid), ['SIGTERM', 'SIGKILL']);
  rig.die('web', 'SIGKILL');
  await settle();
  assert.deepEqual(rig.finished, [{ code: 0, reason: 'first' }]);
});

test('strays get TERM after the last instance, and the drain ends the moment they are gone', async () => {
  const rig = new Rig([processConfig('web')]).startAll();
  rig.kernel.strays = 3;
  rig.drain.begin({ code: 0, reason: 'test' });
  rig.exit('web', 0);
  await settle();
  rig.clock.advance(0);
  await settle();
  assert.deepEqual(rig.kernel.straySignals, ['SIGTERM']);
  assert.equal(rig.finished.length, 1);
});

test('all-done ends with 10 when something could never start although nothing failed', () => {
  const rig = new Rig([processConfig('db'), processConfig('app', { dependsOn: ['db'] })], {
    exitWhen: 'all-done',
  }).startAll();
  rig.exit('db', 0);
  assert.equal(rig.verdicts[0]?.code, 10);
  assert.match(
    rig.verdicts[0]?.reason ?? '',
    /app could never start: needs db to be healthy, but db has completed/,
  );
});

test('an essential process that is blocked ends the container', () => {
  const rig = new Rig(
    [processConfig('db', { policy: 'no' }), processConfig('app', { dependsOn: ['db'], essential: true })],
    { exitWhen: 'never' },
  ).startAll();
  rig.exit('db', 3);
  assert.equal(rig.verdicts[0]?.code, 10);
  assert.match(rig.verdicts[0]?.reason ?? '', /^app \(essential\) cannot start: needs db/);
});

test('strays that do not end have what is left of the grace period, then KILL', async () => {
  const rig = new Rig([processConfig('web')]).startAll();
  rig.kernel.strays = 2;
  rig.kernel.straysIgnoreTerm = true;
  rig.drain.begin({ code: 0, reason: 'test' });
  rig.exit('web', 0);
  await settle();
  rig.clock.advance(8_499);
  await settle();
  assert.deepEqual([rig.kernel.straySignals, rig.finished.length], [['SIGTERM'], 0]);
  rig.clock.advance(1);
  await settle();
  rig.clock.advance(0);
  await settle();
  assert.deepEqual(rig.kernel.straySignals, ['SIGTERM', 'SIGKILL']);
  assert.equal(rig.finished.length, 1);
});

test('an instance that does not end does not take the time of strays away', () => {
  const rig = new Rig([processConfig('stuck')]).startAll();
  rig.kernel.strays = 1;
  rig.drain.begin({ code: 0, reason: 'test' });
  rig.clock.advance(6_499);
  assert.deepEqual(rig.kernel.straySignals, []);
  rig.clock.advance(1);
  assert.deepEqual(rig.kernel.straySignals, ['SIGTERM']);
});

test('strays that ignore TERM are killed at the end of the time beside an instance that even KILL does not end', () => {
  const rig = new Rig([processConfig('stuck')], { graceMs: 4_000 }).startAll();
  rig.kernel.strays = 1;
  rig.kernel.straysIgnoreTerm = true;
  rig.drain.begin({ code: 0, reason: 'test' });
  rig.clock.advance(2_999);
  assert.deepEqual(rig.kernel.straySignals, ['SIGTERM']);
  rig.clock.advance(1);
  assert.deepEqual([rig.kernel.straySignals, rig.finished.length], [['SIGTERM', 'SIGKILL'], 1]);
});

test('a request to kill now gives strays no time either', async () => {
  const rig = new Rig([processConfig('web')]).startAll();
  rig.kernel.strays = 1;
  rig.kernel.straysIgnoreTerm = true;
  rig.drain.killNow({ code: 0, reason: 'test' });
  rig.die('web', 'SIGKILL');
  await settle();
  assert.deepEqual(rig.kernel.straySignals, ['SIGTERM', 'SIGKILL']);
});
