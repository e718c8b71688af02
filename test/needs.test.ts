import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { NEEDS, needsOf } from './support/needs.ts';

const files = globSync('**/*.test.ts', { cwd: import.meta.dirname });

test('every row of what tests need is about a file or a room that is there', () => {
  for (const { what } of NEEDS)
    assert.ok(
      files.some((file) => file === `${what}.test.ts` || file.startsWith(`${what}/`)),
      what,
    );
});

test('most files need nothing, and what needs Docker needs root', () => {
  assert.ok(files.filter((file) => needsOf(file).length === 0).length > files.length / 2);
  for (const { needs } of NEEDS) assert.ok(!needs.includes('docker') || needs.includes('root'));
});
