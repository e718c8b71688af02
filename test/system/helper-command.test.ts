import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type HelperResult, runHelperCommand } from '../../src/system/helper-command.ts';
import { eventually } from '../support/eventually.ts';

/** Who was lent and given back. */
class Loans {
  readonly lent: number[] = [];
  readonly givenBack: number[] = [];
  lend(pid: number): () => void {
    this.lent.push(pid);
    return () => this.givenBack.push(pid);
  }
}

async function run(
  line: string,
  { input = '{}', timeoutMs = 10_000 } = {},
): Promise<HelperResult & { readonly loans: Loans }> {
  const loans = new Loans();
  const result = await runHelperCommand({ file: '/bin/sh', args: ['-c', line], input, timeoutMs }, loans);
  return { ...result, loans };
}

test('the input arrives on standard input, whole', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'taskmaster-helper-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const input = JSON.stringify({ event: 'process_exited', text: 'ü'.repeat(100_000) });
  const { passed, outcome } = await run(`cat > ${folder}/input`, { input });
  assert.deepEqual([passed, outcome], [true, 'exit code 0']);
  assert.equal(readFileSync(join(folder, 'input'), 'utf8'), input);
});

test('a command that does not read its input passes all the same', async () => {
  assert.equal((await run('exit 0', { input: 'x'.repeat(1_000_000) })).passed, true);
});

test('a failure says its exit code and what the command said', async () => {
  const { passed, outcome } = await run('echo no such channel >&2; exit 3');
  assert.deepEqual([passed, outcome], [false, 'exit code 3: no such channel']);
});

test('death by a signal is named', async () => {
  assert.equal((await run('kill -9 $$')).outcome, 'killed by SIGKILL');
});

test('a command that does not exist is a result, not an error, and nothing was lent', async () => {
  const loans = new Loans();
  const command = { file: '/nowhere/hook', args: [], input: '{}', timeoutMs: 1_000 };
  const { passed, outcome } = await runHelperCommand(command, loans);
  assert.equal(passed, false);
  assert.match(outcome, /^could not be started: .*ENOENT/);
  assert.deepEqual(loans.lent, []);
});

test('a command that no system can run is a result too', async () => {
  const command = { file: 'a\0b', args: [], input: '{}', timeoutMs: 1_000 };
  assert.match((await runHelperCommand(command, new Loans())).outcome, /^could not be started: /);
});

test('its pid is lent, and given back when Node has reported the exit', async () => {
  const { loans } = await run('exit 0');
  assert.equal(loans.lent.length, 1);
  assert.deepEqual(loans.givenBack, loans.lent);
});

test('when its time is over its whole group is killed, and nobody waits for who holds the pipe', async () => {
  const { passed, outcome, durationMs, loans } = await run('sleep 1000 & sleep 1000', { timeoutMs: 100 });
  assert.deepEqual([passed, outcome], [false, 'timed out after 0.1s and was killed']);
  assert.ok(durationMs < 2_000, `${durationMs} ms`);
  await eventually(() => assert.deepEqual(loans.givenBack, loans.lent));
  const group = -(loans.lent[0] ?? 0);
  await eventually(() => assert.throws(() => process.kill(group, 0), { code: 'ESRCH' }));
});

test('a grandchild that keeps the pipe open delays nothing once the command has ended', async (t) => {
  const { outcome, durationMs, loans } = await run('sleep 1000 & echo sorry >&2; exit 1');
  t.after(() => process.kill(-(loans.lent[0] ?? 0), 'SIGKILL'));
  assert.equal(outcome, 'exit code 1: sorry');
  assert.ok(durationMs < 2_000, `${durationMs} ms`);
});

test('of endless output the first 4 KiB are kept, and a full pipe stops nothing', async () => {
  const { outcome } = await run('head -c 10000000 /dev/zero | tr "\\0" x >&2; exit 1');
  assert.equal(outcome, `exit code 1: ${'x'.repeat(4_096)}`);
});

test("the launcher's note is not passed on, other variables are", async (t) => {
  process.env.TASKMASTER_INHERITED = 'nofile=1:1';
  process.env.TASKMASTER_SOCKET = '/run/x.sock';
  t.after(() => {
    delete process.env.TASKMASTER_INHERITED;
    delete process.env.TASKMASTER_SOCKET;
  });
  const { outcome } = await run('echo "[$TASKMASTER_INHERITED] $TASKMASTER_SOCKET" >&2; exit 1');
  assert.equal(outcome, 'exit code 1: [] /run/x.sock');
});
