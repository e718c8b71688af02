/** Sockets that the engine opens and passes to programs that others wrote. */

import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { AskingClients } from '../support/asking-client.ts';
import { EngineRun, freePort, shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { runToEnd } from '../support/running-engine.ts';

const FIXTURE = join(import.meta.dirname, '../fixtures/passed-socket.cjs');
const { O_NONBLOCK } = constants;
const RESTARTS = 100;
const RELOADS = 20;

async function stops(engine: EngineRun): Promise<void> {
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0, engine.log);
}

const IDLE_MS = 1_000;
/** Around the moment at which the program is stopped. */
const PAUSES = [980, 1_020, 1_060, 1_100, 1_140, 1_180, 1_220, 1_260];

for (const [kind, keys] of [
  ['a program', ''],
  ['an activated program', `activate = true\nidle_stop = "${IDLE_MS}ms"\nhealthcheck = {uptime = "10ms"}\n`],
] as const) {
  test(`a client in a loop sees no refused connection over 100 restarts and 20 reloads of ${kind}`, async (t) => {
    const port = await freePort();
    const config = (round: number): string =>
      `[sockets.http]
listen = "127.0.0.1:${port}"
[processes.web]
cmd = ["${process.execPath}", "${FIXTURE}"]
sockets = ["http"]
description = "round ${round}"
env = {ROUND = "${Math.floor(round / 2)}"}
${keys}`;
    const engine = await new EngineRun(t, config(0)).ready();
    const where = { host: '127.0.0.1', port };
    const clients = new AskingClients(where, 4);
    const answered = async (before: string): Promise<void> => {
      await eventually(async () => assert.notEqual(clients.last, before, engine.log), { withinMs: 20_000 });
    };
    await answered('');
    for (let round = 1; round <= RESTARTS; round += 1) {
      const before = clients.last;
      assert.equal((await engine.shell('restart', 'web')).code, 0);
      await answered(before);
      if (round % (RESTARTS / RELOADS) !== 0) continue;
      engine.configure(config(round / (RESTARTS / RELOADS)));
      assert.equal((await engine.shell('reload')).code, 0, engine.log);
    }
    await clients.stop();
    const told = (some: AskingClients): string =>
      `${some.answers} answers, ${some.refused} refused, ${some.broken} broken, longest wait ${Math.round(some.longestMs)} ms`;
    console.log(`# ${kind}: ${RESTARTS} restarts, ${RELOADS} reloads: ${told(clients)}`);
    const { refused, broken } = clients;
    assert.deepEqual({ refused, broken }, { refused: 0, broken: 0 });
    if (keys !== '') {
      const { incarnation: first } = await engine.see('web');
      for (const pauseMs of PAUSES) {
        await new Promise((done) => setTimeout(done, pauseMs));
        const one = new AskingClients(where, 1);
        await one.stop();
        assert.equal(one.answers, 1, `after ${pauseMs} ms: ${told(one)}\n${engine.log}`);
      }
      const idleStops = (await engine.see('web')).incarnation - first;
      console.log(
        `# ${kind}: stopped ${idleStops} times because it was idle, as a client came; none was refused`,
      );
      assert.ok(idleStops > 0, engine.log);
    }
    await stops(engine);
  });
}

test('gunicorn and systemd-socket-proxyd serve what they are passed', async (t) => {
  const port = await freePort();
  const engine = new EngineRun(
    t,
    `[sockets.proxy]
listen = "127.0.0.1:${port}"
[sockets.app]
listen = "unix:{folder}/app.sock"
mode = "0660"
[processes.app]
cmd = "gunicorn --chdir {folder} app:application"
sockets = ["app"]
[processes.proxy]
cmd = "/lib/systemd/systemd-socket-proxyd {folder}/app.sock"
sockets = ["proxy"]
`,
  );
  const app =
    'def application(environ, start_response):\n  start_response("200 OK", [])\n  return [b"hello"]\n';
  writeFileSync(join(engine.folder, 'app.py'), app);
  await engine.ready();
  // The first request waits in both queues until gunicorn is up.
  const { stdout, stderr } = await runToEnd('curl', ['-sS', '--max-time', '20', `http://127.0.0.1:${port}/`]);
  assert.equal(stdout, 'hello', `${stderr}\n${engine.log}`);
  const path = join(engine.folder, 'app.sock');
  assert.equal(statSync(path).mode & 0o777, 0o660);
  await stops(engine);
  assert.equal(existsSync(path), false, 'the path is removed when the engine ends');
});

