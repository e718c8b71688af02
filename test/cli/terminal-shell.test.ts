/** The prompt on a real pseudo-terminal, as a terminal emulator shows it. */

import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { type Rig, startRig } from '../support/rpc-rig.ts';
import { Screen } from '../support/screen.ts';

const taskshell = resolve(import.meta.dirname, '../../dist/taskshell');
const CTRL_C = '\u0003';
const CTRL_G = '\u0007';
const CTRL_L = '\u000c';
const CTRL_R = '\u0012';
const CTRL_S = '\u0013';
const LEFT = '\u001b[D';

async function begin(t: TestContext, columns = 80): Promise<{ rig: Rig; screen: Screen }> {
  const rig = await startRig(t, {}, new FakeEngine(anInstance('web'), anInstance('db')));
  const environment = { TASKMASTER_SOCKET: rig.path, XDG_STATE_HOME: join(rig.folder, 'state') };
  const screen = new Screen(t, [taskshell], { columns, environment });
  await screen.shows(/taskshell>/);
  // The notices are subscribed to.
  await eventually(() => rig.engine.listenerCount === 1);
  return { rig, screen };
}

/** The last row that shows anything. */
function lastRow({ text }: Screen): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

async function lastRowIs(screen: Screen, row: string): Promise<void> {
  await eventually(() => assert.equal(lastRow(screen), row));
}

async function enter(screen: Screen, line: string, answer: RegExp): Promise<void> {
  screen.type(`${line}\r`);
  await screen.shows(answer);
}

test('Ctrl-R finds what was typed before, Ctrl-R again an older one, Enter runs it', async (t) => {
  const { screen } = await begin(t);
  await enter(screen, 'status web', /web: healthy/);
  await enter(screen, 'status db', /db: healthy/);
  await enter(screen, 'version', /taskmaster 1\.2\.3/);
  screen.type(CTRL_R);
  await lastRowIs(screen, '(search) :');
  screen.type('stat');
  await lastRowIs(screen, '(search) stat: status db');
  screen.type(CTRL_R);
  await lastRowIs(screen, '(search) stat: status web');
  screen.type(CTRL_R);
  screen.type(CTRL_S);
  await lastRowIs(screen, '(search) stat: status db');
  screen.type('\u007f\u007f\u007f\u007fver');
  await lastRowIs(screen, '(search) ver: version');
  screen.type('x');
  await lastRowIs(screen, '(not found) verx:');
  screen.type('\u007f\r');
  await eventually(() => assert.equal(screen.text.match(/taskmaster 1\.2\.3/g)?.length, 2));
  await lastRowIs(screen, 'taskshell>');
});

test('a search is given up by Ctrl-G or Ctrl-C, and its find is edited after an arrow', async (t) => {
  const { screen } = await begin(t);
  await enter(screen, 'status web', /web: healthy/);
  screen.type('half');
  // In one piece with what comes before it, as a quick hand and a slow line make it.
  screen.type(` a line${CTRL_R}web`);
  await lastRowIs(screen, '(search) web: status web');
  screen.type(CTRL_G);
  await lastRowIs(screen, 'taskshell> half a line');
  screen.type(`${CTRL_R}web`);
  await lastRowIs(screen, '(search) web: status web');
  screen.type(CTRL_C);
  await lastRowIs(screen, 'taskshell> half a line');
  screen.type(`${CTRL_R}web`);
  await lastRowIs(screen, '(search) web: status web');
  screen.type(LEFT);
  await lastRowIs(screen, 'taskshell> status web');
  screen.type('_');
  await lastRowIs(screen, 'taskshell> status we_b');
});

test('what happens meanwhile is told above the line being typed, which stays', async (t) => {
  const { rig, screen } = await begin(t, 40);
  const typed = 'stop a-name-that-is-longer-than-one-row';
  screen.type(typed);
  await screen.shows(/one-row/);
  // Ctrl-L: readline remembers rows only of what it has drawn again.
  screen.type(CTRL_L);
  rig.engine.emit('state_changed', { from: 'healthy', to: 'failed', reason: 'it fell' }, { instance: 'db' });
  await screen.shows(/- db: healthy → failed \(it fell\)/);
  await eventually(() => {
    const [notice, ...rest] = screen.text.trimEnd().split('\n');
    assert.match(notice ?? '', /^- db/);
    assert.equal(rest.join(''), `taskshell> ${typed}`);
  });
  screen.type('_');
  await screen.shows(/one-row_/);
});

