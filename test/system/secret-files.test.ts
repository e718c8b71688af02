import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSecrets } from '../../src/system/secret-files.ts';
import { translateRequest } from '../../src/system/spawn-process.ts';
import { spawnRequest } from '../support/spawn-request.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const READ: readonly (readonly [string, string, string])[] = [
  ['a line', 'hunter2\n', 'hunter2'],
  ['a line of Windows', 'hunter2\r\n', 'hunter2'],
  ['no newline', 'hunter2', 'hunter2'],
  ['two newlines, of which one is cut', 'hunter2\n\n', 'hunter2\n'],
  ['a text of several lines', '-----\nkey\n-----\n', '-----\nkey\n-----'],
  ['nothing', '', ''],
  ['64 KiB', 'x'.repeat(65_536), 'x'.repeat(65_536)],
];
for (const [what, content, value] of READ) {
  test(`${what} is read as it stands`, (t) => {
    const path = join(temporaryFolder(t), 'secret');
    writeFileSync(path, content);
    assert.deepEqual(readSecrets({ A: path }), { kind: 'read', values: [['A', value]] });
  });
}

const REFUSED: readonly (readonly [string, (path: string) => void, string, RegExp])[] = [
  ['a missing file', () => {}, 'ENOENT', /: there is no such file$/],
  ['a directory', (path) => mkdirSync(path), 'EISDIR', /: it is a directory$/],
  ['more than 64 KiB', (path) => writeFileSync(path, 'x'.repeat(65_537)), 'EFBIG', /larger than 64 KiB$/],
  ['a NUL byte', (path) => writeFileSync(path, 'hunter2\0'), 'EINVAL', /it has a NUL byte$/],
  ['what is no UTF-8', (path) => writeFileSync(path, Buffer.from([0x68, 0xff])), 'EILSEQ', /not UTF-8/],
];
for (const [what, make, errno, why] of REFUSED) {
  test(`${what} is a failure to spawn that may heal, and does not show what it read`, (t) => {
    const path = join(temporaryFolder(t), 'secret');
    make(path);
    const result = readSecrets({ DB_PASSWORD: path });
    assert.equal(result.kind, 'failed');
    assert.equal(result.failure.step, 'read secret');
    assert.equal(result.failure.errno, errno);
    assert.equal(result.failure.isPassing, true);
    assert.match(result.failure.message, why);
    assert.ok(result.failure.message.startsWith(`cannot read the secret DB_PASSWORD from ${path}: `));
    assert.doesNotMatch(result.failure.message, /hunter2/);
  });
}

test('the addon is given the value, once, in the place of a variable of the same name', (t) => {
  const path = join(temporaryFolder(t), 'secret');
  writeFileSync(path, 'hunter2\n');
  const environment = { clear: false, set: { A: '1', B: '2' }, secretFiles: { A: path } };
  const result = translateRequest(spawnRequest({ file: 'web', environment }), undefined);
  assert.ok(result.kind === 'ready');
  assert.deepEqual(result.request.set, ['B=2', 'A=hunter2']);
});
