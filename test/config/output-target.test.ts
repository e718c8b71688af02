import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadGood } from '../support/config-ports.ts';

const warningsOf = (stdout: string): readonly string[] =>
  loadGood(`[processes.web]\ncmd = "web"\nstdout = ${stdout}\n`).warnings;

test('what only a regular file has is pointed out for a device or a stream', () => {
  const [time, size, ...others] = warningsOf('{file = "/dev/stdout", timestamps = true, max_size = "1MB"}');
  assert.match(
    time ?? '',
    /:3: processes\.web\.stdout\.timestamps: timestamps has no effect on \/dev\/stdout, which is not a regular file; with \[engine\.log\] output = "json" each line has its time$/,
  );
  assert.match(size ?? '', /max_size has no effect on \/dev\/stdout, which is not a regular file$/);
  assert.deepEqual(others, []);
});

test('files, also those in memory, and a device alone are as they should be', () => {
  for (const stdout of [
    '{file = "/var/log/web.log", timestamps = true}',
    '{file = "/dev/shm/web.log", timestamps = true, max_size = "1MB"}',
    '{file = "/dev/stdout"}',
    '"/dev/stdout"',
  ])
    assert.deepEqual(warningsOf(stdout), [], stdout);
});