test('many changes at once are a few lines, passing states none', async (t) => {
  const { rig, screen } = await begin(t);
  for (let at = 1; at <= 20; at++) {
    rig.engine.emit('state_changed', { from: 'idle', to: 'starting' }, { instance: `web:${at}` });
    rig.engine.emit('state_changed', { from: 'starting', to: 'healthy' }, { instance: `web:${at}` });
  }
  await screen.shows(/- and 15 more changes/);
  assert.equal(screen.text.match(/→ healthy/g)?.length, 5);
  assert.doesNotMatch(screen.text, /→ starting/);
});

test('nothing is told into a search, or into what a command shows', async (t) => {
  const { rig, screen } = await begin(t);
  screen.type('status --watch\r');
  await screen.shows(/NAME .*STATE/);
  rig.engine.change('web', { state: 'failed', pid: null });
  rig.engine.emit('state_changed', { from: 'healthy', to: 'failed' }, { instance: 'web' });
  await screen.shows(/web +failed/);
  assert.doesNotMatch(screen.text, /→/);
  screen.type(CTRL_C);
  await screen.shows(/- web: healthy → failed/);
  screen.type(CTRL_R);
  await screen.shows(/\(search\)/);
  rig.engine.emit('state_changed', { from: 'healthy', to: 'stopped' }, { instance: 'db' });
  screen.type('sta');
  await lastRowIs(screen, '(search) sta: status --watch');
  screen.type(CTRL_G);
  await screen.shows(/- db: healthy → stopped/);
  await lastRowIs(screen, 'taskshell>');
});

test('an engine that goes and comes back is told, and followed again', async (t) => {
  const { rig, screen } = await begin(t);
  await rig.server.close(0);
  await screen.shows(/- the engine has closed the connection/);
  await rig.server.listen();
  await eventually(() => rig.engine.listenerCount === 1);
  rig.engine.emit('state_changed', { from: 'healthy', to: 'failed' }, { instance: 'db' });
  await screen.shows(/- db: healthy → failed/);
});

test('status --watch draws the table again in its place', async (t) => {
  const { rig, screen } = await begin(t);
  screen.type('status -w\r');
  await screen.shows(/db +healthy/);
  rig.engine.change('db', { state: 'backoff', health: 'none', pid: null });
  rig.engine.emit('state_changed', { from: 'healthy', to: 'backoff' }, { instance: 'db' });
  await screen.shows(/db +backoff/);
  assert.equal(screen.text.match(/NAME/g)?.length, 1);
  assert.equal(screen.text.match(/^db/gm)?.length, 1);
  screen.type(CTRL_C);
  await screen.shows(/taskshell>\s*$/);
});

test('status --watch leaves no stale row where the terminal becomes narrower', async (t) => {
  const { rig, screen } = await begin(t, 120);
  rig.engine.change('db', {
    state: 'backoff',
    reason: 'a reason that is longer than what is left of a row',
    pid: null,
  });
  screen.type('status -w\r');
  await screen.shows(/db +backoff.*row/);
  screen.resize(50, 24);
  await eventually(() => {
    assert.match(screen.text, /^db +backoff/m);
    assert.equal(screen.text.match(/^NAME/gm)?.length, 1);
    assert.equal(screen.text.match(/^(db|web) /gm)?.length, 2);
    assert.equal(screen.text.match(/reason that/g)?.length ?? 0, 0);
  });
});

test('who waits sees for what, until it is there', async (t) => {
  const { rig, screen } = await begin(t);
  rig.engine.change('web', {
    state: 'stopping',
    deadline: { action: 'SIGKILL', in_ms: 60_000, of_ms: 90_000 },
  });
  screen.type('stop web --wait\r');
  await screen.shows(/stopping web… 30s of 1m30s, then SIGKILL/);
  rig.engine.change('web', { state: 'stopped', pid: null });
  rig.engine.settleAll();
  await screen.shows(/web is stopped/);
  assert.doesNotMatch(screen.text, /then SIGKILL/);
});

