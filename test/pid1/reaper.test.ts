import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { after, test } from 'node:test';
import { compileFixture } from '../support/compile.ts';
import { eventually } from '../support/eventually.ts';
import { PidNamespace } from '../support/pid-namespace.ts';

const engine = resolve(import.meta.dirname, '../fixtures/pid1-kernel.ts');
const orphans = compileFixture('orphans');
after(() => orphans.remove());

function asPid1(...words: readonly string[]): PidNamespace {
  return new PidNamespace([process.execPath, engine, ...words]);
}

async function reportOf(pid1: PidNamespace): Promise<Record<string, unknown>> {
  const [line] = await pid1.printed(/^\{.*\}$/m, 30_000);
  return JSON.parse(line) as Record<string, unknown>;
}

for (const count of [1_000, 20_000]) {
  test(`${count} orphans at once are collected by PID 1, and no zombie is left`, async (t) => {
    const pid1 = asPid1('--stay', orphans.path, String(count));
    t.after(() => pid1.destroy());
    const { status } = await reportOf(pid1);
    assert.deepEqual(status, { how: 'exited', code: 0 }, pid1.stderr);
    // Counted, not compared: assert's picture of ten thousand differences takes longer than the reaping.
    // Some of them may not have exited yet: it is over when PID 1 is alone.
    await eventually(async () => assert.equal((await pid1.processes()).length, 1), { withinMs: 20_000 });
    assert.deepEqual(await pid1.zombies(), []);
  });
}

test('each orphan is told of exactly once, and the own child is no orphan', async (t) => {
  const pid1 = asPid1(orphans.path, '3000');
  t.after(() => pid1.destroy());
  const report = await reportOf(pid1);
  assert.deepEqual(report.status, { how: 'exited', code: 0 });
  assert.equal(report.orphans, 3_000);
  assert.equal(await pid1.exitCode(), 0);
});

test("in the midst of a storm of orphans, every exit of Node's own children reaches Node", async (t) => {
  const pid1 = asPid1('--hooks', '60', orphans.path, '10000');
  t.after(() => pid1.destroy());
  const report = await reportOf(pid1);
  assert.deepEqual(report.strangeHooks, []);
  assert.equal(report.orphans, 10_000);
  assert.equal(await pid1.exitCode(), 0);
});

test('an orphan of an outsider, as docker exec leaves it, is collected too', async (t) => {
  // A grandchild outlives its parent, and dies later: long after the own child has ended.
  const pid1 = asPid1('--stay', '/bin/sh', '-c', '(setsid sleep 0.2 & ) ; exit 0');
  t.after(() => pid1.destroy());
  await reportOf(pid1);
  await eventually(async () => assert.equal((await pid1.processes()).length, 1));
});