test('sockets of all kinds come in the order of the key, blocking, under their names', async (t) => {
  const port = await freePort();
  const engine = await new EngineRun(
    t,
    `[sockets.tcp]
listen = "127.0.0.1:${port}"
[sockets.udp]
listen = "udp:127.0.0.1:${port}"
[sockets.stream]
listen = "unix:{folder}/made/stream"
[sockets.datagram]
listen = "unix-dgram:{folder}/made/datagram"
[sockets.packets]
listen = "unix-seqpacket:{folder}/made/packets"
[sockets.lines]
listen = "fifo:{folder}/made/lines"
[processes.one]
type = "oneshot"
sockets = ["lines", "udp", "packets", "tcp", "datagram", "stream"]
${shellCommand('echo $LISTEN_FDNAMES $LISTEN_FDS; for fd in 3 4 5 6 7 8; do grep ^flags /proc/self/fdinfo/$fd; done; echo one >&3; read line <&3; echo read $line; test $LISTEN_PID = $$ && echo mine')}stdout = "{folder}/out"
[processes.same]
type = "oneshot"
autostart = false
sockets = ["tcp"]
cmd = "true"
`,
  ).ready();
  await engine.reaches('one', 'completed');
  const lines = engine.read('out').split('\n');
  assert.equal(lines[0], 'lines:udp:packets:tcp:datagram:stream 6');
  for (const line of lines.slice(1, 7)) {
    const flags = Number.parseInt(/^flags:\s+([0-7]+)$/.exec(line)?.[1] ?? '', 8);
    assert.equal(flags & O_NONBLOCK, 0, line);
  }
  assert.deepEqual(lines.slice(7), ['read one', 'mine', '']);
  await stops(engine);
});

test('a reload that cannot open a socket changes nothing, and says which and why', async (t) => {
  const [port, taken] = [await freePort(), await freePort()];
  const other = createServer().listen(taken, '127.0.0.1');
  t.after(() => other.close());
  const web = `[processes.web]\ncmd = ["${process.execPath}", "${FIXTURE}"]\nsockets = ["http"]\n`;
  const good = `[sockets.http]\nlisten = "127.0.0.1:${port}"\n${web}`;
  const engine = await new EngineRun(t, good).ready();
  const { pid } = await engine.reaches('web', 'healthy');
  engine.configure(
    `${good}env = {A = "1"}\n[sockets.more]\nlisten = "unix:{folder}/more"\n[sockets.taken]\nlisten = "127.0.0.1:${taken}"\n[sockets.away]\nlisten = "192.0.2.1:80"\n`,
  );
  const { code, stderr, stdout } = await engine.shell('reload');
  assert.equal(code, 6);
  const said = stdout + stderr;
  assert.match(
    said,
    /tm\.toml:\d+.*sockets\.taken: cannot listen on 127\.0\.0\.1:\d+: another program listens on this port/,
  );
  assert.match(said, /sockets\.away: cannot listen on 192\.0\.2\.1:80: no interface has this address/);
  assert.equal(existsSync(join(engine.folder, 'more')), false, 'what was opened is closed again');
  assert.equal((await engine.see('web')).pid, pid);
  const clients = new AskingClients({ host: '127.0.0.1', port }, 1);
  await eventually(async () =>
    assert.equal(clients.refused + clients.broken + Math.min(1, clients.answers), 1),
  );
  await clients.stop();
  // A socket that is removed is closed, and one that is added is open before its process starts.
  engine.configure(good.replace('listen =', 'listen = "unix:{folder}/new" #'));
  assert.equal((await engine.shell('reload')).code, 0, engine.log);
  const moved = new AskingClients({ path: join(engine.folder, 'new') }, 1);
  await eventually(async () => assert.ok(moved.answers > 0), { withinMs: 10_000 });
  await moved.stop();
  assert.equal(moved.refused + moved.broken, 0);
  await stops(engine);
});

