import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Script } from 'node:vm';
import { keepCompiledCode } from '../../src/build/code-cache.ts';
import { BUNDLE_END, BUNDLE_START, bundleLoader } from '../../src/load-bundle.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const dist = resolve(import.meta.dirname, '../../dist');

/** A folder of bundles, by name. */
function folderOf(t: TestContext, bundles: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder(t);
  for (const [name, code] of Object.entries(bundles))
    writeFileSync(join(folder, `${name}.cjs`), `${BUNDLE_START}${code}\n${BUNDLE_END}`);
  return folder;
}

test('a bundle finds its neighbours, Node’s own modules and its own folder', (t) => {
  const folder = folderOf(t, {
    one: `module.exports = { two: require('./two.cjs').value, sep: require('node:path').sep, __dirname, __filename };`,
    two: 'exports.value = 2;',
  });
  assert.deepEqual(bundleLoader(folder)('one'), {
    two: 2,
    sep: '/',
    __dirname: folder,
    __filename: join(folder, 'one.cjs'),
  });
});

test('a bundle runs once, however often it is asked for', (t) => {
  const load = bundleLoader(folderOf(t, { one: 'exports.started = Symbol();' }));
  assert.equal(load('one'), load('one'));
});

test('compiled code that V8 refuses is left aside: the bundle runs all the same', (t) => {
  const folder = folderOf(t, { one: 'exports.value = 1;' });
  writeFileSync(join(folder, 'one.cache'), 'from another version of V8');
  let compiled: Script | undefined;
  const load = bundleLoader(folder, (_name, script) => {
    compiled = script;
  });
  assert.deepEqual(load('one'), { value: 1 });
  assert.equal(compiled?.cachedDataRejected, true);
});

test('V8 takes the compiled code of every bundle that the build made', () => {
  const names = readdirSync(dist)
    .filter((file) => file.endsWith('.cjs') && file !== 'main.cjs')
    .map((file) => file.replace('.cjs', ''));
  assert.ok(names.length >= 5, String(names));
  // In a process of its own, with the flags that the launcher gives: they are part of what V8 compares.
  const program = `import { BUNDLE_END, BUNDLE_START, bundleLoader } from ${JSON.stringify(resolve(dist, '../src/load-bundle.ts'))};
    const refused = [];
    const load = bundleLoader(${JSON.stringify(dist)}, (name, script) => {
      if (script.cachedDataRejected !== false) refused.push(name);
    });
    for (const name of ${JSON.stringify(names)}) load(name);
    process.stdout.write(JSON.stringify(refused));`;
  const flags = [
    '--disable-sigusr1',
    '--v8-pool-size=1',
    '--no-warnings',
    '--min-semi-space-size=2',
    '--input-type=module',
  ];
  assert.equal(execFileSync(process.execPath, [...flags, '-e', program], { encoding: 'utf8' }), '[]');
});

test('the same bundles give the same compiled code, wherever they lie', (t) => {
  const root = resolve(dist, '..');
  const twin = temporaryFolder(t);
  execFileSync('cp', ['-a', ...['src', 'package.json', 'dist'].map((name) => join(root, name)), twin]);
  symlinkSync(join(root, 'node_modules'), join(twin, 'node_modules'));
  keepCompiledCode(twin, ['pino', 'execa', 'croner']);
  const caches = readdirSync(dist).filter((file) => file.endsWith('.cache'));
  assert.equal(caches.length, 7);
  for (const file of caches) {
    assert.ok(readFileSync(join(twin, 'dist', file)).equals(readFileSync(join(dist, file))), file);
  }
});
