import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NativeSpawnRequest } from '../../src/system/native.ts';
import { inheritedOpenFiles } from '../../src/system/spawn-limits.ts';
import { spawnProcess, translateRequest } from '../../src/system/spawn-process.ts';
import { type Particulars, spawnRequest } from '../support/spawn-request.ts';

const OUTSIDE = { soft: 1_024, hard: 524_288 };

function translated(particulars: Particulars, openFiles = OUTSIDE): NativeSpawnRequest {
  const result = translateRequest(spawnRequest({ file: 'web', ...particulars }), openFiles);
  assert.equal(result.kind, 'ready', JSON.stringify(result));
  return result.request;
}

function refusal(particulars: Particulars): { step: string; errno: string; message: string } {
  const result = translateRequest(spawnRequest({ file: 'web', ...particulars }), undefined);
  assert.equal(result.kind, 'failed');
  return result.failure;
}

test('argv begins with the file as given', () => {
  assert.deepEqual(translated({ args: ['-p', '80'] }).argv, ['web', '-p', '80']);
});

test("the engine's own variables are taken away, and what the configuration sets is laid over", () => {
  const request = translated({ environment: { clear: false, set: { TASKMASTER_NAME: 'web', A: 'b=c' } } });
  assert.deepEqual(request.unset, ['TASKMASTER_*']);
  assert.deepEqual(request.set, ['TASKMASTER_NAME=web', 'A=b=c']);
});

test('the limit of open files that came from outside is restored', () => {
  assert.deepEqual(translated({}).limits, [7, 1_024, 524_288]);
});

test('a limit of open files in the configuration stands alone', () => {
  const limits = [{ resource: 'nofile', soft: 64, hard: 128 }];
  assert.deepEqual(translated({ limits }).limits, [7, 64, 128]);
});

test('limits become triples of numbers, and unlimited is -1', () => {
  const limits = [
    { resource: 'core', soft: 0, hard: Number.POSITIVE_INFINITY },
    { resource: 'memlock', soft: 65_536, hard: 65_536 },
  ];
  assert.deepEqual(translated({ limits }).limits, [4, 0, -1, 8, 65_536, 65_536, 7, 1_024, 524_288]);
});

test('capabilities are known with and without their prefix', () => {
  const capabilities = ['CAP_NET_BIND_SERVICE', 'chown', 'checkpoint_restore'];
  assert.deepEqual(translated({ capabilities }).capabilities, [10, 0, 40]);
  assert.equal(translated({}).capabilities, undefined);
  assert.deepEqual(translated({ capabilities: [] }).capabilities, []);
});

test('streams become a descriptor, the null device or a pipe', () => {
  const request = translated({
    stdin: { kind: 'null' },
    stdout: { kind: 'pipe' },
    stderr: { kind: 'inherit', fd: 2 },
  });
  assert.deepEqual(request.descriptors, [-1, -2, 2]);
});

test('a resource or capability that does not exist is a failed step, not a wrong number', () => {
  assert.deepEqual(refusal({ limits: [{ resource: 'cores', soft: 1, hard: 1 }] }), {
    step: 'set limit',
    errno: 'EINVAL',
    message: 'cannot set limit cores: no such resource (setrlimit(2))',
  });
  assert.equal(refusal({ capabilities: ['CAP_FLY'] }).step, 'keep capabilities');
});

test('a NUL byte is refused: the kernel would cut the text off there without a word', () => {
  const cases: readonly Particulars[] = [
    { file: 'we\0b' },
    { args: ['--user=www\0--root'] },
    { environment: { clear: false, set: { NAME: 'a\0b' } } },
    { workingDirectory: '/srv\0/x' },
  ];
  for (const particulars of cases) assert.equal(refusal(particulars).errno, 'EINVAL');
});

test('descriptors that were not asked for are undefined, and a failure keeps its step', () => {
  const request = spawnRequest({ file: 'web' });
  const landlockVersion = () => 0;
  const spawn = () => ({ pid: 5, fds: [-1, 20, -1] as [number, number, number] });
  const child = spawnProcess({ spawn, landlockVersion }, request, { openFiles: undefined });
  assert.deepEqual(child, { kind: 'spawned', pid: 5, stdinFd: undefined, stdoutFd: 20, stderrFd: undefined });
  const failure = { step: 'change user', errno: 'EPERM', message: 'cannot change user to www: …' };
  assert.deepEqual(
    spawnProcess({ spawn: () => failure, landlockVersion }, request, { openFiles: undefined }),
    {
      kind: 'failed',
      failure,
    },
  );
});

test("the launcher's note is read, and what is no note changes nothing", () => {
  assert.deepEqual(inheritedOpenFiles('nofile=1024:524288,ignored=0,blocked=0'), OUTSIDE);
  const unlimited = { soft: Number.POSITIVE_INFINITY, hard: Number.POSITIVE_INFINITY };
  assert.deepEqual(inheritedOpenFiles('nofile=-1:-1,ignored=0,blocked=0'), unlimited);
  assert.deepEqual(inheritedOpenFiles('nofile=unlimited:unlimited'), unlimited);
  for (const note of [undefined, '', 'nofile=', 'nofile=12', 'nofile=a:b', 'xnofile=1:2'])
    assert.equal(inheritedOpenFiles(note), undefined, String(note));
});

const STREAMS = spawnRequest({ file: 'web' }).descriptors;

test('descriptors with a name are told to the program, and override what the configuration says of them', () => {
  const request = translated({
    environment: { clear: false, set: { LISTEN_FDS: '7', A: 'b' } },
    descriptors: [
      ...STREAMS,
      { target: 3, source: { kind: 'inherit', fd: 20 }, name: 'http' },
      { target: 4, source: { kind: 'inherit', fd: 21 }, name: 'https' },
      { target: 5, source: { kind: 'inherit', fd: 22 } },
    ],
  });
  assert.deepEqual(request.descriptors, [-1, -1, -1, 20, 21, 22]);
  assert.deepEqual(request.set, ['LISTEN_FDS=2', 'A=b', 'LISTEN_FDNAMES=http:https']);
  assert.deepEqual(request.pidVariables, ['LISTEN_PID']);
  assert.equal(translated({}).pidVariables, undefined);
});

test('descriptors with a gap, a bad name, or a terminal beyond the standard streams are refused', () => {
  const inherit = { kind: 'inherit', fd: 20 } as const;
  for (const wrong of [
    [{ target: 4, source: inherit }],
    [{ target: 3, source: { kind: 'terminal', size: { columns: 80, rows: 24 } } as const }],
    [{ target: 3, source: inherit, name: 'a:b' }],
    [{ target: 3, source: inherit, name: '' }],
    [
      { target: 3, source: inherit },
      { target: 4, source: inherit, name: 'http' },
    ],
  ])
    assert.equal(refusal({ descriptors: [...STREAMS, ...wrong] }).errno, 'EINVAL', JSON.stringify(wrong));
});
