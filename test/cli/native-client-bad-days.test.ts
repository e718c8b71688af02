/** Bad days of the launcher as a client of the engine, each beside the client that Node runs where both have an answer. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import {
  begin,
  type Client,
  commandOf,
  environmentOf,
  runOne,
  startBoth,
  WENT_TO_NODE,
} from '../support/both-clients.ts';
import { eventually as eventuallyWithin } from '../support/eventually.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { type Rig, temporaryFolder } from '../support/rpc-rig.ts';
import { Screen } from '../support/screen.ts';

const BOTH: readonly Client[] = ['node', 'launcher'];
const ESCAPE = '\u001b';

/** Clients by the dozen take their time. */
const eventually = <T>(check: () => T | Promise<T>): Promise<T> =>
  eventuallyWithin(check, { withinMs: 20_000 });

/** Between a client and the engine: what the client sees when the engine is killed. */
async function cuttable(
  t: TestContext,
  rig: Rig,
): Promise<{ readonly path: string; cut(): void; hasAnswered(): boolean }> {
  const path = join(temporaryFolder(t), 'between.sock');
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const engine = createConnection(rig.path);
    for (const socket of [client, engine]) sockets.add(socket.on('error', () => {}));
    client.pipe(engine).pipe(client);
    engine.on('data', (bytes) => {
      answered += bytes.length;
    });
  });
  await new Promise<void>((done) => server.listen(path, done));
  let answered = 0;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  t.after(cut);
  return { path, cut, hasAnswered: () => answered > 0 };
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** What a client prints, while it runs and when it has ended. */
class Watched {
  out = '';
  err = '';
  readonly ended: Promise<Ended>;

  constructor(child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.out += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
    });
    this.ended = new Promise((done) => {
      child.on('close', (code, signal) => done({ code, signal, out: this.out, err: this.err }));
    });
  }
}

describe('the engine ends in the middle', () => {
  for (const words of [
    ['stop', 'web', '--wait'],
    ['stop', 'web', '--wait', '--json'],
    ['status', '--watch'],
    ['events', '--follow'],
  ]) {
    test(`of taskshell ${words.join(' ')}`, async (t) => {
      const ends: Ended[] = [];
      for (const client of BOTH) {
        const rig = await startBoth(t);
        const between = await cuttable(t, rig);
        const child = begin(between, client, words);
        const watched = new Watched(child);
        await eventually(() => rig.engine.waiters > 0 || rig.engine.listenerCount > 0);
        // What the launcher was told so far would reach it even if the engine were killed.
        await eventually(() => client === 'node' || between.hasAnswered());
        if (words[0] === 'status') await eventually(() => watched.out !== '');
        between.cut();
        const ended = await watched.ended;
        ends.push({ ...ended, out: ended.out.replaceAll(between.path, 'PATH') });
        await eventually(() => rig.engine.waiters === 0 && rig.engine.listenerCount === 0);
      }
      assert.deepEqual(ends[1], ends[0]);
      assert.match(`${ends[1]?.out}${ends[1]?.err}`, /the engine closed the connection/);
    });
  }

  test('by shutting down: what is under way hears the reason', async (t) => {
    const ends: Ended[] = [];
    for (const client of BOTH) {
      const rig = await startBoth(t);
      const watched = new Watched(begin(rig, client, ['restart', 'web', '--wait']));
      await eventually(() => rig.engine.waiters > 0);
      await rig.server.close(5_000);
      ends.push(await watched.ended);
    }
    assert.deepEqual(ends[1], ends[0]);
    assert.match(ends[1]?.err ?? '', /leaving/);
  });

  test('before it has begun the command: Node tries again', async (t) => {
    const path = join(temporaryFolder(t), 'short.sock');
    const server = createServer((client) => void client.destroy());
    await new Promise<void>((done) => server.listen(path, done));
    t.after(() => server.close());
    const { code, stdout } = await runOne({ path }, 'launcher', ['stop', 'web']);
    assert.deepEqual([code, stdout.toString()], [99, WENT_TO_NODE]);
  });
});

test('ten megabytes arrive whole through a slow pipe, and stop the engine for nobody', async (t) => {
  const engine = new FakeEngine(anInstance('web'));
  const value = 'ü🙂 twelve '.repeat(800);
  const all = Object.fromEntries(Array.from({ length: 1_200 }, (_, index) => [`NAME_${index}`, value]));
  engine.environment = () => {
    engine.calls.push('environment');
    return all;
  };
  const rig = await startBoth(t, engine);
  const byNode = await runOne(rig, 'node', ['env', 'web']);
  engine.calls.length = 0;
  const child = begin(rig, 'launcher', ['env', 'web']);
  // Nothing is read for now.
  await eventually(() => rig.engine.calls.includes('environment'));
  const other = await runOne(rig, 'launcher', ['health']);
  assert.equal(other.code, 0);
  const { out } = await new Watched(child).ended;
  assert.ok(out.length > 10 * 2 ** 20, `${out.length} characters`);
  assert.ok(out === byNode.stdout.toString());
});

