import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { type HelperPorts, type HelperResult, runHelperCommand } from '../../src/system/helper-command.ts';
import { takeInitRole } from '../../src/system/init-role.ts';
import { LinuxKernel } from '../../src/system/kernel.ts';
import { native } from '../../src/system/native.ts';
import { Reaper } from '../../src/system/reaper.ts';
import { compileFixture } from '../support/compile.ts';
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

const addon = native();
const reaper = new Reaper(addon);
const role = takeInitRole(addon);
after(() => reaper.stop());

function ports(loans: Loans): HelperPorts {
  // Node collects its own: the reaper of the kernel must know who is lent, no matter who asks for it.
  const lend = (pid: number): (() => void) => {
    const giveBack = reaper.lend(pid);
    const returned = loans.lend(pid);
    return () => {
      giveBack();
      returned();
    };
  };
  return { reaper: { lend }, kernel: new LinuxKernel({ addon, reaper, role, openFiles: undefined }) };
}

async function run(
  line: string,
  { input = '{}', timeoutMs = 10_000 } = {},
): Promise<HelperResult & { readonly loans: Loans }> {
  const loans = new Loans();
  const result = await runHelperCommand(
    { file: '/bin/sh', args: ['-c', line], input, timeoutMs },
    ports(loans),
  );
  return { ...result, loans };
}

test('the input arrives on standard input, whole', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'taskmaster-helper-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const input = JSON.stringify({ event: 'process_exited', text: 'ü'.repeat(100_000) });
  const { passed, outcome } = await run(`cat > ${folder}/input`, { input });
  assert.deepEqual([passed, outcome], [true, 'exited with code 0']);
  assert.equal(readFileSync(join(folder, 'input'), 'utf8'), input);
});

test('a command that does not read its input passes all the same', async () => {
  assert.equal((await run('exit 0', { input: 'x'.repeat(1_000_000) })).passed, true);
});

test('a failure says its exit code and what the command said', async () => {
  const { passed, outcome } = await run('echo no such channel >&2; exit 3');
  assert.deepEqual([passed, outcome], [false, 'exited with code 3: no such channel']);
});

test('death by a signal is named', async () => {
  assert.equal((await run('kill -9 $$')).outcome, 'killed by SIGKILL');
});

test('a command that does not exist is a result, not an error, and nothing was lent', async () => {
  const loans = new Loans();
  const command = { file: '/nowhere/hook', args: [], input: '{}', timeoutMs: 1_000 };
  const { passed, outcome } = await runHelperCommand(command, ports(loans));
  assert.equal(passed, false);
  assert.match(outcome, /^could not be started: .*ENOENT/);
  assert.deepEqual(loans.lent, []);
});

test('a command that no system can run is a result too', async () => {
  const command = { file: 'a\0b', args: [], input: '{}', timeoutMs: 1_000 };
  assert.match((await runHelperCommand(command, ports(new Loans()))).outcome, /^could not be started: /);
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

test('what left for a session of its own ends with the time, whether the command had ended before or not', async () => {
  const line = (end: string) =>
    `env -i setsid sh -c 'setsid sh -c "echo \\$\\$ >&2; trap \\"\\" TERM; sleep 1000; :" & sleep 0.2'; ${end}`;
  for (const end of ['sleep 1000', 'exit 1']) {
    const { outcome } = await run(line(end), { timeoutMs: 700 });
    assert.match(outcome, end === 'exit 1' ? /^exited with code 1: \d+$/ : /timed out.*: \d+$/);
    const pid = Number(outcome.split(': ')[1]);
    await eventually(() => assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' }));
  }
});

test('it inherits no descriptor but the standard streams, not even high ones from before the engine', async () => {
  const script = `
    import { runHelperCommand } from '${resolve(import.meta.dirname, '../../src/system/helper-command.ts')}';
    import { LinuxKernel } from '${resolve(import.meta.dirname, '../../src/system/kernel.ts')}';
    import { native } from '${resolve(import.meta.dirname, '../../src/system/native.ts')}';
    import { Reaper } from '${resolve(import.meta.dirname, '../../src/system/reaper.ts')}';
    const addon = native();
    const reaper = new Reaper(addon);
    const kernel = new LinuxKernel({ addon, reaper, role: 'subreaper', openFiles: undefined });
    const command = { file: 'bash', args: ['-c', 'echo /proc/$$/fd/* >&2; exit 1'], input: '', timeoutMs: 9000 };
    console.log((await runHelperCommand(command, { reaper, kernel })).outcome);
    process.exit();
  `;
  // A gap after the first, so that what looks for inherited descriptors one by one stops there.
  const line = 'exec 9</dev/null 77</dev/null 201</dev/null; exec "$0" --input-type=module -e "$1"';
  const { stdout } = await promisify(execFile)('bash', ['-c', line, process.execPath, script]);
  const open = [...stdout.matchAll(/\/fd\/(\d+)/g)].map(([, fd]) => Number(fd));
  // By 3 the shell itself reads the folder.
  assert.deepEqual(open, [0, 1, 2, 3], stdout);
});

test('a grandchild that keeps the pipe open delays nothing once the command has ended', async (t) => {
  const { outcome, durationMs, loans } = await run('sleep 1000 & echo sorry >&2; exit 1');
  t.after(() => process.kill(-(loans.lent[0] ?? 0), 'SIGKILL'));
  assert.equal(outcome, 'exited with code 1: sorry');
  assert.ok(durationMs < 2_000, `${durationMs} ms`);
});

test('of endless output the first 4 KiB are kept, and a full pipe stops nothing', async () => {
  const { outcome } = await run('head -c 10000000 /dev/zero | tr "\\0" x >&2; exit 1');
  assert.equal(outcome, `exited with code 1: ${'x'.repeat(4_096)}`);
});

test("the launcher's note is not passed on, other variables are", async (t) => {
  process.env.TASKMASTER_INHERITED = 'nofile=1:1';
  process.env.TASKMASTER_SOCKET = '/run/x.sock';
  t.after(() => {
    delete process.env.TASKMASTER_INHERITED;
    delete process.env.TASKMASTER_SOCKET;
  });
  const { outcome } = await run('echo "[$TASKMASTER_INHERITED] $TASKMASTER_SOCKET" >&2; exit 1');
  assert.equal(outcome, 'exited with code 1: [] /run/x.sock');
});

test('a program can pass no descriptor over its standard error', async (t) => {
  const { path: sender, remove } = compileFixture('descriptor-sender');
  t.after(remove);
  const report = join(sender, '../report');
  await run(`exec ${sender} - 0 5 1 > ${report}`, { timeoutMs: 1_000 });
  assert.equal(readFileSync(report, 'utf8'), '0 of 5\n');
});
