/** What follows from what programs say of themselves, on a clock and a kernel moved by hand. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ProcessConfig, Readiness } from '../../src/config/resolved-config.ts';
import { Watchdog } from '../../src/supervisor/effects/watchdog.ts';
import type { EngineEvent } from '../../src/wire/engine-event.ts';
import { HandChannel } from '../support/hand-self-reports.ts';
import { type ProcessChoices, processConfig, Rig } from './rig.ts';

const STARTER = { how: 'exited', code: 0 } as const;

function started(readiness: Readiness, more: Partial<ProcessConfig> = {}, choices: ProcessChoices = {}): Rig {
  return new Rig([{ ...processConfig('web', choices), readiness, ...more }]).startAll();
}

const notified = (more: Partial<ProcessConfig> = {}, choices: ProcessChoices = {}): Rig =>
  started({ kind: 'notified', access: 'main' }, more, choices);

function channel(rig: Rig): HandChannel {
  const found = rig.selfReports.channels.get('web/1');
  assert.ok(found instanceof HandChannel, 'a channel is open');
  return found;
}

const say = (rig: Rig, text: string, pid = rig.pid('web')): void => void channel(rig).send(pid, text);
const refusals = (rig: Rig): readonly string[] =>
  rig.told.flatMap((event) => (event.event === 'notification_refused' ? [event.reason] : []));

test('it is healthy once it says READY=1, and not before', () => {
  const rig = notified();
  assert.deepEqual(rig.kernel.spawned[0]?.environment.set.NOTIFY_SOCKET, '@test 1');
  rig.clock.advance(10_000);
  assert.equal(rig.state('web'), 'healthcheck');
  say(rig, 'STATUS=loading\nREADY=0');
  assert.equal(rig.state('web'), 'healthcheck');
  say(rig, 'READY=1');
  assert.equal(rig.state('web'), 'healthy');
  assert.equal(rig.see('web').status_text, 'loading');
});

test('a process that says nothing has no channel', () => {
  const rig = new Rig([processConfig('web')]).startAll();
  assert.equal(rig.selfReports.channels.size, 0);
});

test('what cannot have a socket is not started, and that is said', () => {
  const rig = new Rig([{ ...processConfig('web'), readiness: { kind: 'notified', access: 'main' } }]);
  rig.selfReports.failure = 'cannot open a notify socket: EMFILE';
  rig.startAll();
  assert.equal(rig.state('web'), 'backoff');
  assert.match(rig.see('web').reason ?? '', /notify socket/);
});

test('after its death nothing that it has sent counts, and the next one has to say it again', () => {
  const rig = notified();
  const first = channel(rig);
  const pid = rig.pid('web');
  rig.exit('web', 1);
  assert.equal(rig.selfReports.channels.size, 0, 'closed');
  rig.clock.advance(500);
  first.send(pid, 'READY=1');
  assert.equal(rig.state('web'), 'healthcheck');
  say(rig, 'READY=1', pid);
  assert.equal(rig.state('web'), 'healthcheck', 'not of the pid that is dead');
});

test('with "main" only its main process is heard, with "all" every process of its own', () => {
  const rig = notified();
  rig.kernel.relations.set(7, { relation: 'member', uid: 0 });
  say(rig, 'READY=1', 7);
  say(rig, 'READY=1', 8);
  assert.equal(rig.state('web'), 'healthcheck');
  assert.match(refusals(rig)[0] ?? '', /pid 7 is not its main process/);
  rig.clock.advance(61_000);
  say(rig, 'READY=1', 8);
  assert.match(refusals(rig)[1] ?? '', /pid 8 \(uid 0\) is not one of its processes/);
  const all = started({ kind: 'notified', access: 'all' });
  all.kernel.relations.set(7, { relation: 'member', uid: 33 });
  say(all, 'READY=1', 8);
  assert.equal(all.state('web'), 'healthcheck', 'a stranger is a stranger');
  say(all, 'READY=1', 7);
  assert.equal(all.state('web'), 'healthy');
});

test('one that only its own mark vouches for is heard if it has the user of the process', () => {
  const rig = started({ kind: 'notified', access: 'all' });
  for (const relation of ['orphan', 'gone'] as const) {
    rig.kernel.relations.set(7, { relation, uid: 33 });
    channel(rig).send(7, 'READY=1', 33);
    assert.equal(rig.state('web'), 'healthcheck', relation);
  }
  channel(rig).send(7, 'READY=1', 0);
  assert.equal(rig.state('web'), 'healthy');
});

test('refusals are reported once a minute, and counted', () => {
  const rig = notified();
  for (let count = 0; count < 1_000; count++) say(rig, 'READY=1', 8);
  rig.clock.advance(60_000);
  say(rig, 'READY=1', 8);
  const told = rig.told.filter(({ event }) => event === 'notification_refused');
  assert.equal(told.length, 2);
  assert.equal(told[1]?.event === 'notification_refused' && told[1].more, 999);
});

test('MAINPID moves the main process, whose end is then the end of the incarnation', () => {
  const rig = notified();
  const starter = rig.pid('web');
  rig.kernel.relations.set(7, { relation: 'member', uid: 0 });
  rig.kernel.orphans = [7];
  say(rig, 'MAINPID=7\nREADY=1');
  assert.equal(rig.pid('web'), 7);
  assert.equal(rig.state('web'), 'healthy');
  say(rig, 'STATUS=old one', starter);
  assert.equal(rig.see('web').status_text, undefined, 'the starter is not the main process any more');
  rig.kernel.exit(starter, STARTER);
  assert.equal(rig.state('web'), 'healthy');
  rig.decide('web', 'stop');
  assert.deepEqual(rig.signalsTo(7), ['SIGTERM']);
  rig.exit('web', 0);
  assert.equal(rig.state('web'), 'stopped');
});

test('MAINPID of a stranger, of nobody and of nonsense is refused', () => {
  const rig = notified();
  const pid = rig.pid('web');
  rig.kernel.relations.set(9, { relation: 'gone', uid: -1 });
  for (const text of ['MAINPID=8', 'MAINPID=9', 'MAINPID=-1', 'MAINPID=1e3', 'MAINPID=', 'MAINPID=0']) {
    say(rig, text);
    rig.clock.advance(61_000);
  }
  assert.equal(rig.pid('web'), pid);
  assert.match(refusals(rig).join('\n'), /pid 8 is not one of its processes\n.*pid 9 does not exist/);
});

test('a main process that its own parent has collected gives the lead back', () => {
  const rig = notified();
  const parent = rig.pid('web');
  rig.kernel.relations.set(7, { relation: 'member', uid: 0 });
  say(rig, 'MAINPID=7\nREADY=1');
  rig.kernel.relations.set(7, { relation: 'gone', uid: -1 });
  rig.clock.advance(1_000);
  assert.equal(rig.pid('web'), parent);
  assert.equal(rig.state('web'), 'healthy');
});

test('STOPPING=1 gives it time to end, then the stop sequence comes', () => {
  const rig = notified();
  const pid = rig.pid('web');
  say(rig, 'READY=1');
  say(rig, 'STOPPING=1');
  assert.equal(rig.state('web'), 'stopping');
  assert.equal(rig.see('web').reason, 'it said that it stops');
  assert.deepEqual(rig.signalsTo(pid), []);
  rig.clock.advance(5_000);
  assert.deepEqual(rig.signalsTo(pid), ['SIGTERM']);
  rig.exit('web', 0);
  assert.equal(rig.state('web'), 'completed');
});

test('EXTEND_TIMEOUT_USEC puts off the end of a start and of a stop, and never brings it nearer', () => {
  const rig = notified({ startTimeoutMs: 5_000 });
  say(rig, 'EXTEND_TIMEOUT_USEC=1000');
  rig.clock.advance(4_000);
  say(rig, 'EXTEND_TIMEOUT_USEC=10000000');
  rig.clock.advance(9_000);
  assert.equal(rig.state('web'), 'healthcheck');
  rig.clock.advance(1_000);
  assert.equal(rig.state('web'), 'stopping');
  const pid = rig.pid('web');
  say(rig, 'EXTEND_TIMEOUT_USEC=60000000');
  rig.clock.advance(59_000);
  assert.deepEqual(rig.signalsTo(pid), ['SIGTERM']);
  rig.clock.advance(1_000);
  assert.deepEqual(rig.signalsTo(pid), ['SIGTERM', 'SIGKILL']);
});

test('a watchdog that is not fed aborts the process, and it is restarted', () => {
  const rig = notified({ watchdogMs: 30_000 });
  assert.equal(rig.kernel.spawned[0]?.environment.set.WATCHDOG_USEC, '30000000');
  assert.deepEqual(rig.kernel.spawned[0]?.pidVariables, ['WATCHDOG_PID']);
  assert.equal(notified().kernel.spawned[0]?.pidVariables, undefined, 'none without a watchdog');
  rig.clock.advance(60_000);
  assert.equal(rig.state('web'), 'healthcheck', 'no watchdog before it is ready');
  const pid = rig.pid('web');
  say(rig, 'READY=1');
  for (let count = 0; count < 10; count++) {
    rig.clock.advance(29_000);
    say(rig, 'WATCHDOG=1');
  }
  assert.equal(rig.state('web'), 'healthy');
  rig.clock.advance(30_000);
  assert.equal(rig.state('web'), 'stopping');
  assert.deepEqual(rig.signalsTo(pid), ['SIGABRT']);
  rig.die('web', 'SIGABRT');
  assert.equal(rig.state('web'), 'backoff');
  assert.match(rig.see('web').reason ?? '', /its watchdog expired/);
  assert.equal(rig.see('web').last_exit?.watchdog, true);
});

test('what was sent in time and not read feeds the watchdog', () => {
  const rig = notified({ watchdogMs: 30_000 });
  say(rig, 'READY=1');
  channel(rig).waiting.push({ pid: rig.pid('web'), uid: 0, text: 'WATCHDOG=1', isCut: false });
  rig.clock.advance(30_000);
  assert.equal(rig.state('web'), 'healthy');
});

test('a watchdog whose own timer is late gives another period: the container was paused', () => {
  let now = 0;
  let due: (() => void) | undefined;
  const expired: number[] = [];
  const after = (_ms: number, callback: () => void) => {
    due = callback;
    return () => {};
  };
  const watchdog = new Watchdog(30_000, {
    now: () => now,
    wallTime: () => now,
    after,
    soon: () => () => {},
    alarm: () => ({ set: () => {}, stop: () => {} }),
  });
  watchdog.start(
    () => {},
    (ms) => expired.push(ms),
  );
  now = 300_000;
  due?.();
  assert.deepEqual(expired, []);
  now = 330_000;
  due?.();
  assert.deepEqual(expired, [30_000]);
});

test('on_watchdog = "none" only reports it, "exit" ends the container', () => {
  const none = notified({ watchdogMs: 1_000, onWatchdog: 'none' });
  say(none, 'READY=1');
  none.clock.advance(5_000);
  assert.equal(none.state('web'), 'healthy');
  assert.equal(none.told.filter(({ event }) => event === 'watchdog_expired').length, 1);
  const exit = notified({ watchdogMs: 1_000, onWatchdog: 'exit' });
  say(exit, 'READY=1');
  exit.clock.advance(1_000);
  assert.equal(exit.verdicts[0]?.code, 11);
});

test('WATCHDOG=trigger and WATCHDOG_USEC work without a watchdog of the configuration', () => {
  const rig = notified();
  say(rig, 'READY=1\nWATCHDOG_USEC=2000000');
  rig.clock.advance(1_900);
  say(rig, 'WATCHDOG=1');
  rig.clock.advance(1_900);
  assert.equal(rig.state('web'), 'healthy');
  say(rig, 'WATCHDOG_USEC=0');
  rig.clock.advance(10_000);
  assert.equal(rig.state('web'), 'healthy');
  say(rig, 'WATCHDOG=trigger');
  assert.equal(rig.state('web'), 'stopping');
});

test('a reload of its own is reported with its time', () => {
  const rig = notified();
  say(rig, 'READY=1');
  const now = rig.clock.now();
  say(rig, `RELOADING=1\nMONOTONIC_USEC=${now * 1_000}`);
  rig.clock.advance(250);
  say(rig, 'READY=1');
  const said = rig.told.flatMap((event) => (event.event === 'process_said' ? [event.message] : []));
  assert.deepEqual(said, ['it reloads', 'it has reloaded in 250 ms']);
  assert.equal(rig.state('web'), 'healthy');
});

test('a text is an event, at most once a second, with the last one in the end and none after its death', () => {
  const rig = notified();
  const texts = (): readonly string[] =>
    rig.told.flatMap((event) => (event.event === 'process_status' ? [event.status] : []));
  for (let count = 0; count < 1_000; count++) say(rig, `STATUS=${count}`);
  assert.deepEqual(texts(), ['0']);
  rig.clock.advance(1_000);
  say(rig, 'STATUS=999');
  assert.deepEqual(texts(), ['0', '999']);
  rig.clock.advance(1_000);
  say(rig, 'STATUS=');
  say(rig, 'STATUS=about to die');
  rig.exit('web', 1);
  rig.clock.advance(400);
  assert.deepEqual(texts(), ['0', '999', '']);
});

test('an errno is reported, 0 is none', () => {
  const rig = notified();
  say(rig, 'ERRNO=0');
  say(rig, 'ERRNO=2');
  const said = rig.told.flatMap((event) => (event.event === 'process_said' ? [event.message] : []));
  assert.deepEqual(said, ['it reports errno 2']);
});

test('a client that follows the status gets at most one text a second, and the last one in the end', () => {
  const rig = notified();
  let turns = 0;
  rig.supervisor.onTurnEnd(() => {
    turns += 1;
  });
  for (let count = 0; count < 1_000; count++) say(rig, `STATUS=${count}`);
  assert.equal(turns, 1);
  rig.clock.advance(1_000);
  assert.equal(turns, 2);
  assert.equal(rig.see('web').status_text, '999');
});

test('a daemon is taken over by its pid file: the file, its owner and its age are looked at', async () => {
  const rig = started({ kind: 'forked', pidFile: '/run/web.pid' }, { startTimeoutMs: 90_000 });
  const starter = rig.pid('web');
  rig.kernel.relations.set(7, { relation: 'orphan', uid: 0 });
  rig.kernel.relations.set(9, { relation: 'gone', uid: -1 });
  rig.kernel.exit(starter, STARTER, 0, 1);
  await nextTurn();
  assert.equal(rig.state('web'), 'healthcheck');
  const changedAt = rig.clock.wallTime();
  const good = { kind: 'read', text: '7\n', uid: 0, changedAt } as const;
  const wrong = [
    [{ kind: 'missing' }, /waits for the pid file/],
    [{ kind: 'refused', message: 'it is a symbolic link' }, /symbolic link/],
    [{ ...good, text: 'garbage' }, /its first line is not a pid/],
    [{ ...good, text: '' }, /its first line is not a pid/],
    [{ ...good, uid: 33 }, /belongs to uid 33/],
    [{ ...good, changedAt: changedAt - 60_000 }, /older than this start/],
    [{ ...good, text: '8' }, /pid 8 is not one of its processes/],
    [{ ...good, text: '9' }, /pid 9 does not exist/],
  ] as const;
  for (const [file, why] of wrong) {
    rig.selfReports.pidFile = file;
    rig.clock.advance(50);
    await nextTurn();
    assert.match(rig.see('web').reason ?? '', why);
    assert.equal(rig.state('web'), 'healthcheck');
  }
  rig.selfReports.pidFile = good;
  rig.clock.advance(50);
  await nextTurn();
  assert.equal(rig.state('web'), 'healthy');
  assert.equal(rig.pid('web'), 7);
  rig.kernel.emptyGroup(starter);
  rig.exit('web', 1);
  assert.equal(rig.state('web'), 'backoff');
});

test('a pid file that is another one at each look is reported ten times a minute, and status has the last', async () => {
  const rig = started({ kind: 'forked', pidFile: '/run/web.pid' });
  rig.kernel.exit(rig.pid('web'), STARTER, 0, 1);
  for (let count = 0; count < 50; count++) {
    const text = `${8_000 + count}`;
    rig.selfReports.pidFile = { kind: 'read', text, uid: 0, changedAt: rig.clock.wallTime() };
    rig.clock.advance(50);
    await nextTurn();
  }
  assert.equal(rig.told.filter(({ event }) => event === 'process_said').length, 10);
  assert.match(rig.see('web').reason ?? '', /pid 8049 is not one of its processes/);
});

test('a start that leaves no daemon in time is stopped, and says what was missing', async () => {
  const rig = started({ kind: 'forked', pidFile: '/run/web.pid' }, { startTimeoutMs: 1_000 });
  const starter = rig.pid('web');
  rig.kernel.exit(starter, STARTER, 1);
  await nextTurn();
  rig.clock.advance(1_000);
  assert.equal(rig.state('web'), 'stopping');
  assert.deepEqual(rig.targetsOf(starter), ['SIGTERM others']);
  rig.kernel.emptyGroup(starter);
  assert.equal(rig.state('web'), 'backoff');
});

test('a forking program whose daemon shows a moment after its starter has exited is waited for', () => {
  const rig = started({ kind: 'forked', pidFile: '/run/web.pid' }, {}, { policy: 'no' });
  const pid = rig.pid('web');
  rig.exit('web', 0);
  assert.equal(rig.state('web'), 'healthcheck');
  rig.clock.advance(40);
  rig.kernel.showChild(pid);
  rig.clock.advance(20);
  assert.equal(rig.state('web'), 'healthcheck');
});

test('one that leaves nothing, or whose daemon ends before it is known, has failed', () => {
  const rig = started({ kind: 'forked', pidFile: undefined }, {}, { policy: 'no' });
  rig.exit('web', 0);
  rig.clock.advance(200);
  assert.equal(rig.state('web'), 'failed');
  assert.match(rig.see('web').reason ?? '', /left no daemon/);
  const later = started({ kind: 'forked', pidFile: undefined }, {}, { policy: 'no' });
  const starter = later.pid('web');
  later.kernel.exit(starter, STARTER, 1);
  assert.equal(later.state('web'), 'healthcheck');
  later.kernel.emptyGroup(starter);
  assert.equal(later.state('web'), 'failed');
});

test('a health check of a daemon begins when the daemon is known', async () => {
  const health = processConfig('web').health;
  const probe = { kind: 'tcp', host: '127.0.0.1', port: 80 } as const;
  const rig = started({ kind: 'forked', pidFile: '/run/web.pid' }, { health: { ...health, probe } });
  const starter = rig.pid('web');
  assert.equal(rig.health.watches.size, 0, 'nobody is asked while it starts');
  rig.kernel.relations.set(7, { relation: 'orphan', uid: 0 });
  rig.selfReports.pidFile = { kind: 'read', text: '7', uid: 0, changedAt: rig.clock.wallTime() };
  rig.kernel.exit(starter, STARTER, 0, 1);
  await nextTurn();
  assert.equal(rig.state('web'), 'healthcheck');
  assert.equal(rig.health.watches.get('web')?.subject.pid, 7);
  rig.healthy('web');
  assert.equal(rig.state('web'), 'healthy');
});

test('a reload that gives it such a key while it is being proven leaves the proof to its health check', () => {
  const before = processConfig('web');
  const rig = new Rig([before]).startAll();
  const health = { ...before.health, retries: 5 };
  const readiness: Readiness = { kind: 'line', expression: 'up' };
  rig.reload({ ...before, health, readiness });
  rig.healthy('web');
  assert.equal(rig.state('web'), 'healthy');
  assert.deepEqual(rig.faults, []);
});

test('what a program reports on itself as fast as it can is ten lines a minute, and the others are counted', () => {
  const rig = notified({ watchdogMs: 30_000, onWatchdog: 'none' });
  say(rig, 'READY=1');
  for (let count = 0; count < 1_000; count++) say(rig, 'RELOADING=1\nERRNO=5\nREADY=1\nWATCHDOG=trigger');
  const reports = (): readonly EngineEvent[] =>
    rig.told.filter(({ event }) => event === 'process_said' || event === 'watchdog_expired');
  assert.equal(reports().length, 10);
  rig.clock.advance(60_000);
  say(rig, 'ERRNO=6');
  const last = reports().at(-1);
  assert.deepEqual(last?.event === 'process_said' && [last.message, last.more], [
    'it reports errno 6',
    3_990,
  ]);
});

test('MAINPID back and forth leaves one watch and ten lines, and the last process that was taken leads', () => {
  const rig = notified();
  const starter = rig.pid('web');
  for (const pid of [7, starter]) rig.kernel.relations.set(pid, { relation: 'member', uid: 0 });
  const before = rig.clock.pending;
  for (let count = 0; count < 500; count++) say(rig, `MAINPID=${rig.pid('web') === 7 ? starter : 7}`);
  assert.ok(rig.clock.pending - before <= 1, `${rig.clock.pending} timers`);
  assert.equal(rig.told.filter(({ event }) => event === 'main_process_changed').length, 10);
  assert.match(refusals(rig)[0] ?? '', /MAINPID=7, but it has named 10 others within a minute/);
  assert.equal(rig.pid('web'), starter);
  rig.kernel.exit(7, STARTER);
  rig.exit('web', 0);
  assert.equal(rig.clock.pending, 0);
});

const said = (rig: Rig): readonly string[] =>
  rig.told.flatMap((event) => (event.event === 'process_said' ? [event.message] : []));

test('a newline on its descriptor, and nothing before it, says that it is ready', () => {
  const rig = started({ kind: 'descriptor', fd: 5 });
  assert.deepEqual(
    rig.kernel.spawned[0]?.descriptors.map(({ source }) => source.kind),
    ['null', 'null', 'null', 'null', 'null', 'pipe'],
  );
  const [pipe] = rig.selfReports.pipes.values();
  pipe?.print('not yet');
  assert.equal(rig.state('web'), 'healthcheck');
  pipe?.print('now\nmore');
  assert.deepEqual([rig.state('web'), rig.selfReports.pipes.size, said(rig)], ['healthy', 0, []]);
});

test('a descriptor that is closed without a newline is reported, one that was ready is not', () => {
  const rig = started({ kind: 'descriptor', fd: 3 });
  const [pipe] = rig.selfReports.pipes.values();
  pipe?.end();
  assert.deepEqual(
    [rig.state('web'), said(rig)],
    ['healthcheck', ['it closed descriptor 3 without a newline']],
  );
  const ready = started({ kind: 'descriptor', fd: 3 });
  const [other] = ready.selfReports.pipes.values();
  other?.print('\n');
  other?.end();
  assert.deepEqual([ready.state('web'), said(ready)], ['healthy', []]);
});

test('a line of either stream says that it is ready, also in pieces; of others nobody follows the output', () => {
  const rig = started({ kind: 'line', expression: 'server up' });
  const print = (stream: string, text: string): void =>
    rig.selfReports.followers.get('web')?.(stream, Buffer.from(text));
  print('stdout', 'loading\nserver ');
  print('stderr', 'up\n');
  assert.equal(rig.state('web'), 'healthcheck');
  print('stdout', 'up');
  assert.equal(rig.state('web'), 'healthcheck', 'the line has not ended');
  print('stdout', '\n');
  assert.deepEqual([rig.state('web'), rig.selfReports.followers.size], ['healthy', 0]);
  assert.equal(notified().selfReports.followers.size, 0);
});

test('what is not in a message changes nothing: no watchdog is fed, moved or set, and no time is given', () => {
  const rig = notified({ watchdogMs: 30_000, startTimeoutMs: 5_000 });
  rig.clock.advance(1_000);
  say(rig, 'STATUS=loading');
  assert.equal(rig.record('web').deadline?.at, 5_000);
  say(rig, 'READY=1');
  rig.clock.advance(20_000);
  say(rig, 'STATUS=working');
  rig.clock.advance(10_000);
  assert.equal(rig.state('web'), 'stopping', 'it has not said WATCHDOG=1');
  assert.deepEqual(refusals(rig), []);
  const moved = notified();
  say(moved, `MAINPID=${moved.pid('web')}`);
  assert.deepEqual(
    [refusals(moved), moved.told.some(({ event }) => event === 'main_process_changed')],
    [[], false],
  );
});

test('WATCHDOG_USEC of a program that has a watchdog is another time for it', () => {
  const rig = notified({ watchdogMs: 1_000 });
  say(rig, 'READY=1\nWATCHDOG_USEC=60000000');
  rig.clock.advance(59_000);
  assert.equal(rig.state('web'), 'healthy');
  rig.clock.advance(1_000);
  assert.equal(rig.state('web'), 'stopping');
});

test('a reload that is announced twice has begun once', () => {
  const rig = notified();
  say(rig, 'READY=1');
  say(rig, 'RELOADING=1');
  rig.clock.advance(100);
  say(rig, 'RELOADING=1');
  rig.clock.advance(100);
  say(rig, 'READY=1');
  assert.deepEqual(said(rig), ['it reloads', 'it has reloaded in 200 ms']);
});

test('a main process that has gone by the time it would lead is refused', () => {
  const rig = notified();
  const pid = rig.pid('web');
  rig.kernel.relations.set(7, { relation: 'member', uid: 0 });
  rig.kernel.moveLeader = () => false;
  say(rig, 'MAINPID=7');
  assert.deepEqual([rig.pid('web'), refusals(rig).length], [pid, 1]);
});

test('what it says of its end while it is being stopped changes nothing', () => {
  const rig = notified();
  say(rig, 'READY=1');
  rig.decide('web', 'stop');
  say(rig, 'STOPPING=1');
  say(rig, 'WATCHDOG=trigger');
  assert.deepEqual([rig.state('web'), rig.signalsTo(rig.pid('web'))], ['stopping', ['SIGTERM']]);
});
