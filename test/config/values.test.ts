import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutputTarget } from '../../src/config/resolved-config.ts';
import { outputTargetOfInstance } from '../../src/config/values/output-target.ts';
import { parseAutorestart } from '../../src/config/values/restart-policy.ts';
import { editDistance, nearestWord } from '../../src/nearest-word.ts';
import { parseDuration } from '../../src/units.ts';
import { loadGood, loadWeb, problemsOf } from '../support/config-ports.ts';

test('durations add up, whatever units they are put together from', () => {
  for (let days = 0; days < 3; days++) {
    for (let hours = 0; hours < 30; hours += 7) {
      for (let milliseconds = 0; milliseconds < 3_000; milliseconds += 499) {
        const text = `${days}d${hours}h${milliseconds}ms`;
        assert.equal(parseDuration(text), (days * 24 + hours) * 3_600_000 + milliseconds);
      }
    }
  }
});

test('the schema and the reader of durations agree on what is one', () => {
  for (const text of ['1', '1.5', '0', '1s', '1.5s', '1m30s', ' 2h ', '500ms', '1d1h1m1s1ms']) {
    assert.equal(
      loadWeb(`[processes.web]\ncmd = "x"\nstop_timeout = "${text}"\nkill_mode = "mixed"\n`).stop[0]?.waitMs,
      parseDuration(text),
    );
  }
});

test('on-failure with a number may be written in three ways', () => {
  for (const text of ['on-failure:5', 'on-failure[:5]']) {
    assert.deepEqual(parseAutorestart(text), { policy: 'on-failure', maxRestarts: 5 });
  }
  assert.deepEqual(parseAutorestart('on-failure:0'), { policy: 'on-failure', maxRestarts: 0 });
  assert.deepEqual(parseAutorestart('on-failure'), { policy: 'on-failure', maxRestarts: undefined });
  assert.equal(parseAutorestart('on-failure:'), undefined);
  assert.equal(parseAutorestart('sometimes'), undefined);
});

test('a base over the default max raises it', () => {
  const { backoff } = loadWeb('[processes.web]\ncmd = "x"\nbackoff = {base = "1m"}\n').restart;
  assert.equal(backoff.maxMs, 60_000);
});

const target = (path: string): OutputTarget => ({
  kind: 'file',
  path,
  maxSizeBytes: undefined,
  maxFiles: 5,
  compress: false,
});

test('who may read a log file is resolved to numbers', () => {
  const { stdout } = loadWeb(
    '[processes.web]\ncmd = "x"\nstdout = {file = "/log", mode = "0640", owner = "www", group = "video", rotate_every = "1d"}\n',
  );
  const access = { mode: 0o640, uid: 33, gid: 44 };
  assert.deepEqual(stdout, { ...target('/log'), rotateEveryMs: 86_400_000, access });
});

test('standard error may go where standard output goes, but not the other way round', () => {
  const { stderr } = loadWeb('[processes.web]\ncmd = "x"\nstderr = "stdout"\n');
  assert.deepEqual(stderr, { kind: 'stdout' });
  for (const value of ['stdout', 'stderr']) {
    const problems = problemsOf(`[processes.web]\ncmd = "x"\nstdout = "${value}"\n`);
    assert.equal(problems.length, 1, value);
  }
  const [hint] = problemsOf('[processes.web]\ncmd = "x"\nredirect_stderr = true\n');
  assert.match(hint?.hint ?? '', /stderr = "stdout"/);
});

test('streams that share a file and ask for different rules are warned of', () => {
  const warnings = (a: string, b: string) =>
    loadGood(`[processes.a]\ncmd = "x"\n${a}\n[processes.b]\ncmd = "x"\n${b}\n`).warnings;
  const small = '{file = "/log", max_size = "1MB"}';
  assert.match(
    String(warnings(`stdout = ${small}`, 'stdout = "/log"')),
    /b\.stdout: a writes to \/log as well/,
  );
  assert.match(
    String(warnings(`stdout = ${small}\nstderr = "/log"`, '')),
    /a\.stderr: stdout writes to \/log as well/,
  );
  for (const good of [small, '"/log"', '"stdout"', '"/log.%i"'])
    assert.deepEqual(warnings(`stdout = ${small}`, good === '"/log"' ? '' : `stderr = ${good}`), []);
});

test('a shared file has the same path for every instance, `%i` excepted', () => {
  const path = (file: string, instance: number) => {
    const { stdout } = loadWeb(
      `[processes.web]\ncmd = "x"\ninstances = 3\nstdout = {file = "${file}", shared = true, timestamps = true}\n`,
    );
    const target = outputTargetOfInstance(stdout, instance);
    assert.ok(target.kind === 'file' && target.hasTimestamps);
    return target.path;
  };
  assert.deepEqual([path('/log', 1), path('/log', 3), path('/log.%i', 3)], ['/log', '/log', '/log.3']);
});

test('no two instances write to the same file', () => {
  const paths: readonly (readonly [string, number, string])[] = [
    ['/log/web.log', 1, '/log/web.log'],
    ['/log/web.log', 2, '/log/web-2.log'],
    ['/log/web', 2, '/log/web-2'],
    ['/log.d/web', 3, '/log.d/web-3'],
    ['/log/%i/web-%i.log', 1, '/log/1/web-1.log'],
    ['/log/%i/web-%i.log', 12, '/log/12/web-12.log'],
    ['/dev/pts/0', 2, '/dev/pts/0'],
  ];
  for (const [path, instance, expected] of paths) {
    assert.deepEqual(outputTargetOfInstance(target(path), instance), target(expected));
  }
  assert.deepEqual(outputTargetOfInstance({ kind: 'inherit' }, 2), { kind: 'inherit' });
});

test('near words are found across one mistake in three letters, whatever their case', () => {
  assert.equal(editDistance('abcd', 'abdc'), 1);
  assert.equal(editDistance('kitten', 'sitting'), 3);
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(nearestWord('sotp', ['start', 'stop', 'status']), 'stop');
  assert.equal(nearestWord('WORKING_DIR', ['workingdir']), 'workingdir');
  assert.equal(nearestWord('banana', ['start', 'stop']), undefined);
  assert.equal(nearestWord('', ['a']), undefined);
  assert.equal(nearestWord('x'.repeat(100_000), ['x']), undefined);
});

test('tcp probes take a port, a host and port, and an address in brackets', () => {
  const probe = (tcp: string): unknown =>
    loadWeb(`[processes.web]\ncmd = "x"\nhealthcheck = {tcp = ${tcp}}\n`).health.probe;
  assert.deepEqual(probe('80'), { kind: 'tcp', host: '127.0.0.1', port: 80 });
  assert.deepEqual(probe('"80"'), { kind: 'tcp', host: '127.0.0.1', port: 80 });
  assert.deepEqual(probe('"db:5432"'), { kind: 'tcp', host: 'db', port: 5432 });
  assert.deepEqual(probe('"[::1]:5432"'), { kind: 'tcp', host: '::1', port: 5432 });
});
