/** What the launcher does so that Node holds signals, who sees it, and where it cannot be done. */

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { compileFixture } from '../support/compile.ts';
import { EngineRun, shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = resolve(import.meta.dirname, '../..');
const taskmaster = join(root, 'dist/taskmaster');
const library = compileFixture('empty-library', ['-shared', '-fPIC']);
after(() => library.remove());

const FAULTS = [4, 5, 6, 7, 8, 11, 31];
const CHLD = 17;
const PROF = 27;
const LIBRARY_OWN = [32, 33];
const HELD = Array.from({ length: 64 }, (_, index) => index + 1).filter(
  (number) => ![...FAULTS, CHLD, PROF, ...LIBRARY_OWN, 9, 19].includes(number),
);

/** The numbers in a mask of proc_pid_status(5). */
function blockedIn(status: string): readonly number[] {
  const mask = BigInt(`0x${/^SigBlk:\s+(\w+)$/m.exec(status)?.[1] ?? ''}`);
  return Array.from({ length: 64 }, (_, index) => index + 1).filter(
    (number) => (mask >> BigInt(number - 1)) & 1n,
  );
}

/** What a Node would be given, told by a script in its place. */
function given(
  t: TestContext,
  words: readonly string[],
  preload?: string,
): { status: string; preload: string } {
  const folder = temporaryFolder(t);
  const node = join(folder, 'node');
  // Nothing but built-in commands: a shell blocks signals while it forks.
  const show = 'while read -r line; do case $line in SigBlk*) echo "$line" ;; esac; done </proc/$$/status';
  writeFileSync(node, `#!/bin/sh\n${show}\necho "\${LD_PRELOAD-unset}"\n`);
  chmodSync(node, 0o755);
  const env = {
    ...process.env,
    TASKMASTER_NODE: node,
    ...(preload === undefined ? {} : { LD_PRELOAD: preload }),
  };
  const [status = '', told = ''] = execFileSync(taskmaster, [...words], { encoding: 'utf8', env }).split(
    '\n',
  );
  return { status, preload: told };
}

test('Node gets every signal blocked but faults, SIGCHLD and those of libraries, for engine start alone', (t) => {
  const engine = given(t, ['engine', 'start']);
  assert.deepEqual(blockedIn(engine.status), HELD);
  assert.equal(engine.preload, join(root, 'dist/hold-signals.so'));
  for (const words of [['engine', 'check', 'x'], ['engine', 'stop'], ['status'], []]) {
    const other = given(t, words);
    assert.deepEqual(blockedIn(other.status), [], words.join(' '));
    assert.equal(other.preload, 'unset');
  }
});

test('what the user preloads stays, after ours', (t) => {
  assert.equal(
    given(t, ['engine', 'start'], library.path).preload,
    `${root}/dist/hold-signals.so:${library.path}`,
  );
});

for (const [what, preload] of [
  ['nothing', undefined],
  ['an empty list', ''],
  ['a library', library.path],
  ['two libraries', `${library.path}:${library.path}`],
] as const) {
  test(`processes and hooks find LD_PRELOAD as it was: ${what}; and no signal blocked or ignored`, async (t) => {
    const look =
      'printenv LD_PRELOAD || echo unset; grep -E "Sig(Blk|Ign)" /proc/self/status; env | grep -c hold';
    const hook = ['sh', '-c', `(${look}) > "$0"`, '{folder}/hook'];
    const env = preload === undefined ? {} : { LD_PRELOAD: preload };
    const hooks = `[engine.hooks]\non_started = ${JSON.stringify(hook).replaceAll('$', '$$$$')}\n`;
    const engine = new EngineRun(
      t,
      `[engine]\n${hooks}[processes.web]\n${shellCommand(`${look}; exec sleep 1000`)}`,
      { env },
    );
    const expected = `${preload ?? 'unset'}\nSigBlk:\t${'0'.repeat(16)}\nSigIgn:\t${'0'.repeat(16)}\n0\n`;
    await eventually(() => assert.equal(engine.stdout, expected));
    await eventually(() => assert.equal(engine.read('hook'), expected));
    await engine.ready();
    const { stdout } = await engine.shell('env', 'web');
    assert.doesNotMatch(stdout, /LD_PRELOAD/);
  });
}

test('once it runs, the engine’s main thread blocks nothing, and no thread a fault or a library’s signal', async (t) => {
  const engine = await new EngineRun(t, '[processes.web]\ncmd = "sleep 1000"\n').ready();
  const pid = await engine.enginePid();
  assert.deepEqual(blockedIn(readFileSync(`/proc/${pid}/status`, 'utf8')), []);
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const blocked = blockedIn(readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8'));
    assert.deepEqual(
      blocked.filter((number) => [...FAULTS, CHLD, ...LIBRARY_OWN].includes(number)),
      [],
    );
  }
});

test('without the library beside it the launcher starts Node all the same, and says nothing', async (t) => {
  const folder = temporaryFolder(t);
  const dist = join(folder, 'dist');
  cpSync(join(root, 'dist'), dist, { recursive: true });
  rmSync(join(dist, 'hold-signals.so'));
  symlinkSync(process.execPath, join(dist, 'node'));
  const config = join(folder, 'tm.toml');
  writeFileSync(
    config,
    `[engine]\nsocket = "${folder}/tm.sock"\n[processes.once]\ncmd = "true"\ntype = "oneshot"\n`,
  );
  const child = spawn(join(dist, 'taskmaster'), ['engine', 'start', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  const code = await new Promise((done) => child.once('close', done));
  assert.equal(code, 0);
  assert.doesNotMatch(told, /^[^{\n]/m);
});
