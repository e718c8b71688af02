/** Programs that start with the first connection to a socket of theirs, and stop when nobody uses it. */

import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { EngineRun, freePort } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { runToEnd } from '../support/running-engine.ts';
import { wakeUpsWithin } from '../support/wake-ups.ts';

const ANY = join(import.meta.dirname, '../fixtures/passed-sockets.py');
const SLOW = { withinMs: 15_000 };

/** Sends a text over a socket of Python: Node has neither datagrams nor packets of Unix sockets. */
async function send(family: string, type: string, where: string, text: string): Promise<void> {
  const script = `import socket; s = socket.socket(socket.${family}, socket.${type}); s.connect(${where}); s.send(b"${text}\\n")`;
  const { code, stderr } = await runToEnd('python3', ['-c', script]);
  assert.equal(code, 0, stderr);
}

const KINDS: readonly {
  readonly kind: string;
  readonly listen: (port: number) => string;
  readonly use: (engine: EngineRun, port: number, text: string) => Promise<void> | void;
}[] = [
  {
    kind: 'TCP',
    listen: (port) => `127.0.0.1:${port}`,
    use: (_, port, text) => send('AF_INET', 'SOCK_STREAM', `("127.0.0.1", ${port})`, text),
  },
  {
    kind: 'UDP',
    listen: (port) => `udp:127.0.0.1:${port}`,
    use: (_, port, text) => send('AF_INET', 'SOCK_DGRAM', `("127.0.0.1", ${port})`, text),
  },
  {
    kind: 'Unix stream',
    listen: () => 'unix:{folder}/it',
    use: ({ folder }, _, text) => send('AF_UNIX', 'SOCK_STREAM', `"${folder}/it"`, text),
  },
  {
    kind: 'Unix datagram',
    listen: () => 'unix-dgram:{folder}/it',
    use: ({ folder }, _, text) => send('AF_UNIX', 'SOCK_DGRAM', `"${folder}/it"`, text),
  },
  {
    kind: 'Unix seqpacket',
    listen: () => 'unix-seqpacket:{folder}/it',
    use: ({ folder }, _, text) => send('AF_UNIX', 'SOCK_SEQPACKET', `"${folder}/it"`, text),
  },
  {
    kind: 'FIFO',
    listen: () => 'fifo:{folder}/it',
    use: ({ folder }, _, text) => appendFileSync(join(folder, 'it'), `${text}\n`),
  },
];

/** Prints what comes to its socket, and stops soon after the last client. */
const APP = `[processes.app]
cmd = ["python3", "${ANY}"]
sockets = ["it"]
activate = true
idle_stop = "1s"
healthcheck = {uptime = "10ms"}
stdout = "{folder}/out"
`;

for (const { kind, listen, use } of KINDS) {
  test(`a ${kind} socket starts its program, which is stopped when idle, and started again`, async (t) => {
    const port = await freePort();
    const engine = await new EngineRun(
      t,
      `[sockets.it]
listen = "${listen(port)}"
${APP}`,
    ).ready();
    const before = await engine.reaches('app', 'listening');
    assert.equal(before.pid, null);
    assert.match(before.reason ?? '', /^listens on it \(/);
    assert.equal(before.listening_on?.[0]?.socket, 'it');
    for (const round of [1, 2]) {
      await use(engine, port, `round ${round}`);
      await eventually(() => assert.match(engine.read('out'), new RegExp(`^it: round ${round}$`, 'm')), SLOW);
      const { incarnation, activated_by } = await engine.see('app');
      assert.deepEqual({ incarnation, activated_by }, { incarnation: round, activated_by: 'it' });
      await engine.reaches('app', 'listening', 15_000);
    }
    assert.match(engine.read('out'), /"nonblocking": false/);
    assert.doesNotMatch(engine.read('out'), /"nonblocking": true/);
    assert.match(engine.log, /"event":"process_activated".*"socket":"it"/);
    assert.match(engine.log, /nobody used its sockets for 1s \(idle_stop\)/);
    await engine.signal('SIGTERM');
    assert.equal(await engine.exitCode(), 0, engine.log);
  });
}

test('who stays connected keeps the program running', async (t) => {
  const port = await freePort();
  const engine = await new EngineRun(
    t,
    `[sockets.it]
listen = "127.0.0.1:${port}"
${APP}`,
  ).ready();
  await engine.reaches('app', 'listening');
  const status = await engine.shell('status', 'app');
  assert.match(status.stdout, /^app: listening since .* \(listens on it \(127\.0\.0\.1:\d+\)\)$/m);
  assert.equal(status.code, 0);
  const client = connect(port, '127.0.0.1');
  t.after(() => client.destroy());
  const { pid } = await engine.reaches('app', 'healthy', 15_000);
  assert.match((await engine.shell('why', 'app')).stdout, /^ {2}activated by: socket it$/m);
  await new Promise((done) => setTimeout(done, 2_500));
  assert.equal((await engine.see('app')).pid, pid, 'nobody stops what is in use');
  client.end();
  await engine.reaches('app', 'listening', 15_000);
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0, engine.log);
});

