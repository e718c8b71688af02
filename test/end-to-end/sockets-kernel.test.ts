/** What the kernel says of the sockets that the engine opens, and what it refuses. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { EngineRun, freePort } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { hangingDisk } from '../support/hanging-disk.ts';
import { runToEnd } from '../support/running-engine.ts';

const ANY = join(import.meta.dirname, '../fixtures/passed-sockets.py');
const DAEMON = 1;
const app = (sockets: readonly string[], more = ''): string =>
  `[processes.app]\ncmd = ["python3", "${ANY}"]\nsockets = ${JSON.stringify(sockets)}\nstdout = "{folder}/out"\n${more}`;

async function stops(engine: EngineRun): Promise<void> {
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0, engine.log);
}

test('owner, group, mode, backlog, reuse_port and v6only are as the kernel shows them', async (t) => {
  const ports = [await freePort(), await freePort(), await freePort(), await freePort()] as const;
  const engine = await new EngineRun(
    t,
    `[sockets.short]
listen = "127.0.0.1:${ports[0]}"
backlog = 7
[sockets.shared]
listen = "127.0.0.1:${ports[1]}"
reuse_port = true
[sockets.six]
listen = "[::]:${ports[2]}"
v6only = true
[sockets.both]
listen = "[::]:${ports[3]}"
[sockets.file]
listen = "unix:{folder}/file"
owner = ${DAEMON}
group = 3
mode = "0620"
[sockets.fifo]
listen = "fifo:{folder}/fifo"
owner = "daemon"
mode = "0640"
${app(['short', 'shared', 'six', 'both', 'file', 'fifo'])}`,
  ).ready();
  await eventually(() => assert.notEqual(engine.read('out'), ''), { withinMs: 15_000 });
  const most = Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
  const found = JSON.parse(engine.read('out').split('\n')[0] ?? '');
  const plain = { nonblocking: false, reuse_port: false, backlog: Math.min(4_096, most) };
  assert.deepEqual(found, {
    short: { ...plain, backlog: 7 },
    shared: { ...plain, reuse_port: true },
    six: { ...plain, v6only: true },
    both: { ...plain, v6only: false },
    file: { nonblocking: false },
    fifo: { nonblocking: false },
  });
  const fileOf = (name: string): readonly number[] => {
    const { uid, gid, mode } = statSync(join(engine.folder, name));
    return [uid, gid, mode & 0o777];
  };
  assert.deepEqual(fileOf('file'), [DAEMON, 3, 0o620]);
  assert.deepEqual(fileOf('fifo'), [DAEMON, 0, 0o640]);
  await stops(engine);
});

test('two processes on one socket share its connections, and one that is restarted costs none', async (t) => {
  const port = await freePort();
  const one = `cmd = ["python3", "${ANY}"]\nsockets = ["it"]\nstdout = "null"\n`;
  const engine = await new EngineRun(
    t,
    `[sockets.it]\nlisten = "127.0.0.1:${port}"\n[processes.a]\n${one}[processes.b]\n${one}`,
  ).ready();
  const pids = [(await engine.reaches('a', 'healthy')).pid, (await engine.reaches('b', 'healthy')).pid];
  const ask = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const client = connect(port, '127.0.0.1', () => client.write('?'));
      client.once('error', reject).once('data', (text) => {
        client.destroy();
        resolve(Number(text));
      });
    });
  const served = new Set<number>();
  await eventually(
    async () => {
      served.add(await ask());
      assert.deepEqual([...served].sort(), [...pids].sort());
    },
    { withinMs: 15_000 },
  );
  await engine.shell('stop', 'a', '--wait');
  for (let round = 0; round < 20; round += 1) assert.equal(await ask(), pids[1]);
  await stops(engine);
});

const PRIVILEGED = 871;

test('a privileged port is opened for a program without privileges', async (t) => {
  const engine = await new EngineRun(
    t,
    `[sockets.it]\nlisten = "127.0.0.1:${PRIVILEGED}"\n${app(['it'], 'user = "nobody"\n').replace('{folder}/out', '/dev/null')}`,
    { wrapper: ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'] },
  ).ready();
  const { pid } = await engine.reaches('app', 'healthy');
  const { stdout } = await engine.inside('sh', ['-c', `grep -E '^(Uid|CapEff)' /proc/${pid}/status`]);
  assert.match(stdout, /Uid:\s+65534.*\nCapEff:\s+0{16}/);
  await stops(engine);
});

test('an engine that may not open a port below 1024 says what it takes', async (t) => {
  const engine = new EngineRun(t, `[sockets.it]\nlisten = "127.0.0.1:${PRIVILEGED}"\n${app(['it'])}`, {
    wrapper: ['unshare', '--net'],
    uid: 65_534,
  });
  assert.equal(await engine.exitCode(), 78);
  assert.match(
    engine.log,
    /tm\.toml:\d+.*sockets\.it: cannot listen on 127\.0\.0\.1:871: ports below .*CAP_NET_BIND_SERVICE \(EACCES\)/,
  );
});

test('a directory that cannot be written is named, for a socket and for a FIFO', async (t) => {
  const engine = new EngineRun(
    t,
    `[sockets.file]\nlisten = "unix:{folder}/closed/it"\n[sockets.fifo]\nlisten = "fifo:{folder}/closed/fifo"\n${app(['file', 'fifo'])}`,
    { uid: 65_534 },
  );
  mkdirSync(join(engine.folder, 'closed'), { mode: 0o755 });
  assert.equal(await engine.exitCode(), 78);
  for (const name of ['file', 'fifo'])
    assert.match(
      engine.log,
      new RegExp(`sockets\\.${name}: cannot listen on \\S+: the directory does not permit it \\(EACCES\\)`),
    );
});

test('a disk that hangs below a socket or FIFO holds up neither the start nor a reload for long', async (t) => {
  const disk = hangingDisk(t);
  const port = await freePort();
  const good = `[sockets.it]\nlisten = "127.0.0.1:${port}"\n${app(['it'])}`;
  const engine = await new EngineRun(t, good).ready();
  const { pid } = await engine.reaches('app', 'healthy');
  disk.hang();
  engine.configure(
    `${good.replace('["it"]', '["it", "unix", "fifo"]')}[sockets.unix]\nlisten = "unix:${disk.folder}/it"\n[sockets.fifo]\nlisten = "fifo:${disk.folder}/fifo"\n`,
  );
  const startedAt = performance.now();
  const reload = engine.shell('reload');
  assert.equal((await engine.see('app')).pid, pid, 'others are answered meanwhile');
  const { code, stdout, stderr } = await reload;
  assert.equal(code, 6, stdout);
  for (const name of ['it', 'fifo'])
    assert.match(stdout + stderr, new RegExp(`cannot listen on ${disk.folder}/${name}: .*does not answer`));
  assert.ok(performance.now() - startedAt < 10_000, 'they are waited for together');
  await stops(engine);
});

test('a stale socket is replaced once the engine that holds its lock is gone, and no trace is left', async (t) => {
  const engine = await new EngineRun(t, '[processes.other]\ncmd = "sleep 1000"\n').ready();
  const [path, lock] = [join(engine.folder, 'it'), join(engine.folder, '.it.lock')];
  await runToEnd('python3', ['-c', `import socket; socket.socket(socket.AF_UNIX).bind("${path}")`]);
  const holder = spawn('flock', [lock, 'sh', '-c', 'echo locked; read -r _'], { stdio: 'pipe' });
  await once(holder.stdout, 'data');
  const stale = statSync(path).ctimeMs;
  engine.configure(`[sockets.it]\nlisten = "unix:{folder}/it"\n${app(['it'])}`);
  const reload = engine.shell('reload');
  await new Promise((done) => setTimeout(done, 500));
  assert.equal(statSync(path).ctimeMs, stale, 'nobody replaces it without the lock');
  holder.stdin.end('\n');
  assert.equal((await reload).code, 0, engine.log);
  await engine.reaches('app', 'healthy');
  assert.notEqual(statSync(path).ctimeMs, stale);
  assert.equal(existsSync(lock), false);
  await stops(engine);
  assert.equal(existsSync(path), false);
});

test('what has come to the path of a socket since is left alone at the end', async (t) => {
  const engine = await new EngineRun(t, `[sockets.it]\nlisten = "unix:{folder}/it"\n${app(['it'])}`).ready();
  const path = join(engine.folder, 'it');
  renameSync(path, `${path}.was`);
  writeFileSync(path, 'kept');
  chmodSync(path, 0o600);
  await stops(engine);
  assert.equal(readFileSync(path, 'utf8'), 'kept');
});
