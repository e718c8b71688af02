import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findIcuData, isKept } from '../../src/build/icu-data.ts';
import { COMMANDS } from '../../src/build/project.ts';
import { layReleaseFolder } from '../../src/build/release-folder.ts';
import { compileFixture } from '../support/compile.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = resolve(import.meta.dirname, '../..');
const DATE = new Date(1_700_000_000_000);
const MEBIBYTE = 1_048_576;

function releaseFolder(t: TestContext): string {
  const folder = join(temporaryFolder(t), 'taskmaster');
  layReleaseFolder(folder, DATE);
  return folder;
}

/** The archive before it is compressed: names, modes, times, owners and bytes. */
function packed(folder: string): string {
  const script = `tar --create --sort=name --format=ustar "$0" | sha256sum`;
  return execFileSync('sh', ['-c', script, 'taskmaster'], { cwd: resolve(folder, '..'), encoding: 'utf8' });
}

test('the same sources give the same release, wherever they are built', (t) => {
  const other = join(temporaryFolder(t), 'another-checkout');
  mkdirSync(other);
  for (const name of ['src', 'native', 'README.md', 'LICENSE', 'CHANGELOG.md', 'ARCHITECTURE.md']) {
    cpSync(join(root, name), join(other, name), { recursive: true });
  }
  for (const name of ['package.json', 'package-lock.json', 'binding.gyp', 'tsconfig.json', '.npmrc']) {
    cpSync(join(root, name), join(other, name));
  }
  symlinkSync(join(root, 'node_modules'), join(other, 'node_modules'));
  execFileSync('npm', ['run', '--silent', 'release', '--', '--folder'], {
    cwd: other,
    env: { ...process.env, SOURCE_DATE_EPOCH: String(DATE.getTime() / 1000) },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  assert.equal(packed(join(other, 'build/release/taskmaster')), packed(releaseFolder(t)));
});

test('the release runs, from wherever it lies, under each of its names', (t) => {
  const folder = releaseFolder(t);
  assert.deepEqual(readdirSync(join(folder, 'bin')), [...COMMANDS].sort());
  for (const name of COMMANDS) {
    const version = execFileSync(join(folder, 'bin', name), ['--version'], { encoding: 'utf8' });
    assert.match(version, /^taskmaster \d+\.\d+\.\d+\n$/, name);
  }
});

test('a signal that comes while the Node of the release starts waits for the engine; init does without it', (t) => {
  const folder = releaseFolder(t);
  const pending = compileFixture('signal-pending');
  t.after(pending.remove);
  const config = join(temporaryFolder(t), 'tm.toml');
  writeFileSync(config, `[engine]\nsocket = "${config}.sock"\n[processes.web]\ncmd = "sleep 1000"\n`);
  const program = join(folder, 'bin/taskmaster');
  const engine = spawnSync(pending.path, ['15', program, 'engine', 'start', config], { encoding: 'utf8' });
  assert.equal(engine.status, 0, engine.stderr);
  assert.match(engine.stderr, /received SIGTERM/);
  rmSync(join(folder, 'program/node'));
  assert.equal(spawnSync(program, ['init', '-s', '--', 'sh', '-c', 'exit 3']).status, 3);
});

test('the release stays small', (t) => {
  const folder = releaseFolder(t);
  const bytes = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
  assert.ok(bytes < 92 * MEBIBYTE, `${(bytes / MEBIBYTE).toFixed(1)} MiB`);
});

test('its Node speaks English, cuts text into what a reader sees, and knows the time zones, in any locale', (t) => {
  const node = join(releaseFolder(t), 'program/node');
  const program = `
    const seen = [...new Intl.Segmenter().segment('e\\u0301👨‍👩‍👧漢')].length;
    const time = new Date(0).toLocaleString('en-US', { timeZone: 'Asia/Tokyo' });
    const [upper, wide] = ['ﬁ'.normalize('NFKC'), new TextDecoder('utf-16le').decode(Buffer.from('a\\0'))];
    console.log(JSON.stringify([seen, time, upper, wide, typeof new Date(0).toLocaleString()]));`;
  for (const locale of ['C', 'de_DE.UTF-8', 'ja_JP.UTF-8']) {
    const env = { LC_ALL: locale, TZ: 'Europe/Berlin' };
    const output = execFileSync(node, ['-e', program], { encoding: 'utf8', env });
    assert.deepEqual(JSON.parse(output), [3, '1/1/1970, 9:00:00 AM', 'fi', 'a', 'string'], locale);
  }
});

test('of ICU’s data only what is kept is there, in the order it had', (t) => {
  const before = findIcuData(readFileSync(process.execPath)).items.map(({ name }) => name);
  const after = findIcuData(readFileSync(join(releaseFolder(t), 'program/node'))).items.map(
    ({ name }) => name,
  );
  assert.deepEqual(after, before.filter(isKept));
  for (const name of [
    'root.res',
    'en.res',
    'zoneinfo64.res',
    'brkitr/char.brk',
    'nfkc.nrm',
    'coll/root.res',
  ]) {
    assert.ok(
      after.some((kept) => kept.endsWith(`/${name}`)),
      name,
    );
  }
  for (const name of ['de.res', 'curr/ja.res', 'brkitr/thaidict.dict', 'ibm-943_P15A-2003.cnv']) {
    assert.ok(
      !after.some((kept) => kept.endsWith(`/${name}`)) && before.some((all) => all.endsWith(`/${name}`)),
      name,
    );
  }
});

test('the licence of everything that is carried goes with it', (t) => {
  const folder = releaseFolder(t);
  const names = readdirSync(join(folder, 'licences'));
  for (const name of [
    'node',
    'pino',
    'execa',
    '@iarna+toml',
    'ajv',
    'node-addon-api',
    'libstdc++6',
    'libc6',
  ]) {
    assert.ok(names.includes(`${name}.txt`), name);
  }
  for (const name of names)
    assert.match(readFileSync(join(folder, 'licences', name), 'utf8'), /licen[cs]e|permission/i, name);
});
