import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { manPages } from '../../src/build/man-pages.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { referenceSections } from '../../src/config/reference.ts';
import { COMMANDS as KEYS } from '../../src/tui/model/commands.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const readme = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8');
const pages = new Map(manPages('1.2.3', readme).map(({ path, text }) => [path, text]));

/** As a reader sees it: no roff, on one line. */
function shown(path: string): string {
  const options = ['-T', 'utf8', '-O', 'width=200'];
  const text = execFileSync('mandoc', options, { input: pages.get(path) ?? '', encoding: 'utf8' });
  // Bold and underlined are overstruck.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is one
  return text.replaceAll(/.\u0008/g, '').replaceAll(/\s+/g, ' ');
}

test('mandoc finds nothing wrong with the manual', (t) => {
  assert.deepEqual([...pages.keys()].sort(), [
    'man1/taskboard.1',
    'man1/taskmaster.1',
    'man1/taskshell.1',
    'man5/taskmaster.toml.5',
  ]);
  const folder = temporaryFolder(t);
  for (const [path, text] of pages) {
    const file = join(folder, path.replace('/', '-'));
    writeFileSync(file, text);
    const { stdout } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', file], { encoding: 'utf8' });
    // There is none, so that the same sources give the same page.
    const found = stdout.split('\n').filter((line) => line !== '' && !line.includes('missing date'));
    assert.deepEqual(found, [], path);
  }
});

test('it tells every verb with its flags, every key of the board and of the configuration', () => {
  const taskshell = shown('man1/taskshell.1');
  for (const { verb, flags, isHidden, examples = [] } of COMMANDS) {
    if (isHidden === true) assert.doesNotMatch(taskshell, new RegExp(verb));
    else
      for (const word of [verb, ...flags.map(({ name }) => name)]) assert.ok(taskshell.includes(word), word);
    for (const [words] of examples) assert.ok(taskshell.includes(`taskshell ${words}`), words);
  }
  const taskboard = shown('man1/taskboard.1');
  for (const { title } of KEYS) assert.ok(taskboard.includes(title.replaceAll('`', '')), title);
  const configuration = shown('man5/taskmaster.toml.5');
  for (const { rows } of referenceSections())
    for (const { key } of rows) assert.ok(configuration.includes(` ${key} (`), key);
});

test('signals and exit codes are those of the README', () => {
  const taskmaster = shown('man1/taskmaster.1');
  assert.match(taskmaster, /RTMIN\+3 stop everything in order/);
  assert.match(taskmaster, /78 bad configuration, nothing was started/);
});
