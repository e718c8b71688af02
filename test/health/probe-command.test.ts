import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import type { ProbeResult } from '../../src/health/probe.ts';
import { probeByCommand } from '../../src/health/probe-command.ts';
import { eventually } from '../support/eventually.ts';
import { hangingDisk } from '../support/hanging-disk.ts';
import { commandPorts, probeSubject, type SubjectChoices, shellProbe } from '../support/probe-rig.ts';

const NEVER = new AbortController().signal;

function ask(
  t: TestContext,
  line: string,
  choices: SubjectChoices = {},
  signal = NEVER,
): Promise<ProbeResult> {
  return probeByCommand(shellProbe(line), commandPorts(t))(probeSubject(choices), signal);
}

/** A zombie is dead; who collects it is another matter. */
const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

test('a program that exits with 0 passes, and what it printed on both streams is kept', async (t) => {
  const result = await ask(t, 'echo good; echo and well >&2');
  assert.equal(result.passed, true);
  assert.equal(result.outcome, 'exited with code 0');
  assert.deepEqual(result.output.trimEnd().split('\n').sort(), ['and well', 'good']);
});

test('any other code fails', async (t) => {
  assert.deepEqual(await ask(t, 'exit 22'), { passed: false, outcome: 'exited with code 22', output: '' });
});

test('death by a signal fails', async (t) => {
  assert.equal((await ask(t, 'kill -SEGV $$')).outcome, 'killed by SIGSEGV');
});

test('the last words of fifty probes at once are all there', async (t) => {
  const ports = commandPorts(t);
  const results = await Promise.all(
    Array.from({ length: 50 }, (_, number) =>
      probeByCommand(shellProbe(`echo word ${number}`), ports)(probeSubject(), NEVER),
    ),
  );
  assert.deepEqual(
    results.map(({ output }) => output),
    Array.from({ length: 50 }, (_, number) => `word ${number}\n`),
  );
});

test('of much output the first 4 KiB are kept, and the program is not held up', async (t) => {
  const result = await ask(t, 'head -c 3000000 /dev/zero | tr "\\0" x; exit 7');
  assert.equal(result.outcome, 'exited with code 7');
  assert.equal(result.output, 'x'.repeat(4_096));
});

test('a program that is missing fails with the reason', async (t) => {
  const command = { kind: 'command', file: '/nowhere/probe', args: [] } as const;
  const result = await probeByCommand(command, commandPorts(t))(probeSubject(), NEVER);
  assert.equal(result.passed, false);
  assert.match(result.outcome, /nowhere\/probe.*no such file/i);
});

test('one that is held up before its program runs is given up when its time has passed', async (t) => {
  const disk = hangingDisk(t);
  disk.hang();
  const stop = new AbortController();
  const result = ask(t, 'exit 0', { spawn: { workingDirectory: disk.folder } }, stop.signal);
  stop.abort();
  const outcome = `cannot change directory to ${disk.folder}: no answer from the kernel`;
  assert.deepEqual(await result, { passed: false, outcome, output: '' });
});

test('it runs as the process does: user, groups, directory and environment', async (t) => {
  const identity = { userName: 'somebody', uid: 12_345, gid: 23_456, groups: [23_456, 34_567] };
  const environment = { clear: false, set: { PROBE_WORD: 'set' } };
  const spawn = { identity, environment, workingDirectory: '/usr' };
  const { output } = await ask(t, 'echo $(id -u) $(id -g) $(id -G) $(pwd) $PROBE_WORD', { spawn });
  assert.equal(output, '12345 23456 23456 34567 /usr set\n');
});

test('when it is called off its whole group is killed, other users included, and nobody waits for its pipes', async (t) => {
  const stop = new AbortController();
  const identity = { userName: 'somebody', uid: 12_345, gid: 12_345, groups: [12_345] };
  const pids: number[] = [];
  const ports = commandPorts(t);
  let printed = '';
  const { readPipe } = ports;
  const watching = {
    ...ports,
    readPipe: (fd: number, onData: (bytes: Uint8Array) => void) =>
      readPipe(fd, (bytes) => {
        printed += Buffer.from(bytes).toString();
        onData(bytes);
      }),
  };
  const line = 'sleep 1000 & echo $$ $!; trap "" TERM; wait';
  const result = probeByCommand(shellProbe(line), watching)(
    probeSubject({ spawn: { identity } }),
    stop.signal,
  );
  await eventually(() => assert.match(printed, /^\d+ \d+\n$/));
  pids.push(...printed.trim().split(' ').map(Number));
  stop.abort();
  assert.equal((await result).outcome, 'killed by SIGKILL');
  await eventually(() => assert.deepEqual(pids.filter(isAlive), []));
});

test('a probe that left for a session of its own is killed as well, with nothing left in its environment', async (t) => {
  const stop = new AbortController();
  const ports = commandPorts(t);
  const { readPipe } = ports;
  let printed = '';
  const watching = {
    ...ports,
    readPipe: (fd: number, onData: (bytes: Uint8Array) => void) =>
      readPipe(fd, (bytes) => {
        printed += Buffer.from(bytes).toString();
        onData(bytes);
      }),
  };
  const line = `setsid env -i /bin/sh -c '(trap "" TERM HUP; setsid sh -c "echo \\$\\$; sleep 1000" &)'; sleep 1000`;
  const result = probeByCommand(shellProbe(line), watching)(probeSubject(), stop.signal);
  await eventually(() => assert.match(printed, /^\d+\n$/));
  stop.abort();
  await result;
  await eventually(() => assert.equal(isAlive(Number(printed)), false));
});

test('a probe by su is killed with what it runs, again and again', async (t) => {
  const ports = commandPorts(t);
  for (let round = 0; round < 10; round += 1) {
    const stop = new AbortController();
    const line = `exec su -s /bin/sh nobody -c "trap '' TERM; sleep 1234.${round}; :"`;
    const result = probeByCommand(shellProbe(line), ports)(probeSubject(), stop.signal);
    const running = (): readonly string[] =>
      readdirSync('/proc').filter(
        (pid) => /^\d+$/.test(pid) && commandLine(pid).startsWith(`sleep 1234.${round}`),
      );
    await eventually(() => assert.equal(running().length, 1));
    stop.abort();
    await result;
    await eventually(() => assert.deepEqual(running(), []));
  }
});

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

test('what a probe leaves running does not live on, and does not hold up its result', async (t) => {
  const { output, passed } = await ask(t, 'sleep 1000 & echo $!');
  assert.equal(passed, true);
  await eventually(() => assert.equal(isAlive(Number(output)), false));
});
