/** Each statement of docs/security.md names the test that proves it. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const repository = resolve(import.meta.dirname, '..');
const page = readFileSync(join(repository, 'docs/security.md'), 'utf8');
/** `test/room/file.test.ts: "name"`, where the name is written as in the file. */
const PROOF = /`(test\/[\w/.-]+\.ts): "([^\n]+?)"`/g;

test('every test that the security page names exists', () => {
  const proofs = [...page.matchAll(PROOF)];
  assert.ok(proofs.length > 40, `${proofs.length} tests are named`);
  for (const [, file = '', name = ''] of proofs) {
    assert.ok(existsSync(join(repository, file)), file);
    const source = readFileSync(join(repository, file), 'utf8');
    const isThere = ["'", '"', '`'].some((quote) => source.includes(`test(${quote}${name}${quote}`));
    assert.ok(isThere, `${file} has no test "${name}"`);
  }
});

test('the security page names tests in no other form', () => {
  assert.equal(page.match(/test\/[\w/-]+\.test\.ts/g)?.length, [...page.matchAll(PROOF)].length + 1);
});

test('README and ARCHITECTURE.md lead to the security page', () => {
  for (const name of ['README.md', 'ARCHITECTURE.md'])
    assert.ok(readFileSync(join(repository, name), 'utf8').includes('(docs/security.md)'), name);
});
