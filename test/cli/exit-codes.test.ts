import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { TaskmasterError } from '../../src/errors.ts';
import type { InstanceSnapshot, ProgramReload } from '../../src/wire/snapshot.ts';
import { cli } from '../support/cli-rig.ts';
import { eventually } from '../support/eventually.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { startRig } from '../support/rpc-rig.ts';

type Instances = readonly InstanceSnapshot[];
const DOWN = { state: 'stopped', desired: 'down', pid: null, health: 'none' } as const;

describe('status', () => {
  const cases: readonly [why: string, instances: Instances, code: number][] = [
    ['all healthy', [anInstance('a'), anInstance('b')], 0],
    ['a one-shot that completed is as good', [anInstance('a'), anInstance('b', { state: 'completed' })], 0],
    ['nothing configured', [], 0],
    ['being started', [anInstance('a', { state: 'starting' })], 1],
    ['not yet proven healthy', [anInstance('a', { state: 'healthcheck' })], 1],
    ['unhealthy', [anInstance('a', { state: 'unhealthy' })], 1],
    ['still stopping', [anInstance('a', { state: 'stopping' })], 1],
    ['stopped, beside one unhealthy', [anInstance('a', { state: 'unhealthy' }), anInstance('b', DOWN)], 3],
    ['never started', [anInstance('a', { state: 'idle' })], 3],
    ['waiting', [anInstance('a', { state: 'waiting' })], 3],
    ['in back-off', [anInstance('a', { state: 'backoff' })], 3],
    ['failed', [anInstance('a', { state: 'failed' })], 3],
  ];
  for (const [why, instances, code] of cases) {
    test(`${code}: ${why}`, async (t) => {
      const rig = await startRig(t, {}, new FakeEngine(...instances));
      assert.equal((await cli(['status', '--socket', rig.path])).code, code);
    });
  }

  test('4: unknown name', async (t) => {
    const rig = await startRig(t);
    const { code, err } = await cli(['status', 'wbe', '--socket', rig.path]);
    assert.deepEqual([code, err], [4, 'no process is called wbe; did you mean web?\n']);
  });

  test('4: engine unreachable, which says where it looked and why that failed', async () => {
    const { code, err } = await cli(['status', '--socket', '/nowhere/engine.sock']);
    assert.equal(code, 4);
    assert.match(err, /cannot reach the engine at \/nowhere\/engine.sock: no such file/);
  });
});