test('who waits for health sees which checks have failed', async (t) => {
  const { rig, screen } = await begin(t);
  const about = { instance: 'web', incarnation: 1 };
  const failed = { passed: false, outcome: 'exited with code 7', duration_ms: 3 };
  rig.engine.change('web', { state: 'healthcheck', incarnation: 1 });
  screen.type('start web --wait\r');
  await screen.shows(/waiting for web to be healthy…/);
  rig.engine.emit('probe_finished', failed, about);
  await screen.shows(/healthy… \d+s, health check failed \(exited with code 7\)/);
  rig.engine.emit('probe_finished', { ...failed, failures: 2, retries: 3 }, about);
  await screen.shows(/health check 2 of 3 failed/);
  rig.engine.emit('probe_finished', { ...failed, passed: true }, about);
  await screen.shows(/healthy… \d+s\s*$/);
  rig.engine.settleAll();
  await screen.shows(/taskshell>\s*$/);
});

test('Ctrl-C ends the waiting and leaves the prompt alone on the last row', async (t) => {
  const { rig, screen } = await begin(t);
  rig.engine.change('web', {
    state: 'stopping',
    deadline: { action: 'SIGKILL', in_ms: 60_000, of_ms: 90_000 },
  });
  screen.type('stop web --wait\r');
  await screen.shows(/then SIGKILL/);
  screen.type(CTRL_C);
  await screen.shows(/taskshell>\s*$/);
  await enter(screen, 'version', /taskmaster 1\.2\.3/);
  await eventually(() =>
    assert.equal(
      screen.text.trimEnd(),
      ['taskshell> stop web --wait', 'taskshell> version', 'taskmaster 1.2.3', 'taskshell>'].join('\n'),
    ),
  );
});

test('notices off keeps them back, notices on brings them again', async (t) => {
  const { rig, screen } = await begin(t);
  await enter(screen, 'notices off', /notices are off/);
  await eventually(() => rig.engine.listenerCount === 0);
  rig.engine.emit('state_changed', { from: 'healthy', to: 'failed' }, { instance: 'db' });
  await enter(screen, 'notices on', /notices are on/);
  await eventually(() => rig.engine.listenerCount === 1);
  rig.engine.emit('state_changed', { from: 'healthy', to: 'stopped' }, { instance: 'web' });
  await screen.shows(/- web: healthy → stopped/);
  assert.doesNotMatch(screen.text, /failed/);
});

test('help and Tab at the prompt know its own words', async (t) => {
  const { screen } = await begin(t);
  await enter(screen, 'help', /notices \[on\|off\] .*\n +exit +leave the shell/);
  await enter(screen, 'help notices', /while something flaps/);
  screen.type('noti\t');
  await lastRowIs(screen, 'taskshell> notices');
  screen.type('of\t');
  await lastRowIs(screen, 'taskshell> notices off');
  screen.type(`${CTRL_C}exi\t`);
  await lastRowIs(screen, 'taskshell> exit');
  screen.type('\r');
  assert.equal(await screen.exitCode(), 0);
});

test('Ctrl-C while one command waits ends it by that signal, and nothing is left on its row', async (t) => {
  const rig = await startRig(t, {}, new FakeEngine(anInstance('web', { state: 'healthcheck' })));
  const screen = new Screen(t, [taskshell, 'start', 'web', '--wait'], {
    environment: { TASKMASTER_SOCKET: rig.path },
  });
  await screen.shows(/waiting for web to be healthy/);
  screen.type(CTRL_C);
  assert.equal(await screen.exitCode(), 130);
  await eventually(() => assert.equal(screen.text.trim(), ''));
});

test('what a command has waited for and shown is not told again, and what happens later is', async (t) => {
  const { rig, screen } = await begin(t);
  screen.type('stop web --wait\r');
  await eventually(() => rig.engine.waiters === 1);
  const change = { from: 'stopping', to: 'stopped' } as const;
  rig.engine.change('web', { state: 'stopped', desired: 'down' });
  rig.engine.emit('state_changed', change, { process: 'web', instance: 'web', time: Date.now() - 1 });
  rig.engine.emit('state_changed', change, { process: 'db', instance: 'db', time: Date.now() - 1 });
  rig.engine.settleAll();
  await screen.shows(/web is stopped/);
  await screen.shows(/- db: stopping → stopped/);
  assert.doesNotMatch(screen.text, /- web/);
  rig.engine.emit(
    'state_changed',
    { from: 'starting', to: 'healthy' },
    { process: 'web', instance: 'web', time: Date.now() + 1_000 },
  );
  await screen.shows(/- web: starting → healthy/);
});
