/** A child on a pseudo-terminal of its own. */

import assert from 'node:assert/strict';
import { closeSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { ReadStream } from 'node:tty';
import type { NativeSpawnRequest } from '../../src/system/native.ts';
import { native } from '../../src/system/native.ts';
import { eventually } from '../support/eventually.ts';
import { collect, NEW_TERMINAL, nativeRequest, spawnChild, spawnFailure } from '../support/native-child.ts';
import { probe } from '../support/native-probe.ts';

const TERMINAL = {
  descriptors: [NEW_TERMINAL, NEW_TERMINAL, NEW_TERMINAL],
  columns: 100,
  rows: 30,
} as const satisfies Partial<NativeSpawnRequest>;
const WWW_DATA = { uid: 33, gid: 33, groups: [33] };

/** Runs dash on a terminal (bash would take an own one, were it not given one); `shown` is what it has printed. */
function onTerminal(t: TestContext, script: string, particulars: Partial<NativeSpawnRequest> = {}) {
  const child = spawnChild(nativeRequest(['/bin/sh', '-c', script], { ...TERMINAL, ...particulars }));
  const [writeFd, readFd] = child.fds;
  let hasEnded = false;
  t.after(() => {
    if (!hasEnded) process.kill(-child.pid, 'SIGKILL');
  });
  const stream = new ReadStream(readFd);
  let shown = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  const closed = new Promise<string>((resolve) => {
    let reason = 'end';
    stream.on('error', (error: NodeJS.ErrnoException) => {
      reason = error.code ?? '';
    });
    stream.on('close', () => resolve(reason));
  });
  return {
    pid: child.pid,
    writeFd,
    type: (keys: string) => writeSync(writeFd, keys),
    shows: (pattern: RegExp) => eventually(() => assert.match(shown, pattern)),
    /** To its end. @returns all that was shown. */
    async end(): Promise<string> {
      await collect(child.pid);
      hasEnded = true;
      assert.equal(await closed, 'EIO');
      closeSync(writeFd);
      return shown.replaceAll('\r\n', '\n');
    },
  };
}

test('all three streams are one terminal, the controlling one, of the size asked for', async (t) => {
  const script =
    'readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2 | sort -u; tty; stty size; echo own >/dev/tty; ps -o stat= -p $$';
  const shown = await onTerminal(t, script).end();
  const [link, name, size, own, state] = shown.split('\n');
  assert.match(name ?? '', /^\/dev\/pts\/\d+$/);
  assert.equal(link, name);
  assert.equal(size, '30 100');
  assert.equal(own, 'own');
  // Session leader, in the foreground.
  assert.match(state ?? '', /^[RS]s\+/);
});

test('it belongs to the user that the child becomes, who may open it by its name', async (t) => {
  const shown = await onTerminal(t, 'id -un; stat -c %U "$(tty)"; echo again >"$(tty)"', WWW_DATA).end();
  assert.equal(shown, 'www-data\nwww-data\nagain\n');
});

test('a child has its terminal and nothing else open, and the engine keeps what it was given', async (t) => {
  const before = readdirSync('/proc/self/fd').length;
  // 3 is the directory that ls reads.
  assert.equal(await onTerminal(t, 'exec ls /proc/self/fd').end(), '0  1  2  3\n');
  await eventually(() => assert.equal(readdirSync('/proc/self/fd').length, before));
});

test('a failed spawn leaves no terminal behind', () => {
  const before = readdirSync('/proc/self/fd').length;
  const failure = spawnFailure(nativeRequest(['/nowhere/program'], TERMINAL));
  assert.equal(failure.step, 'execute');
  assert.equal(readdirSync('/proc/self/fd').length, before);
});

for (const freeDescriptors of [0, 1, 2, 3]) {
  test(`a terminal for which ${freeDescriptors} descriptors are too few fails by its name, and leaves none open`, async () => {
    const { result, hasChildren } = await probe(
      { command: ['/bin/true'], useUpDescriptors: true, freeDescriptors, particulars: TERMINAL },
      'ulimit -n 64',
    );
    assert.deepEqual(result, {
      step: 'open terminal',
      errno: 'EMFILE',
      message: 'cannot open a pseudo-terminal: Too many open files',
    });
    assert.equal(hasChildren, false);
  });
}

test('Ctrl-C interrupts what is in the foreground', async (t) => {
  const terminal = onTerminal(t, 'trap "echo interrupted; exit" INT; sh -c "echo ready; exec sleep 100"');
  await terminal.shows(/ready/);
  terminal.type('\x03');
  assert.match(await terminal.end(), /interrupted\n$/);
});

test('a new size is told by SIGWINCH', async (t) => {
  const script = 'trap "stty size; exit" WINCH; echo ready; while :; do sleep 0.02; done';
  const terminal = onTerminal(t, script);
  await terminal.shows(/ready/);
  assert.equal(native().resizeTerminal(terminal.writeFd, 120, 40), 0);
  assert.match(await terminal.end(), /40 120\n$/);
});

test('Backspace takes a whole character, and Ctrl-D is the end', async (t) => {
  const terminal = onTerminal(t, 'echo ready; while read -r line; do echo "<$line>"; done; echo over');
  await terminal.shows(/ready/);
  terminal.type('ü\x7fa\n');
  await terminal.shows(/<a>/);
  terminal.type('\x04');
  assert.match(await terminal.end(), /over\n$/);
});

test('the terminal of another session is nobody else’s: the engine gains none', async (t) => {
  const terminal = (): string | undefined =>
    readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ')[4];
  const before = terminal();
  await onTerminal(t, 'true').end();
  assert.equal(terminal(), before);
});

test('a size of what is no terminal is an error, not a crash', () => {
  assert.notEqual(native().resizeTerminal(-1, 80, 24), 0);
});
