import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { RpcServerOptions } from '../../src/rpc/server/server.ts';
import { eventually } from '../support/eventually.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { startRig, temporaryFolder } from '../support/rpc-rig.ts';
import { runToEnd } from '../support/running-engine.ts';
import { Screen, type ScreenOptions } from '../support/screen.ts';
import { Terminal } from '../support/terminal.ts';

const dist = resolve(import.meta.dirname, '../../dist');
const taskboard = join(dist, 'taskboard');
/** Alternate screen off, pastes as they are, cursor on. */
const GIVEN_BACK = ['\u001b[?1049l', '\u001b[?2004l', '\u001b[?25h'];
const MOUSE_ON = '\u001b[?1000h';

interface Begin extends ScreenOptions {
  readonly engine?: FakeEngine;
  readonly server?: Partial<RpcServerOptions>;
  readonly words?: readonly string[];
}

async function begin(t: TestContext, { engine, server, words = [], ...options }: Begin = {}) {
  const rig = await startRig(t, server, engine ?? new FakeEngine(anInstance('web'), anInstance('db')));
  const environment = { ...options.environment, TASKMASTER_SOCKET: rig.path };
  const screen = new Screen(t, [taskboard, ...words], { ...options, environment });
  await screen.shows(/NAME +STATE/);
  await screen.shows(/\? help/);
  return { rig, screen };
}

/** The emulator takes what was written last a moment after the program has ended. */
async function assertGivenBack(screen: Screen): Promise<void> {
  await eventually(() => {
    assert.equal(screen.isAlternate, false);
    assert.equal(screen.mouse, 'none');
    for (const sequence of GIVEN_BACK) assert.ok(screen.written.includes(sequence));
  });
}