describe('standard output', () => {
  test('that nobody reads any more: 141, and nothing else', async (t) => {
    const rig = await startBoth(t);
    for (const client of BOTH) {
      const child = begin(rig, client, ['events', '--follow']);
      const watched = new Watched(child);
      await eventually(() => rig.engine.listenerCount > 0);
      child.stdout.destroy();
      // Until it notices: the pipe is closed a moment later.
      let code: number | null | undefined;
      void watched.ended.then((end) => {
        code = end.code;
      });
      await eventually(() => {
        rig.engine.emit('engine_notice', { message: 'hello' });
        return code !== undefined;
      });
      assert.deepEqual([code, watched.err], [141, '']);
      await eventually(() => rig.engine.listenerCount === 0);
    }
  });

  test('on a full device: a line, and 1', async (t) => {
    const rig = await startBoth(t);
    const ends: Ended[] = [];
    for (const client of BOTH) {
      const script = `exec "$@" >/dev/full`;
      const child = spawn('sh', ['-c', script, 'sh', ...commandOf(client, ['status'])], {
        env: environmentOf(rig, client),
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      ends.push(await new Watched(child).ended);
    }
    assert.deepEqual(ends[1], ends[0]);
    assert.equal(ends[1]?.code, 1);
  });

  test('that is closed: Node has to say what becomes of it', async (t) => {
    const rig = await startBoth(t);
    const child = spawn('sh', ['-c', 'exec "$@" >&-', 'sh', ...commandOf('launcher', ['status'])], {
      env: environmentOf(rig, 'launcher'),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    assert.equal((await new Watched(child).ended).code, 99);
  });
});

test('input that never ends is passed on as it comes, and ends with the client', async (t) => {
  const rig = await startBoth(t);
  for (const client of BOTH) {
    rig.engine.bytesWritten.length = 0;
    const child = begin(rig, client, ['send', 'web']);
    const watched = new Watched(child);
    for (const line of ['one\n', 'two\n']) {
      child.stdin.write(line);
      await eventually(() => Buffer.concat(rig.engine.bytesWritten).toString().endsWith(line));
    }
    assert.equal(watched.out, '');
    child.kill('SIGTERM');
    assert.equal((await watched.ended).signal, 'SIGTERM');
    await eventually(() => rig.server.clientCount === 0);
  }
});

test('a process that takes no input holds up its writer, and nobody else', async (t) => {
  const rig = await startBoth(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  rig.engine.inputTaken = promise;
  const child = begin(rig, 'launcher', ['send', 'web']);
  const watched = new Watched(child);
  child.stdin.end('x'.repeat(5_000_000));
  await eventually(() => rig.engine.bytesWritten.length > 0);
  assert.equal((await runOne(rig, 'launcher', ['health'])).code, 0);
  assert.equal(rig.engine.bytesWritten.length, 1);
  resolve();
  assert.deepEqual((await watched.ended).out, 'sent 5000000 bytes to web\n');
});

test('a hundred probes at once are all answered', async (t) => {
  const rig = await startBoth(t);
  const ends = await Promise.all(
    Array.from({ length: 100 }, () => runOne(rig, 'launcher', ['health', '--live'])),
  );
  assert.deepEqual(
    ends
      .map(({ code, stdout, stderr }) => `${code} ${stdout}${stderr}`)
      .filter((end, at, all) => at === all.indexOf(end)),
    ['0 all 1 processes are healthy\n'],
  );
});

test('an engine of another user is not talked to', {
  skip: process.getuid?.() !== 0 && 'needs root',
}, async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'taskmaster.sock');
  const script = `require('node:net').createServer((socket) => {
    socket.on('data', (bytes) => console.log(String(bytes)));
  }).listen(${JSON.stringify(path)}, () => console.log('ready'))`;
  spawn('chown', ['12345', folder]);
  const server = spawn('setpriv', ['--reuid=12345', '--clear-groups', process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => void server.kill());
  let heard = '';
  server.stdout.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
  });
  await eventually(() => heard.startsWith('ready'));
  const byName = await runOne({ path }, 'launcher', ['stop', 'web']);
  assert.deepEqual([byName.code, byName.stdout.toString()], [99, WENT_TO_NODE]);
  const env = { TASKMASTER_SOCKET: '', XDG_RUNTIME_DIR: folder };
  const byPlace = await runOne({ path }, 'launcher', ['stop', 'web'], { env });
  assert.deepEqual([byPlace.code, byPlace.stdout.toString()], [99, WENT_TO_NODE]);
  assert.equal(heard, 'ready\n');
});

describe('a signal to the client', () => {
  for (const [words, signal, code] of [
    [['events', '--follow'], 'SIGINT', 130],
    [['events', '--follow'], 'SIGTERM', 'SIGTERM'],
    [['status', '--watch'], 'SIGINT', 130],
    [['attach', 'web'], 'SIGINT', 130],
    [['attach', 'web'], 'SIGTERM', 'SIGTERM'],
    [['stop', 'web', '--wait'], 'SIGINT', 'SIGINT'],
    [['stop', 'web', '--wait'], 'SIGTERM', 'SIGTERM'],
  ] as const) {
    test(`${signal} during taskshell ${words.join(' ')}`, async (t) => {
      const ends: Ended[] = [];
      for (const client of BOTH) {
        const rig = await startBoth(t);
        const child = begin(rig, client, words);
        const watched = new Watched(child);
        await eventually(() => rig.engine.waiters > 0 || rig.engine.listenerCount > 0);
        // The launcher's handlers are there when it has read that the command has begun; Node always has them.
        await eventually(() => has('SigIgn', child.pid, 'SIGPIPE'));
        await eventually(() => code !== 130 || has('SigCgt', child.pid, signal));
        if (words[0] !== 'stop')
          await eventually(() => {
            // Once it has shown what came, and then something else, it also listens for the signal.
            if (words[0] === 'events') rig.engine.emit('engine_notice', { message: 'hello' });
            if (words[0] === 'attach') rig.engine.print('web', 'hello\n');
            return watched.out.split('\n').length > 2;
          });
        child.kill('SIGPIPE');
        child.kill(signal);
        // What came meanwhile is as long as the test took.
        ends.push({ ...(await watched.ended), out: '' });
        await eventually(() => rig.engine.waiters === 0 && rig.engine.listenerCount === 0);
      }
      assert.deepEqual(ends[1], ends[0]);
      assert.equal(ends[1]?.code ?? ends[1]?.signal, code);
    });
  }

  test('on a terminal Ctrl-C takes the row of progress away, and ends the client by SIGINT', async (t) => {
    const rig = await startBoth(t, new FakeEngine(anInstance('web', { state: 'stopping' })));
    for (const client of BOTH) {
      const environment = environmentOf(rig, client);
      const screen = new Screen(t, commandOf(client, ['stop', 'web', '--wait']), { environment });
      await eventually(() => screen.written.includes('killing web'));
      screen.type('\u0003');
      assert.equal(await screen.exitCode(), 130);
      assert.ok(screen.written.endsWith(`${ESCAPE}[K`), JSON.stringify(screen.written));
      await eventually(() => rig.engine.waiters === 0);
    }
  });
});

/** Whether a process ignores or catches the signal, as proc_pid_status(5) says. */
function has(
  set: 'SigIgn' | 'SigCgt',
  pid: number | undefined,
  signal: keyof typeof constants.signals,
): boolean {
  const bit = 1n << BigInt(constants.signals[signal] - 1);
  const [, bits = '0'] =
    new RegExp(`^${set}:\\s*(\\w+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return (BigInt(`0x${bits}`) & bit) !== 0n;
}

test('status --watch takes the new size of its terminal', async (t) => {
  const reason = 'a reason that is long enough to be cut where the terminal ends';
  const rig = await startBoth(t, new FakeEngine(anInstance('web', { state: 'failed', reason })));
  for (const client of BOTH) {
    const environment = environmentOf(rig, client);
    const screen = new Screen(t, commandOf(client, ['status', '--watch']), { columns: 200, environment });
    await eventually(() => screen.written.includes(reason));
    screen.written = '';
    screen.resize(90, 24);
    await eventually(() => screen.written.includes('…') && !screen.written.includes(reason));
    screen.type('\u0003');
    assert.equal(await screen.exitCode(), 130);
  }
});

test('a terminal that is held loses nothing of an answer, and what it follows is told as lost', async (t) => {
  const rig = await startBoth(t, new FakeEngine(anInstance('web')));
  const environment = environmentOf(rig, 'launcher');
  const screen = new Screen(t, commandOf('launcher', ['events', '--follow']), { environment });
  await eventually(() => rig.engine.listenerCount > 0);
  screen.hold();
  const message = 'x'.repeat(1_000);
  for (let count = 0; count < 20_000; count++)
    rig.engine.emit('engine_notice', { message: `${count} ${message}` });
  screen.release();
  rig.engine.emit('engine_notice', { message: 'the last' });
  await eventually(() => screen.written.includes('the last'));
  assert.match(screen.written, /too slow: \d+ events were lost/);
});
