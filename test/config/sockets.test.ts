import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, problemsOf } from '../support/config-ports.ts';

const WEB = '[processes.web]\ncmd = "x"\nsockets = ["http"]\n';
const socket = (lines: string): string => `[sockets.http]\n${lines}\n${WEB}`;

test('each spelling of an address is what it says', () => {
  const spellings = {
    '0.0.0.0:8080': { kind: 'tcp', host: '0.0.0.0', port: 8080 },
    '[::]:80': { kind: 'tcp', host: '::', port: 80 },
    'tcp:127.0.0.1:80': { kind: 'tcp', host: '127.0.0.1', port: 80 },
    'localhost:80': { kind: 'tcp', host: '127.0.0.1', port: 80 },
    'udp:127.0.0.1:53': { kind: 'udp', host: '127.0.0.1', port: 53 },
    'udp:[::1]:53': { kind: 'udp', host: '::1', port: 53 },
    'unix:/run/a.sock': { kind: 'stream', path: '/run/a.sock' },
    'unix-dgram:/run/a.sock': { kind: 'datagram', path: '/run/a.sock' },
    'unix-seqpacket:/run/../run/a.sock': { kind: 'seqpacket', path: '/run/a.sock' },
    'fifo:/run/a': { kind: 'fifo', path: '/run/a' },
  };
  for (const [spelling, address] of Object.entries(spellings)) {
    const loaded = load(socket(`listen = "${spelling}"`));
    assert.ok(loaded.ok, JSON.stringify(loaded));
    assert.deepEqual(loaded.config.sockets.get('http')?.address, address);
  }
});

const WRONG: readonly (readonly [lines: string, line: number, key: string, says: RegExp])[] = [
  [
    'listen = "/run/a.sock"',
    2,
    'sockets.http.listen',
    /write "unix:\/run\/a\.sock", or "fifo:\/run\/a\.sock"/,
  ],
  ['listen = "@name"', 2, 'sockets.http.listen', /abstract sockets .*; give a path/],
  ['listen = "unix:run/a.sock"', 2, 'sockets.http.listen', /an absolute path/],
  ['listen = "unxi:/run/a.sock"', 2, 'sockets.http.listen', /did you mean "unix:"/],
  ['listen = "example.org:80"', 2, 'sockets.http.listen', /host names are not looked up/],
  ['listen = "0.0.0.0"', 2, 'sockets.http.listen', /the port is missing/],
  [`listen = "unix:/${'x'.repeat(120)}"`, 2, 'sockets.http.listen', /121 bytes.*at most 107/s],
  ['listen = "[::]:80"\nmode = "0600"', 3, 'sockets.http.mode', /only for sockets with a path/],
  ['listen = "unix:/a"\nv6only = true', 3, 'sockets.http.v6only', /only for addresses with a port/],
  ['listen = "0.0.0.0:80"\nv6only = true', 3, 'sockets.http.v6only', /not an IPv6 one/],
  ['listen = "unix:/a"\nowner = "nobody-here"', 3, 'sockets.http.owner', /there is no user/],
  [
    'listen = "0.0.0.0:80"\n[sockets.more]\nlisten = "0.0.0.0:80"',
    4,
    'sockets.more.listen',
    /http listens there as well/,
  ],
];

for (const [lines, line, key, says] of WRONG) {
  test(`a wrong socket is named with its place: ${lines.replaceAll('\n', '; ').slice(0, 60)}`, () => {
    const [problem, ...more] = problemsOf(socket(lines));
    assert.deepEqual(more, []);
    assert.equal(problem?.line, line);
    assert.equal(problem?.key, key);
    assert.match(`${problem?.message} ${problem?.expected} ${problem?.hint}`, says);
  });
}

test('an unknown socket name gets a hint with the nearest one', () => {
  const [unknown] = problemsOf(
    `[sockets.http]\nlisten = "0.0.0.0:80"\n[processes.a]\ncmd = "x"\nsockets = ["htpp"]\n`,
  );
  assert.equal(unknown?.key, 'processes.a.sockets[0]');
  assert.equal(unknown?.hint, 'did you mean "http"?');
  const [twice] = problemsOf(socket('listen = "0.0.0.0:80"').replace('["http"]', '["http", "http"]'));
  assert.match(twice?.message ?? '', /"http" is there twice/);
});

test('the descriptor of notify_fd is none of the sockets', () => {
  const [problem] = problemsOf(`${socket('listen = "0.0.0.0:80"')}notify_fd = 3\n`);
  assert.equal(problem?.key, 'processes.web.notify_fd');
  assert.match(problem?.hint ?? '', /take a higher number/);
  assert.ok(load(`${socket('listen = "0.0.0.0:80"')}notify_fd = 4\n`).ok);
});

test('a socket that no process uses is a warning', () => {
  const loaded = load(`${socket('listen = "0.0.0.0:80"')}[sockets.spare]\nlisten = "0.0.0.0:81"\n`);
  assert.ok(loaded.ok);
  assert.match(loaded.config.warnings.join(), /sockets\.spare: no process uses it/);
});

const PROCESS: readonly (readonly [lines: string, key: string, says: RegExp])[] = [
  ['activate = true', 'processes.app.activate', /has no sockets.*add sockets = \["NAME"\]/],
  ['sockets = ["http"]\nidle_stop = "5m"', 'processes.app.idle_stop', /add activate = true/],
  [
    'sockets = ["http"]\nactivate = true\nidle_stop = "10ms"',
    'processes.app.idle_stop',
    /at least one second/,
  ],
  [
    'sockets = ["http"]\nactivate = true\ntype = "oneshot"\nidle_stop = "5m"',
    'processes.app.idle_stop',
    /a one-shot ends by itself/,
  ],
  [
    'sockets = ["http"]\nactivate = true\ntype = "oneshot"\n[processes.b]\ncmd = "x"\ndepends_on = {app = {condition = "completed"}}',
    'processes.b.depends_on.app',
    /listens again.*use condition = "started"/,
  ],
];

for (const [lines, key, says] of PROCESS) {
  test(`a wrong activation is named with its place: ${lines.replaceAll('\n', '; ').slice(0, 80)}`, () => {
    const http = '[sockets.http]\nlisten = "127.0.0.1:80"\n';
    const [problem, ...more] = problemsOf(`${http}[processes.app]\ncmd = "x"\n${lines}\n`);
    assert.deepEqual(more, []);
    assert.equal(problem?.key, key);
    assert.match(`${problem?.message} ${problem?.expected} ${problem?.hint}`, says);
  });
}

test('what [defaults] says of activation applies to the processes that have sockets', () => {
  const loaded = load(
    `[defaults]\nactivate = true\nidle_stop = "5m"\n${socket('listen = "127.0.0.1:80"')}[processes.b]\ncmd = "x"\n`,
  );
  assert.ok(loaded.ok, JSON.stringify(loaded));
  assert.deepEqual(loaded.config.processes.get('web')?.activation, { idleStopMs: 300_000 });
  assert.equal(loaded.config.processes.get('b')?.activation, undefined);
});