test('lighttpd, gunicorn and systemd-socket-proxyd start with the first request, and are back when it is idle', async (t) => {
  const [web, proxy] = [await freePort(), await freePort()];
  const activated = 'activate = true\nhealthcheck = {uptime = "10ms"}\n';
  const engine = new EngineRun(
    t,
    `[sockets.web]
listen = "127.0.0.1:${web}"
[sockets.proxy]
listen = "127.0.0.1:${proxy}"
[sockets.app]
listen = "unix:{folder}/app.sock"
[processes.web]
cmd = "lighttpd -D -f {folder}/lighttpd.conf"
sockets = ["web"]
idle_stop = "1s"
${activated}[processes.app]
cmd = "gunicorn --chdir {folder} app:application"
sockets = ["app"]
idle_stop = "1s"
${activated}[processes.proxy]
# Ends by itself.
cmd = "/lib/systemd/systemd-socket-proxyd --exit-idle-time=1s {folder}/app.sock"
sockets = ["proxy"]
${activated}`,
  );
  writeFileSync(
    join(engine.folder, 'app.py'),
    'def application(environ, start_response):\n  start_response("200 OK", [])\n  return [b"hello"]\n',
  );
  mkdirSync(join(engine.folder, 'www'));
  writeFileSync(join(engine.folder, 'www/index.html'), 'a page');
  writeFileSync(
    join(engine.folder, 'lighttpd.conf'),
    `server.systemd-socket-activation = "enable"\nserver.document-root = "${engine.folder}/www"\nindex-file.names = ("index.html")\n`,
  );
  await engine.ready();
  const names = ['web', 'app', 'proxy'];
  for (const incarnation of [1, 2]) {
    for (const name of names) await engine.reaches(name, 'listening', 20_000);
    for (const [port, text] of [
      [proxy, 'hello'],
      [web, 'a page'],
    ] as const) {
      const { stdout, stderr } = await runToEnd('curl', [
        '-sS',
        '--max-time',
        '20',
        `http://127.0.0.1:${port}/`,
      ]);
      assert.equal(stdout, text, `${stderr}\n${engine.log}`);
    }
    for (const name of names) assert.equal((await engine.see(name)).incarnation, incarnation);
  }
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0, engine.log);
});

test('a connection that no start can serve goes through the restart policy to its end, and is not refused', async (t) => {
  const port = await freePort();
  const engine = await new EngineRun(
    t,
    `[sockets.it]
listen = "127.0.0.1:${port}"
[processes.app]
cmd = "sh -c 'echo start >>{folder}/starts; exit 3'"
sockets = ["it"]
activate = true
autorestart = "on-failure:3"
backoff = {base = "100ms"}
[processes.other]
cmd = "sleep 1000"
`,
  ).ready();
  await engine.reaches('app', 'listening');
  const client = connect(port, '127.0.0.1');
  t.after(() => client.destroy());
  let hasFailed = false;
  client.on('error', () => {
    hasFailed = true;
  });
  const { reason } = await engine.reaches('app', 'failed');
  assert.match(reason ?? '', /exited with code 3, after 3 restarts in a row/);
  assert.equal(engine.read('starts'), 'start\n'.repeat(4));
  assert.equal(hasFailed, false);
  assert.equal(engine.log.split('"event":"process_activated"').length, 5, engine.log);
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0, engine.log);
});

const QUIET_MS = 3_000;

test('an engine that listens for 100 programs sleeps, also while a connection waits that nobody serves', async (t) => {
  const sockets = Array.from(
    { length: 100 },
    (_, index) =>
      `[sockets.s${index}]\nlisten = "unix:{folder}/s${index}"\n[processes.p${index}]\ncmd = "sleep 1000"\nsockets = ["s${index}"]\nactivate = true\n`,
  );
  const engine = await new EngineRun(
    t,
    `${sockets.join('')}[sockets.none]\nlisten = "unix:{folder}/none"\n[processes.none]\ncmd = "/nonexistent"\nsockets = ["none"]\nactivate = true\n`,
  ).ready();
  await engine.reaches('p99', 'listening');
  const client = connect(join(engine.folder, 'none')).on('error', () => {});
  t.after(() => client.destroy());
  await engine.reaches('none', 'failed');
  const pid = await engine.enginePid();
  // What follows the last command takes a moment.
  await eventually(
    async () => {
      const woken = await wakeUpsWithin(pid, QUIET_MS);
      assert.equal(woken, 0, `${woken} wake-ups in ${QUIET_MS} ms`);
    },
    { withinMs: 60_000 },
  );
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0, engine.log);
});

test('without root too: a stop ends the wait, a start resumes it, and a reload moves it to another port', async (t) => {
  const [port, other] = [await freePort(), await freePort()];
  const config = (on: number): string => `[sockets.it]
listen = "127.0.0.1:${on}"
${APP}`;
  const uid = 65_534;
  const engine = await new EngineRun(t, config(port).replace(ANY, '{folder}/any.py'), { uid }).ready();
  copyFileSync(ANY, join(engine.folder, 'any.py'));
  await engine.reaches('app', 'listening');
  await engine.shell('stop', 'app', '--wait');
  const client = connect(port, '127.0.0.1', () => client.write('?')).on('error', () => {});
  t.after(() => client.destroy());
  await new Promise((done) => client.once('connect', done));
  assert.equal((await engine.see('app')).state, 'stopped');
  await engine.shell('start', 'app');
  const answer = await new Promise((done) => client.once('data', (text) => done(String(text))));
  assert.equal(answer, `${(await engine.see('app')).pid}\n`, 'it waited in the queue');
  client.destroy();
  await engine.reaches('app', 'listening');
  engine.configure(config(other).replace(ANY, '{folder}/any.py'));
  assert.equal((await engine.shell('reload')).code, 0, engine.log);
  assert.equal((await engine.see('app')).listening_on?.[0]?.address, `127.0.0.1:${other}`);
  await assert.rejects(
    new Promise((done, fail) => connect(port, '127.0.0.1').once('connect', done).once('error', fail)),
    /ECONNREFUSED/,
  );
  await send('AF_INET', 'SOCK_STREAM', `("127.0.0.1", ${other})`, 'moved');
  await eventually(() => assert.match(engine.read('out'), /^it: moved$/m), SLOW);
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0, engine.log);
});
