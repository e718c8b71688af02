/** Processes of another user that attack the engine's work with their log files, as fast as they can. */

import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { compileFixture } from '../support/compile.ts';
import { EngineRun } from '../support/engine-run.ts';

const NOBODY = 65_534;
const RACE_MS = 4_000;
const SECRET = 'the secret of root\n';
const VICTIMS = ['victim', 'readable', 'closed/secret'];

interface Scene {
  /** Of nobody, as is the directory above it. */
  readonly logs: string;
  /** Of root; with files that only root may read. */
  readonly root: string;
}

function scene(t: TestContext): Scene {
  const base = mkdtempSync(join(tmpdir(), 'taskmaster-test-'));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  chmodSync(base, 0o755);
  const root = join(base, 'root');
  mkdirSync(join(root, 'closed'), { recursive: true });
  chmodSync(join(root, 'closed'), 0o700);
  for (const name of VICTIMS) {
    writeFileSync(join(root, name), SECRET, { mode: name === 'readable' ? 0o644 : 0o600 });
    utimesSync(join(root, name), 1, 1);
  }
  const above = join(base, 'var');
  const logs = join(above, 'log');
  mkdirSync(logs, { recursive: true });
  for (const folder of [above, logs]) chownSync(folder, NOBODY, NOBODY);
  return { logs, root };
}

const looksOf = ({ root }: Scene): unknown => [
  readdirSync(root).sort(),
  readdirSync(join(root, 'closed')),
  VICTIMS.map((name) => {
    const { uid, gid, mode, mtimeMs, size } = statSync(join(root, name));
    return [name, uid, gid, mode, mtimeMs, size, readFileSync(join(root, name), 'utf8')];
  }),
];

/** Of all files below that have one name; of compressed ones as they were before. Follows no link. */
function contentsBelow(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return contentsBelow(path);
    if (!entry.isFile() || statSync(path).nlink > 1) return [];
    const bytes = readFileSync(path);
    return [(bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString()];
  });
}

for (const [what, more] of [
  ['rotates', ''],
  ['rotates and compresses', ', compress = true'],
  ['makes files of root', ', compress = true, owner = "root", mode = "0600"'],
]) {
  test(`while the engine ${what}, no swap of names in its own directories gives a user more than it has`, async (t) => {
    const it = scene(t);
    const { path: racer, remove } = compileFixture('log-racer');
    t.after(remove);
    chmodSync(join(racer, '..'), 0o755);
    const before = looksOf(it);
    const engine = await new EngineRun(
      t,
      `[processes.racer]\ncmd = ["${racer}", "${it.logs}", "web.log", "${it.root}"]\nuser = "nobody"
stdout = { file = "${it.logs}/web.log", max_size = "4KB", max_files = 2${more} }
[processes.other]\ncmd = ["sh", "-c", "while :; do echo line; sleep 0.01; done"]\nstdout = "{folder}/other.log"\n`,
    ).ready();
    for (const until = performance.now() + RACE_MS; performance.now() < until; ) {
      await engine.signal('SIGUSR2');
      await engine.shell('restart', 'racer', '--no-wait');
    }
    const length = readFileSync(join(engine.folder, 'other.log')).length;
    await engine.signal('SIGTERM');
    assert.equal(await engine.exitCode(), 0);
    assert.deepEqual(looksOf(it), before);
    for (const text of contentsBelow(join(it.logs, '..'))) assert.doesNotMatch(text, /secret/);
    assert.ok(length > 0, 'the log of the other one is written');
    const reports = ['output_failed', 'output_restored', 'output_dropped'].flatMap((event) =>
      engine.events(event),
    );
    assert.ok(reports.length <= 30, `${reports.length} reports`);
  });
}