describe('taskboard on a terminal', () => {
  test('shows what runs, what changes as it changes, and leaves the terminal as it was', async (t) => {
    const { rig, screen } = await begin(t);
    await screen.shows(/ db +healthy .*\n +web +healthy /);
    assert.equal(screen.isAlternate, true);
    rig.engine.change('web', { state: 'failed', reason: 'exited with code 1' });
    rig.engine.emit('state_changed', { from: 'healthy', to: 'failed' } as never, { instance: 'web' });
    await screen.shows(/! web +failed .* exited with code 1/);
    screen.type('q');
    assert.equal(await screen.exitCode(), 0);
    await assertGivenBack(screen);
    assert.equal(rig.engine.listenerCount, 0);
  });

  test('CPU and memory come from the engine', async (t) => {
    const engine = new FakeEngine(anInstance('web', { pid: 7 }));
    const used = { cpuSeconds: 1, residentBytes: 45 * 1_048_576, anonymousBytes: 0, processes: 1 };
    engine.usage = new Map([[7, used]]);
    const { screen } = await begin(t, { engine });
    await screen.shows(/web .* 45M/);
    engine.usage = new Map([[7, { ...used, cpuSeconds: 2 }]]);
    await screen.shows(/web .* \d\d+% +45M/);
  });

  test('the output of the selected one is followed live, and cannot take the terminal', async (t) => {
    const { rig, screen } = await begin(t);
    await screen.shows(/db output/);
    await screen.shows(/nothing printed yet/);
    rig.engine.print('db', 'ready\n\u001b[2J\u001b]0;owned\u0007');
    await screen.shows(/^ {2}ready$/m);
    await screen.shows(/\\x1b\[2J\\x1b\]0;owned\\x07/);
    assert.ok(!screen.written.includes('\u001b]0;'));
    screen.type('j');
    await screen.shows(/web output/);
    await eventually(() => {
      rig.engine.print('web', 'oops\n', { stream: 'stderr' });
      assert.match(screen.text, /^! oops$/m);
    });
  });

  test('attach has the terminal, and the board has it back where somebody detaches', async (t) => {
    const { rig, screen } = await begin(t);
    screen.type('a');
    await screen.shows(/attached to db; Ctrl-P Ctrl-Q detaches/);
    assert.equal(screen.isAlternate, false);
    screen.type('hello\r');
    await eventually(() =>
      assert.deepEqual(rig.engine.written, [{ instance: 'db', text: 'hello\n', end: false }]),
    );
    // News of the engine draw nothing into it, and are on the board afterwards.
    rig.engine.change('web', { state: 'failed' });
    rig.engine.emit('state_changed', { from: 'healthy', to: 'failed' } as never, { instance: 'web' });
    rig.engine.print('db', 'got hello\n');
    await screen.shows(/got hello/);
    assert.doesNotMatch(screen.text, /NAME/);
    screen.type('\u0010\u0011');
    await screen.shows(/! web +failed[\s\S]* detached from db/);
    assert.equal(screen.isAlternate, true);
    screen.type('q');
    assert.equal(await screen.exitCode(), 0);
    await assertGivenBack(screen);
  });

  test('a size that changes while somebody is attached is used afterwards', async (t) => {
    const { screen } = await begin(t);
    screen.type('a');
    await screen.shows(/attached to db/);
    screen.resize(200, 50);
    screen.type('\u0010\u0011');
    await screen.shows(/HEALTH +PID/);
  });

  test('what is typed behind a is for the process, and behind the detach keys for the board', async (t) => {
    const { rig, screen } = await begin(t);
    screen.type('ax\r');
    await eventually(() => assert.equal(rig.engine.written[0]?.text, 'x\n'));
    screen.type('y\r\u0010\u0011j');
    await screen.shows(/web output/);
    assert.equal(rig.engine.written[1]?.text, 'y\n');
    assert.deepEqual(rig.engine.calls, []);
  });

  test('a paste without its end makes the board deaf for no longer than a moment', async (t) => {
    const { screen } = await begin(t);
    screen.type('\u001b[200~never ends');
    await screen.shows(/NAME/);
    screen.type('\u0003');
    assert.equal(await screen.exitCode(), 0);
    const { screen: other } = await begin(t);
    other.type('\u001b[200~never ends');
    // Half a second of silence ends it.
    await new Promise((done) => setTimeout(done, 700));
    other.type('?');
    await other.shows(/help ─/);
  });

  test('attach to one that cannot be typed to says what to set', async (t) => {
    const engine = new FakeEngine(anInstance('web'));
    engine.inputs.set('web', 'null');
    const { screen } = await begin(t, { engine });
    screen.type('a');
    await screen.shows(/^ .*stdin = "pipe"/m);
    assert.equal(screen.isAlternate, true);
  });

  test('the container, of what it may use, stands in the header and grows live', async (t) => {
    const engine = new FakeEngine(anInstance('web', { pid: 7 }));
    const container = {
      load: 0.5,
      processors: 2,
      memoryBytes: 100 * 1_048_576,
      memoryLimitBytes: 512 * 1_048_576,
    };
    engine.usage = { get: () => undefined, container };
    const { screen } = await begin(t, { engine, columns: 100 });
    await screen.shows(/load +0\.50 of 2 .* mem 100M of 512M/);
    engine.usage = { get: () => undefined, container: { ...container, memoryBytes: 500 * 1_048_576 } };
    await screen.shows(/mem 500M of 512M/);
  });

  test('events are asked for when somebody looks, live, with those before, filtered', async (t) => {
    const engine = new FakeEngine(anInstance('web'));
    engine.emit('config_rejected', { problems: [] } as never);
    engine.emit('probe_finished', { passed: true } as never, { instance: 'web', level: 'debug' });
    const { rig, screen } = await begin(t, { engine });
    // The table, the engine's own events, and the output of the selected one with its ends.
    await eventually(() => assert.equal(engine.listenerCount, 4));
    screen.type('e');
    await screen.shows(/ events .* 1 {2}following/);
    await screen.shows(/a new configuration was rejected/);
    assert.equal(engine.listenerCount, 5);
    rig.engine.emit('process_spawned', { pid: 88 } as never, { instance: 'web' });
    await screen.shows(/rejected\n.* web started as pid 88/);
    screen.type('\r/spawned\r');
    await screen.shows(/"spawned": 1 of 2/);
    assert.doesNotMatch(screen.text, /rejected/);
  });

  test('the mouse is the terminal’s own until m asks for it; again after attach', async (t) => {
    const { screen } = await begin(t);
    assert.ok(!screen.written.includes(MOUSE_ON));
    screen.type('m');
    await screen.shows(/the wheel scrolls, a click selects/);
    await eventually(() => assert.equal(screen.mouse, 'vt200'));
    await screen.shows(/db output/);
    screen.type('\u001b[<0;5;4M');
    await screen.shows(/web output/);
    screen.type('a');
    await screen.shows(/attached to web/);
    await eventually(() => assert.equal(screen.mouse, 'none'));
    screen.type('\u0010\u0011');
    await screen.shows(/detached from web/);
    await eventually(() => assert.equal(screen.mouse, 'vt200'));
    screen.type('q');
    assert.equal(await screen.exitCode(), 0);
    await assertGivenBack(screen);
    await eventually(() => assert.equal(screen.mouse, 'none'));
  });

  test('--mouse asks for it from the beginning', async (t) => {
    const { screen } = await begin(t, { words: ['--mouse'] });
    await eventually(() => assert.equal(screen.mouse, 'vt200'));
    screen.kill('SIGTERM');
    assert.equal(await screen.exitCode(), 143);
    await assertGivenBack(screen);
    await eventually(() => assert.equal(screen.mouse, 'none'));
  });

  test('keys act, and what came of it is told', async (t) => {
    const { rig, screen } = await begin(t);
    screen.type('r');
    await eventually(() => rig.engine.waiters === 1);
    await screen.shows(/restarting db…/);
    rig.engine.change('db', { incarnation: 2 });
    rig.engine.settleAll();
    await screen.shows(/db is healthy/);
    screen.type('x');
    await screen.shows(/Stop db\?/);
    screen.type('y');
    await eventually(() => rig.engine.waiters === 1);
    screen.type('S');
    await screen.shows(/signal to db:/);
    screen.type('hup\r');
    await screen.shows(/sent SIGHUP to db/);
    assert.deepEqual(
      rig.engine.calls.map((call) => call.replace(/ by .*/, '')),
      ['restart db', 'stop db', 'signal db SIGHUP'],
    );
  });

  test('a reload shows the plan, then does it', async (t) => {
    const { rig, screen } = await begin(t);
    rig.engine.report = {
      applied: true,
      plan: [{ process: 'web', action: 'restart', changed: ['cmd'] }],
      needs_engine_restart: [],
      warnings: [],
    };
    screen.type('R');
    await screen.shows(/restart +web +cmd/);
    assert.deepEqual(rig.engine.calls, ['plan']);
    screen.type('\r');
    await screen.shows(/reloaded: 1 of 1 processes changed/);
    assert.deepEqual(rig.engine.calls, ['plan', 'reload']);
  });

  test('an action that is not allowed is told in a sentence', async (t) => {
    const grants = [{ level: 'read', uid: 4711, gid: undefined }] as const;
    const { rig, screen } = await begin(t, { server: { grants } });
    rig.peer = { pid: 1, uid: 4711, gid: 4711 };
    await rig.server.close(0);
    await screen.shows(/no engine for/);
    await rig.server.listen();
    await screen.shows(/connected to the engine again/);
    screen.type('r');
    await screen.shows(/cannot restart: uid 4711 has only "read" access/);
    assert.deepEqual(rig.engine.calls, []);
  });

  test('details tell why, and what happens next', async (t) => {
    const { screen } = await begin(t);
    screen.type('d\r');
    await screen.shows(/state +healthy for/);
    await screen.shows(/next +nothing; it stays as it is/);
    await screen.shows(/starting → healthy/);
    screen.type('\u001b');
    await screen.shows(/NAME +STATE/);
  });

  test('the engine goes and comes back: both are told, and the board goes on', async (t) => {
    const { rig, screen } = await begin(t);
    await rig.server.close(0);
    await screen.shows(/no engine for/);
    await rig.server.listen();
    await screen.shows(/connected to the engine again/);
    await screen.shows(/ db +healthy/);
    screen.type('q');
    assert.equal(await screen.exitCode(), 0);
  });

  test('a new size is used at once', async (t) => {
    const { screen } = await begin(t);
    assert.doesNotMatch(screen.text, /HEALTH/);
    screen.resize(200, 50);
    await screen.shows(/HEALTH +PID/);
    screen.resize(40, 12);
    // The screen before had these titles too.
    await eventually(() => {
      assert.match(screen.text, /NAME +STATE +AGE/);
      assert.doesNotMatch(screen.text, /HEALTH/);
    });
  });

  test('a thousand instances: the last is one key away', async (t) => {
    const many = Array.from({ length: 1_000 }, (_, index) => anInstance(`web:${index}`));
    const { screen } = await begin(t, { engine: new FakeEngine(...many) });
    await screen.shows(/ 1\/1000$/m);
    screen.type('G');
    await screen.shows(/web:999 .*healthy/);
    screen.type('/42 healthy\r');
    await screen.shows(/"42 healthy": 20 of 1000/);
    await screen.shows(/web:42 output/);
  });

  test('a terminal that takes nothing gets the newest frame afterwards, not all of them', async (t) => {
    const { rig, screen } = await begin(t);
    screen.hold();
    const before = screen.written.length;
    for (let change = 1; change <= 400; change++) {
      // Each line unlike the one before: every row of the pane changes.
      rig.engine.print('db', `${String.fromCharCode(97 + (change % 26)).repeat(60)} ${change}\n`);
      await new Promise((done) => setTimeout(done, 5));
    }
    screen.release();
    await screen.shows(/ 400$/m);
    const written = screen.written.length - before;
    // What the kernel and the pseudo-terminal hold, and a frame or two; all of them are twice as much.
    assert.ok(written < 20_000, `${written} bytes`);
    screen.type('q');
    assert.equal(await screen.exitCode(), 0);
  });
});

