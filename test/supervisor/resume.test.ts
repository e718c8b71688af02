/** An engine goes on from the world that another one wrote: nothing of what runs notices. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StepConfig } from '../../src/config/resolved-config.ts';
import { type ProcessChoices, processConfig, Rig } from './rig.ts';

const EXITED = { how: 'exited', code: 0 } as const;

function step(name: string): StepConfig {
  return { name, command: { file: `/bin/${name}`, args: [] }, timeoutMs: 10_000, as: 'process' };
}

function started(choices: ProcessChoices = {}): Rig {
  return new Rig([processConfig('web', choices)]).startAll();
}

/** Nothing was started, and nobody had a signal. */
function assertUnnoticed(rig: Rig, spawned: number): void {
  assert.equal(rig.kernel.spawned.length, spawned);
  assert.deepEqual(rig.kernel.signals, []);
  assert.deepEqual(rig.faults, []);
}

test('what runs keeps its pid and its age, and its end is the end of the incarnation', () => {
  const before = started();
  before.healthy('web');
  before.clock.advance(60_000);
  const rig = before.successor();
  assertUnnoticed(rig, 1);
  assert.deepEqual(
    [rig.pid('web'), rig.state('web'), rig.see('web').incarnation, rig.record('web').spawnedAt],
    [101, 'healthy', 1, 0],
  );
  assert.equal(rig.health.watches.get('web')?.standing, 'healthy');
  rig.exit('web', 1);
  rig.clock.advance(500);
  assert.deepEqual([rig.pid('web'), rig.record('web').totalRestarts], [102, 1]);
  assert.equal(before.pid('web'), 101, 'the engine before has heard nothing');
});

test('what runs under another start time is another process: its incarnation has ended', () => {
  const before = started();
  before.healthy('web');
  Object.assign(before.record('web'), { startTime: 1 });
  const rig = before.successor();
  assert.deepEqual(rig.signalsTo(101), []);
  assert.equal(rig.state('web'), 'backoff');
  assert.match(rig.see('web').reason ?? '', /SIGKILL/);
});

test('a deadline comes when it would have come', () => {
  const before = started({ stop: [{ kind: 'signal', signal: 'SIGTERM', waitMs: 5_000, to: 'leader' }] });
  before.decide('web', 'stop');
  before.clock.advance(3_000);
  const rig = before.successor();
  rig.clock.advance(1_999);
  assert.deepEqual(rig.signalsTo(101), ['SIGTERM']);
  rig.clock.advance(1);
  assert.deepEqual(rig.signalsTo(101), ['SIGTERM', 'SIGKILL']);
  rig.die('web', 'SIGKILL');
  assert.equal(rig.state('web'), 'stopped');
});

test('what a dead leader has left is waited for', () => {
  const before = started();
  before.decide('web', 'stop');
  before.exit('web', 0, 2);
  assert.equal(before.state('web'), 'stopping');
  const rig = before.successor();
  assert.equal(rig.state('web'), 'stopping');
  rig.kernel.emptyGroup(101);
  assert.equal(rig.state('web'), 'stopped');
});

test('a start that waits for others goes on to wait, and a retry comes at its time', () => {
  const before = new Rig([
    processConfig('db', { baseMs: 4_000 }),
    processConfig('web', { dependsOn: ['db'] }),
  ]).startAll();
  before.exit('db', 1);
  before.clock.advance(3_000);
  const rig = before.successor();
  assert.deepEqual([rig.state('db'), rig.state('web')], ['backoff', 'waiting']);
  rig.clock.advance(1_000);
  rig.healthy('db');
  assert.deepEqual([rig.state('db'), rig.state('web')], ['healthy', 'healthcheck']);
});

test('a spawn without an answer is lost with the engine, and tried again', () => {
  const before = started();
  before.exit('web', 1);
  before.kernel.holdsSpawns = true;
  before.clock.advance(500);
  assert.equal(before.state('web'), 'starting');
  before.kernel.holdsSpawns = false;
  const rig = before.successor();
  assert.equal(rig.state('web'), 'backoff');
  rig.clock.advance(60_000);
  assert.equal(rig.pid('web'), 102);
});