describe('actions', () => {
  test('0: accepted', async (t) => {
    const rig = await startRig(t);
    assert.deepEqual(await cli(['restart', 'web', '--socket', rig.path]), {
      code: 0,
      out: 'restarting web\n',
      err: '',
    });
  });

  test('0: already so', async (t) => {
    const rig = await startRig(t, {}, new FakeEngine(anInstance('web', DOWN)));
    const { code, out } = await cli(['stop', 'web', '--socket', rig.path]);
    assert.deepEqual([code, out], [0, 'web is already down (stopped)\n']);
  });

  test('0: waited, and there', async (t) => {
    const rig = await startRig(t, {}, new FakeEngine(anInstance('web', DOWN)));
    rig.engine.onRequest = () => rig.engine.change('web', anInstance('web'));
    const ran = cli(['start', 'web', '--wait', '--socket', rig.path]);
    await eventually(() => rig.engine.waiters === 1);
    rig.engine.settleAll();
    assert.deepEqual(await ran, { code: 0, out: 'web is healthy\n', err: '' });
  });

  test('1: waited, and it can no longer be', async (t) => {
    const rig = await startRig(t, {}, new FakeEngine(anInstance('web', DOWN)));
    rig.engine.onRequest = () => rig.engine.change('web', { state: 'failed', reason: 'exit code 3' });
    const ran = cli(['start', '-w', 'web', '--socket', rig.path]);
    await eventually(() => rig.engine.waiters === 1);
    rig.engine.settleAll();
    assert.deepEqual(await ran, {
      code: 1,
      out: '',
      err: 'could not start web: it is failed: exit code 3\n',
    });
  });

  test('1: the engine is shutting down', async (t) => {
    const rig = await startRig(t);
    rig.engine.failure = new TaskmasterError(
      'shutting-down',
      'cannot start web: taskmaster is shutting down',
    );
    const { code, err } = await cli(['start', 'web', '--socket', rig.path]);
    assert.deepEqual([code, err], [1, 'cannot start web: taskmaster is shutting down\n']);
  });

  test('1: engine unreachable', async () => {
    assert.equal((await cli(['stop', 'web', '--socket', '/nowhere'])).code, 1);
  });

  const wrong: readonly [argv: string[], says: RegExp][] = [
    [['stpo'], /no verb "stpo"; did you mean stop\?/],
    [['stop'], /NAME is missing\nusage: stop NAME…/],
    [['stop', 'web', '--wiat'], /no flag --wiat; did you mean --wait\?/],
    [['stop', 'web', '--wait', '--timeout'], /--timeout needs a value: --timeout TIME/],
    [['stop', 'web', '--wait', '--timeout', 'soon'], /--timeout takes a time .*, not "soon"/],
    [['stop', 'web', '--wait', '--timeout=0'], /--timeout takes a time/],
    [['stop', 'web', '--timeout', '3s'], /--timeout needs --wait/],
    [['stop', 'web', '--wait=yes'], /--wait takes no value/],
    [['signal', 'web'], /SIG is missing/],
    [['signal', 'web', 'HUP', 'more'], /unexpected argument "more"/],
    [['health', '--live', '--ready'], /one question at a time/],
    [['completion', 'tcsh'], /SHELL is one of bash, zsh, fish, not "tcsh"/],
    [['help', 'stpo'], /did you mean stop\?/],
    [['help', 'xyzzy'], /no verb "xyzzy"; "help" lists the verbs/],
    [['ps'], /no verb "ps"; did you mean status\?/],
    [['kill', 'web'], /did you mean signal\?/],
    [['tail', 'web'], /did you mean logs --follow\?/],
    [['help', 'reread'], /did you mean reload --plan\?/],
    [['engnie', 'start'], /did you mean taskmaster engine\?/],
    [['board'], /did you mean taskboard\?/],
    [['logs', '--level', 'loud'], /--level is one of/],
    [['logs', '--grep', '('], /--grep: /],
    [['logs', '--tail', 'x'], /--tail takes a number/],
  ];
  for (const [argv, says] of wrong) {
    test(`2: ${argv.join(' ')}`, async () => {
      const { code, err } = await cli([...argv, '--socket', '/nowhere']);
      assert.equal(code, 2);
      assert.match(err, says);
    });
  }

  test('2: a signal that does not exist', async (t) => {
    const rig = await startRig(t);
    const { code, err } = await cli(['signal', 'web', 'HPU', '--socket', rig.path]);
    assert.deepEqual([code, err], [2, 'there is no signal "HPU"; did you mean HUP?\n']);
  });

  test('4: not permitted', async (t) => {
    const rig = await startRig(t, { grants: [{ level: 'read', uid: 77, gid: undefined }] });
    rig.peer = { pid: 1, uid: 77, gid: 77 };
    const { code, err } = await cli(['stop', 'web', '--socket', rig.path]);
    assert.equal(code, 4);
    assert.match(err, /uid 77 has only "read" access/);
  });

  test('5: no such process', async (t) => {
    const rig = await startRig(t);
    assert.equal((await cli(['restart', 'nope', '--socket', rig.path])).code, 5);
  });

  test('6: configuration rejected, with every problem', async (t) => {
    const rig = await startRig(t);
    rig.engine.failure = new TaskmasterError('config-invalid', 'the configuration is as before: 2 problems', {
      details: { problems: ['tm.toml:3: one', 'tm.toml:9: two'] },
    });
    const { code, err } = await cli(['reload', '--socket', rig.path]);
    assert.equal(code, 6);
    assert.equal(err, 'the configuration is as before: 2 problems\ntm.toml:3: one\ntm.toml:9: two\n');
  });

  test('7: not running', async (t) => {
    const rig = await startRig(t, {}, new FakeEngine(anInstance('web', DOWN)));
    assert.equal((await cli(['signal', 'web', 'HUP', '--socket', rig.path])).code, 7);
  });

  test('8: --timeout passed', async (t) => {
    const rig = await startRig(t);
    const { code, err } = await cli(['stop', 'web', '--wait', '--timeout', '20ms', '--socket', rig.path]);
    assert.deepEqual([code, err], [8, 'stop: the time is up: web is healthy\n']);
  });

  test('9: reload applied, but a process did not come up', async (t) => {
    const rig = await startRig(
      t,
      {},
      new FakeEngine(anInstance('web', { state: 'failed', reason: 'no file' })),
    );
    const plan = [{ process: 'web', action: 'add', changed: [] }] as const;
    rig.engine.report = { applied: true, plan, needs_engine_restart: [], warnings: [] };
    const { code, out, err } = await cli(['reload', '--socket', rig.path]);
    assert.equal(code, 9);
    assert.deepEqual(
      [out, err],
      ['added web\nreloaded; 0 unchanged\n', 'web did not come up: it is failed: no file\n'],
    );
  });
});