describe('the terminal is given back', () => {
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const) {
    test(`at ${signal}`, async (t) => {
      const { screen } = await begin(t);
      screen.kill(signal);
      assert.equal(await screen.exitCode(), code);
      await assertGivenBack(screen);
    });
  }

  test('and the fault is shown, when the board itself has one', async (t) => {
    const folder = temporaryFolder(t);
    const path = join(folder, 'engine.sock');
    // An engine that says what no engine says.
    const server = createServer((connection) => {
      connection.on('error', () => {});
      connection.on('data', (request: Buffer) => {
        const { id } = JSON.parse(request.toString().split('\n')[0] ?? '');
        const status = { version: 'x', uptime_ms: 0, draining: false, instances: [] };
        const changes = { subscription: 1, draining: false, instances: 7, removed: [] };
        connection.write(
          `${JSON.stringify({ jsonrpc: '2.0', id, result: { subscription: 1, status } })}\n`,
          () => {
            setTimeout(() => {
              connection.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'status', params: changes })}\n`);
            }, 50);
          },
        );
      });
    });
    await new Promise<void>((listening) => server.listen(path, listening));
    t.after(() => server.close());
    const screen = new Screen(t, [taskboard, '--socket', path]);
    assert.notEqual(await screen.exitCode(), 0);
    await assertGivenBack(screen);
    await screen.shows(/not iterable/);
  });
});

describe('where it cannot work it says so', () => {
  test('without a terminal', async () => {
    const { code, stdout, stderr } = await runToEnd(taskboard, []);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /needs a terminal \(in a container: docker exec -it\); "taskshell status"/);
  });

  test('on a dumb one', async (t) => {
    const screen = new Screen(t, [taskboard], { environment: { TERM: 'dumb' } });
    assert.equal(await screen.exitCode(), 1);
    await eventually(() => assert.match(screen.text.replaceAll('\n', ''), /cannot draw on a dumb terminal/));
    assert.ok(!screen.written.includes('\u001b'));
  });

  test('where no engine answers', async (t) => {
    const screen = new Screen(t, [taskboard, '--socket', '/nonexistent/socket'], { columns: 120 });
    assert.equal(await screen.exitCode(), 1);
    await screen.shows(/cannot reach the engine at \/nonexistent\/socket/);
    assert.ok(!screen.written.includes('\u001b'));
  });

  test('with words it does not know', async () => {
    const { code, stderr } = await runToEnd(taskboard, ['--nope']);
    assert.equal(code, 2);
    assert.match(stderr, /does not know "--nope"\nusage: taskboard/);
  });
});

test('NO_COLOR is heeded', async (t) => {
  const { screen } = await begin(t, { environment: { NO_COLOR: '1' } });
  await screen.shows(/ db +healthy/);
  assert.ok(!/\[[0-9;]*3[0-7]m/.test(screen.written), JSON.stringify(screen.written));
});

test('"taskmaster board" is the same, and a terminal without a size is taken for 80 by 24', async (t) => {
  const rig = await startRig(t);
  // script(1) makes a terminal of 0 by 0 where it has none itself, as docker exec -it does for a moment.
  const terminal = new Terminal(t, [join(dist, 'taskmaster'), 'board', '--socket', rig.path], {
    ...process.env,
    TERM: 'xterm',
  });
  await terminal.shows(/NAME/);
  await terminal.shows(/\[24;2H/);
  terminal.type('q');
  assert.equal(await terminal.exitCode(), 0);
});