test('a stale socket is replaced, and a live one and a file are left alone', async (t) => {
  const engine = new EngineRun(
    t,
    `[sockets.stale]\nlisten = "unix:{folder}/stale"\n[processes.web]\ncmd = ["${process.execPath}", "${FIXTURE}"]\nsockets = ["stale"]\n`,
  );
  const stale = join(engine.folder, 'stale');
  const script = `import socket; s = socket.socket(socket.AF_UNIX); s.bind(${JSON.stringify(stale)})`;
  await runToEnd('python3', ['-c', script]);
  assert.ok(statSync(stale).isSocket());
  await engine.ready();
  await engine.reaches('web', 'healthy');
  for (const [name, prepare] of [
    ['live', async (path: string) => void createServer().listen(path).unref()],
    ['file', async (path: string) => writeFileSync(path, 'kept')],
  ] as const) {
    const path = join(engine.folder, name);
    await prepare(path);
    engine.configure(
      `[sockets.${name}]\nlisten = "unix:${path}"\n[processes.a]\ncmd = "sleep 1000"\nsockets = ["${name}"]\n`,
    );
    const { code, stdout, stderr } = await engine.shell('reload');
    assert.equal(code, 6, stdout);
    assert.match(
      stdout + stderr,
      new RegExp(`sockets\\.${name}: cannot listen on .*: something else is there`),
    );
    assert.ok(existsSync(path));
  }
  await stops(engine);
});

test('a link that a user put in place of a socket leads the engine nowhere', async (t) => {
  const engine = new EngineRun(
    t,
    `[sockets.own]\nlisten = "unix:{folder}/user/own"\nmode = "0600"\n[processes.web]\ncmd = ["${process.execPath}", "${FIXTURE}"]\nsockets = ["own"]\n`,
  );
  const folder = join(engine.folder, 'user');
  const victim = join(engine.folder, 'victim');
  mkdirSync(folder);
  writeFileSync(victim, 'kept');
  chmodSync(victim, 0o640);
  chownSync(folder, 1_000, 1_000);
  chmodSync(engine.folder, 0o755);
  await engine.ready();
  await engine.reaches('web', 'healthy');
  assert.equal(
    statSync(join(folder, 'own')).uid,
    1_000,
    'made with the rights of the owner of the directory',
  );
  symlinkSync(victim, join(folder, 'link'));
  symlinkSync(engine.folder, join(folder, 'away'));
  for (const [path, why] of [
    ['link', /something else is there/],
    ['away/new', /symbolic link that another user could have made/],
  ] as const) {
    engine.configure(
      `[sockets.other]\nlisten = "unix:{folder}/user/${path}"\nowner = 0\nmode = "0777"\n[processes.a]\ncmd = "sleep 1000"\nsockets = ["other"]\n`,
    );
    const { code, stdout, stderr } = await engine.shell('reload');
    assert.equal(code, 6, stdout);
    assert.match(stdout + stderr, why);
  }
  assert.equal(statSync(victim).mode & 0o777, 0o640);
  assert.equal(existsSync(join(engine.folder, 'new')), false);
  await stops(engine);
});

test('an engine that cannot open a socket starts nothing', async (t) => {
  const engine = new EngineRun(
    t,
    `[sockets.http]\nlisten = "unix:/proc/none/app.sock"\n[processes.web]\ncmd = "touch {folder}/started"\nsockets = ["http"]\n`,
  );
  assert.equal(await engine.exitCode(), 78);
  assert.match(engine.log, /sockets\.http: cannot listen on \/proc\/none\/app\.sock: .*ENOENT/);
  assert.equal(existsSync(join(engine.folder, 'started')), false);
});

test('the example docker/examples/socket is restarted without a refused or broken request, and starts on demand', async (t) => {
  const [port, reports] = [await freePort(), await freePort()];
  const example = join(import.meta.dirname, '../../docker/examples/socket');
  const config = readFileSync(join(example, 'tm.toml'), 'utf8');
  const env = {
    PORT: String(port),
    REPORTS_PORT: String(reports),
    REPORTS_IDLE: '1s',
    APP: example,
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const engine = await new EngineRun(t, config, { env }).ready();
  const ask = (of = port): ReturnType<typeof runToEnd> =>
    runToEnd('curl', ['-sS', '--max-time', '20', `http://127.0.0.1:${of}/`]);
  const first = (await ask()).stdout;
  assert.match(first, /^hello from \d+\n$/);
  let isOver = false;
  const answers: string[] = [];
  const client = (async () => {
    while (!isOver) {
      const { code, stdout, stderr } = await ask();
      assert.equal(code, 0, stderr);
      answers.push(stdout);
    }
  })();
  for (let round = 0; round < 3; round += 1) {
    const before = answers.at(-1) ?? first;
    await engine.shell('restart', 'app');
    await eventually(() => assert.notEqual(answers.at(-1) ?? before, before), { withinMs: 20_000 });
  }
  isOver = true;
  await client;
  await engine.reaches('reports', 'listening');
  assert.match((await ask(reports)).stdout, /^hello from \d+\n$/);
  await engine.reaches('reports', 'healthy');
  await engine.reaches('reports', 'listening');
  await stops(engine);
});