test('a plan says what stays stopped', async (t) => {
  const rig = await startRig(t);
  const plan = [
    { process: 'web', action: 'restart', changed: ['cmd'], stays_stopped: ['web'] },
    {
      process: 'db',
      action: 'update',
      changed: ['instances'],
      instances: { added: ['db:2'], removed: [] },
      stays_stopped: ['db:2'],
    },
  ] as const;
  rig.engine.report = { applied: false, plan, needs_engine_restart: [], warnings: [] };
  const { out } = await cli(['reload', '--plan', '--socket', rig.path]);
  assert.equal(
    out,
    'would restart web (cmd): leave stopped web\nwould update db (instances): leave stopped db:2\nplan only; 0 unchanged\n',
  );
});

describe('reload NAME', () => {
  const reloaded = async (t: TestContext, answer: ProgramReload, ...more: string[]) => {
    const rig = await startRig(t, {}, new FakeEngine(anInstance('web')));
    rig.engine.programs.set('web', answer);
    const { code, out, err } = await cli(['reload', 'web', ...more, '--socket', rig.path]);
    return [code, out, err];
  };

  test('0: sent, begun, or done', async (t) => {
    assert.deepEqual(await reloaded(t, { name: 'web', how: 'signal', signal: 'SIGHUP' }), [
      0,
      'sent SIGHUP to web\n',
      '',
    ]);
    const command = { name: 'web', how: 'command', program: '/usr/sbin/nginx' } as const;
    assert.deepEqual(await reloaded(t, command), [0, 'reloading web by /usr/sbin/nginx\n', '']);
    const done = { ...command, succeeded: true, outcome: 'exited with code 0' };
    assert.deepEqual(await reloaded(t, done, '--wait'), [0, 'web has reloaded\n', '']);
  });

  test('1: its command failed', async (t) => {
    const outcome = 'exited with code 3';
    const failed = { name: 'web', how: 'command', program: 'x', succeeded: false, outcome } as const;
    assert.deepEqual(await reloaded(t, failed, '--wait'), [
      1,
      '',
      'could not reload web: x exited with code 3\n',
    ]);
  });

  test('2: --plan is for the configuration of the engine', async () => {
    const { code, err } = await cli(['reload', 'web', '--plan']);
    assert.deepEqual([code, /leave the names out/.test(err)], [2, true]);
  });
});

describe('health', () => {
  test('0 and 1 with one line of reason; unreachable is 1', async (t) => {
    const rig = await startRig(t);
    assert.equal((await cli(['health', '--live', '--socket', rig.path])).code, 0);
    rig.engine.verdict = { ok: false, reason: 'web is unhealthy' };
    const { code, out } = await cli(['health', '--socket', rig.path]);
    assert.deepEqual([code, out], [1, 'web is unhealthy\n']);
    assert.equal((await cli(['health', '--socket', '/nowhere'])).code, 1);
    assert.deepEqual(rig.engine.calls, ['health live', 'health ready']);
  });
});

test('--json tells failures as JSON too', async (t) => {
  const rig = await startRig(t);
  const { code, out, err } = await cli(['stop', 'wbe', '--json', '--socket', rig.path]);
  assert.deepEqual([code, err], [5, '']);
  assert.deepEqual(JSON.parse(out), {
    error: {
      code: 'unknown-process',
      message: 'no process is called wbe; did you mean web?',
      name: 'wbe',
      suggestion: 'web',
    },
  });
});

test('2: engine without a word it knows explains what it takes', async () => {
  for (const words of [['engine'], ['engine', 'strat']]) {
    const { code, err: stderr } = await cli(words);
    assert.equal(code, 2);
    assert.match(stderr, /taskmaster engine start \[--replace\] \[--profile NAME\]… \[CONFIG\]/);
  }
  assert.match((await cli(['engine', 'strat'])).err, /^there is no "engine strat"; did you mean start\?\n/);
});