test('what a program says of itself comes to the new engine by the same socket', () => {
  const readiness = { kind: 'notified', access: 'main' } as const;
  const before = new Rig([{ ...processConfig('web'), readiness, watchdogMs: 2_000 }]).startAll();
  const { address } = before.selfReports.channels.get('web/1') ?? {};
  const rig = before.successor();
  const channel = rig.selfReports.channels.get('web/1');
  assert.equal(channel?.address, address);
  assert.equal(rig.state('web'), 'healthcheck');
  channel?.send(101, 'READY=1');
  assert.equal(rig.state('web'), 'healthy');
  const next = rig.successor();
  next.clock.advance(1_999);
  assert.equal(next.state('web'), 'healthy');
  next.clock.advance(1);
  assert.equal(next.state('web'), 'stopping', 'its watchdog is watched on');
});

test('a step that runs keeps what is left of its time, and its end is the end of the step', () => {
  const before = started({ steps: { preStart: [step('first'), step('second')] } });
  before.clock.advance(4_000);
  const rig = before.successor();
  assertUnnoticed(rig, 1);
  assert.equal(rig.state('web'), 'preparing');
  rig.kernel.exit(101, EXITED);
  assert.equal(rig.kernel.spawned.at(-1)?.file, '/bin/second');
  rig.clock.advance(6_000);
  const next = rig.successor();
  next.clock.advance(3_999);
  assert.deepEqual(next.kernel.signals, []);
  next.clock.advance(1);
  assert.deepEqual(next.signalsTo(102), ['SIGTERM']);
});

test('a step that is being ended is ended on, and what is stopped does not start', () => {
  const before = started({ steps: { preStart: [step('first')] } });
  before.decide('web', 'stop');
  assert.deepEqual(before.signalsTo(101), ['SIGTERM']);
  const rig = before.successor();
  rig.clock.advance(2_000);
  assert.deepEqual(rig.signalsTo(101), ['SIGTERM', 'SIGTERM', 'SIGKILL']);
  rig.kernel.exit(101, { how: 'signalled', signal: 'SIGKILL', core: false });
  assert.equal(rig.state('web'), 'stopped');
});

test('a shutdown goes on in its phase, and ends when it would have ended', async () => {
  const before = started({ stop: [{ kind: 'signal', signal: 'SIGTERM', waitMs: 60_000, to: 'leader' }] });
  before.drain.begin({ code: 3, reason: 'a test' });
  before.clock.advance(5_000);
  const rig = before.successor();
  assert.equal(rig.drain.phase, 'draining');
  assert.deepEqual(rig.signalsTo(101), ['SIGTERM']);
  rig.clock.advance(3_499);
  assert.deepEqual(rig.signalsTo(101), ['SIGTERM']);
  rig.clock.advance(1);
  assert.deepEqual(rig.signalsTo(101), ['SIGTERM', 'SIGKILL']);
  rig.die('web', 'SIGKILL');
  await nextTurn();
  await nextTurn();
  assert.deepEqual([rig.drain.phase, rig.finished[0]?.code], ['done', 3]);
});

test('one that waits for a connection waits on', () => {
  const activation = { idleStopMs: undefined };
  const before = new Rig([{ ...processConfig('web'), activation }]).startAll();
  assert.equal(before.state('web'), 'listening');
  const rig = before.successor();
  rig.sockets.come('web');
  assert.equal(rig.state('web'), 'healthcheck');
});

test('the watch of its health keeps the age that it has', () => {
  const before = started();
  before.clock.advance(700);
  const rig = before.successor();
  assert.deepEqual(rig.health.past, { ageMs: 700, runs: [] });
  assert.equal(rig.health.watches.get('web')?.standing, 'unproven');
});

test('a daemon that is sought is sought on', async () => {
  const readiness = { kind: 'forked', pidFile: '/run/web.pid' } as const;
  const before = new Rig([{ ...processConfig('web'), type: 'forking', readiness }]).startAll();
  before.exit('web', 0, 0, 1);
  await nextTurn();
  assert.equal(before.see('web').state, 'healthcheck');
  const rig = before.successor();
  const [daemon = 0] = rig.kernel.orphansOf(101);
  rig.kernel.relations.set(daemon, { relation: 'orphan', uid: 0 });
  const changedAt = rig.clock.wallTime();
  rig.selfReports.pidFile = { kind: 'read', text: String(daemon), uid: 0, changedAt };
  await nextTurn();
  rig.clock.advance(50);
  await nextTurn();
  assert.equal(rig.pid('web'), daemon);
  assert.deepEqual(rig.faults, []);
});
