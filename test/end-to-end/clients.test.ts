/** Clients of other users at the real engine, and a socket that goes. */

import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { EngineRun, shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { runToEnd, type ShellResult } from '../support/running-engine.ts';

const VIDEO = 44;
const STRANGER = 54_321;
const repository = resolve(import.meta.dirname, '../..');
const dist = join(repository, 'dist');

function anEngine(t: TestContext, engine: string, processes: string): Promise<EngineRun> {
  const run = new EngineRun(t, `[engine]\nsocket_mode = "0666"\n${engine}\n${processes}`);
  // Others must reach the socket to be turned away.
  chmodSync(run.folder, 0o755);
  return run.ready();
}

/** taskshell as somebody else. A checkout in somebody's home is out of others' reach: it is shown to them. */
function shellAs(uid: number, groups: string, run: EngineRun, ...words: string[]): Promise<ShellResult> {
  const shown = join(run.folder, 'shown');
  mkdirSync(shown, { recursive: true });
  const identity = `--reuid=${uid} --regid=${uid} ${groups}`;
  const script = `mount --bind '${repository}' '${shown}' && exec setpriv ${identity} '${shown}/dist/taskshell' "$@"`;
  return runToEnd('unshare', ['-m', '--', 'sh', '-c', script, 'sh', ...words, '--socket', run.socket]);
}

test('a group is granted by any of its members’ groups, and strangers are told why they are turned away', async (t) => {
  const run = await anEngine(
    t,
    `access.read = ["@${VIDEO}"]`,
    `[processes.web]\n${shellCommand('sleep 1000')}`,
  );
  const member = await shellAs(STRANGER, `--groups=${VIDEO}`, run, 'version');
  assert.equal(member.code, 0, JSON.stringify(member));
  const stranger = await shellAs(STRANGER, '--clear-groups', run, 'status');
  assert.equal(stranger.code, 4, stranger.stderr);
  assert.match(stranger.stderr, /uid 54321 has no access to this engine/);
});

test('a socket that is removed is there again, and the client says so until then', async (t) => {
  const run = await anEngine(t, '', `[processes.web]\n${shellCommand('sleep 1000')}`);
  rmSync(run.socket);
  await eventually(async () => assert.equal((await run.shell('version')).code, 0), { withinMs: 3_000 });
  rmSync(run.socket);
  mkdirSync(run.socket);
  const { code, stderr } = await run.shell('version');
  assert.equal(code, 1);
  assert.doesNotMatch(stderr, /no engine (has been started|seems to run)/);
  rmSync(run.socket, { recursive: true });
  await eventually(async () => assert.equal((await run.shell('version')).code, 0), { withinMs: 5_000 });
});

test('a line sent to a console leaves it open; the end of a pipe is no Ctrl-D for a terminal', async (t) => {
  const reads = shellCommand('while read line; do echo "got $line"; done; echo closed');
  const run = await anEngine(
    t,
    '',
    `[processes.console]\nstdin = "pipe"\nstdout = "{folder}/console.log"\n${reads}` +
      `[processes.window]\ntty = true\nstdout = "{folder}/window.log"\n${reads}`,
  );
  for (const name of ['console', 'window']) {
    await run.reaches(name, 'healthy');
    for (const word of ['one', 'two']) assert.equal((await run.shell('send', name, word)).code, 0);
    const file = join(run.folder, `${name}.log`);
    await eventually(() => assert.match(readFileSync(file, 'utf8'), /got one\r?\n(two\r?\n)?got two/));
    const piped = `printf 'three\\n' | timeout 1 '${dist}/taskshell' attach ${name} --stdin --keep-open --socket '${run.socket}'`;
    await runToEnd('sh', ['-c', piped]);
    await eventually(() => assert.match(readFileSync(file, 'utf8'), /got three/));
    assert.equal((await run.see(name)).state, 'healthy');
  }
  // Without --keep-open the end of our pipe is that of a pipe, but not of a terminal.
  for (const name of ['console', 'window']) {
    const piped = `printf 'four\\n' | timeout 1 '${dist}/taskshell' attach ${name} --stdin --socket '${run.socket}'`;
    await runToEnd('sh', ['-c', piped]);
  }
  await eventually(() => assert.match(run.read('console.log'), /closed/));
  assert.match(run.read('window.log'), /got four/);
  assert.doesNotMatch(run.read('window.log'), /closed/);
  assert.ok(existsSync(run.socket));
});
