/** Programs that start with the first connection to a socket of theirs, and stop when nobody uses it. */

import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { EngineRun, freePort } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { runToEnd } from '../support/running-engine.ts';

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

for (const { kind, listen, use } of KINDS) {
  test(`a ${kind} socket starts its program, which is stopped when idle, and started again`, async (t) => {
    const port = await freePort();
    const engine = await new EngineRun(
      t,
      `[sockets.it]
listen = "${listen(port)}"
[processes.app]
cmd = ["python3", "${ANY}"]
sockets = ["it"]
activate = true
idle_stop = "1s"
healthcheck = {uptime = "10ms"}
stdout = "{folder}/out"
`,
    ).ready();
    const before = await engine.reaches('app', 'listening');
    assert.equal(before.pid, null);
    assert.match(before.reason ?? '', /^waits for a connection to it \(/);
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

test('who stays connected keeps the program running, and one that waits to be accepted too', async (t) => {
  const port = await freePort();
  const engine = await new EngineRun(
    t,
    `[sockets.it]
listen = "127.0.0.1:${port}"
[processes.app]
cmd = ["python3", "${ANY}"]
sockets = ["it"]
activate = true
idle_stop = "1s"
healthcheck = {uptime = "10ms"}
stdout = "{folder}/out"
`,
  ).ready();
  await engine.reaches('app', 'listening');
  const client = connect(port, '127.0.0.1');
  t.after(() => client.destroy());
  const { pid } = await engine.reaches('app', 'healthy', 15_000);
  await new Promise((done) => setTimeout(done, 2_500));
  assert.equal((await engine.see('app')).pid, pid, 'nobody stops what is in use');
  client.end();
  await engine.reaches('app', 'listening', 15_000);
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0, engine.log);
});
