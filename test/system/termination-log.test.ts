import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { writeTerminationMessage } from '../../src/system/termination-log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function file(t: TestContext): string {
  return join(temporaryFolder(t), 'termination-log');
}

test('a message replaces what the file holds', (t) => {
  const path = file(t);
  writeFileSync(path, 'of an earlier container, and longer');
  assert.equal(writeTerminationMessage(path, 'web ended'), undefined);
  assert.equal(readFileSync(path, 'utf8'), 'web ended');
});

test('a file that is not there is not made, and that is no failure', (t) => {
  const path = file(t);
  assert.equal(writeTerminationMessage(path, 'web ended'), undefined);
  assert.equal(existsSync(path), false);
});

test('a long message is cut at 4,096 bytes, between two characters', (t) => {
  const path = file(t);
  for (const start of ['', 'x', 'xx', 'xxx']) {
    writeFileSync(path, '');
    writeTerminationMessage(path, start + '🙂'.repeat(2_000));
    const written = readFileSync(path);
    assert.ok(written.length <= 4_096 && written.length > 4_088, `${written.length}`);
    assert.match(written.toString('utf8'), /^x*(🙂)+…$/u);
  }
  writeTerminationMessage(path, 'y'.repeat(4_096));
  assert.equal(readFileSync(path, 'utf8'), 'y'.repeat(4_096));
});

test('a FIFO without a reader, a directory and a missing folder fail at once, by their errno', (t) => {
  const path = file(t);
  execFileSync('mkfifo', [path]);
  assert.equal(writeTerminationMessage(path, 'web ended'), 'ENXIO');
  const folder = `${path}.d`;
  mkdirSync(folder);
  assert.equal(writeTerminationMessage(folder, 'web ended'), 'EISDIR');
  assert.equal(writeTerminationMessage(join(path, 'below'), 'web ended'), 'ENOTDIR');
});
