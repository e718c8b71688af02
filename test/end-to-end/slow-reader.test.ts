/** The container's stream, and FIFOs, whose reader is slower than the processes, stuck, or back again. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EngineRun, shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { HeldReader } from '../support/held-reader.ts';

const LINES = 60_000;
const NUMBERS = Array.from({ length: LINES }, (_, index) => String(index + 1));
const slow = (more = ''): string => `[engine]\nexit_when = "never"\nlog = { stuck_after = "1s"${more} }\n`;
const printer = (name: string, script: string, more = ''): string =>
  `[processes.${name}]\n${shellCommand(script)}autorestart = "no"\n${more}`;
const COUNT = `seq ${LINES}`;

for (const [format, pattern] of [
  ['raw', /^\d+$/],
  ['prefix', /^a \| \d+$/],
  ['json', /^\{.*"msg":"\d+"\}$/],
] as const) {
  test(`a reader that is slower than a burst gets every line of it, as ${format}`, async (t) => {
    const reader = new HeldReader(t);
    const config = `${slow(`, output = "${format}"`)}${printer('a', COUNT)}`;
    const engine = await new EngineRun(t, config, { wrapper: reader.wrapper(`>${reader.path}`) }).ready();
    reader.keepTaking(16_384, 1);
    await eventually(() => assert.equal(reader.lines.length, LINES), { withinMs: 30_000 });
    for (const line of reader.lines) assert.match(line, pattern);
    assert.deepEqual(
      reader.lines.map((line) => /(\d+)\D*$/.exec(line)?.[1]),
      NUMBERS,
    );
    assert.ok(!engine.log.includes('output_dropped'));
  });
}

test('a stuck reader holds nobody up for long; its drops are reported, and it gets all again when it reads', async (t) => {
  const reader = new HeldReader(t);
  const script = `seq 400000; touch {folder}/done; while ! test -e {folder}/go; do sleep 0.01; done; ${COUNT}; touch {folder}/again`;
  const engine = await new EngineRun(t, `${slow()}${printer('a', script)}`, {
    wrapper: reader.wrapper(`>${reader.path}`),
  }).ready();
  await new Promise((later) => setTimeout(later, 500));
  assert.ok(!existsSync(join(engine.folder, 'done')), 'it waits at first');
  await eventually(() => assert.ok(existsSync(join(engine.folder, 'done'))), { withinMs: 10_000 });
  await eventually(() => assert.match(engine.log, /"event":"output_failed".*read nothing for 1s/));
  assert.ok(!engine.log.includes('output_restored'));
  reader.keepTaking(16_384, 1);
  await eventually(() => {
    assert.match(
      engine.log,
      /"event":"output_dropped","process":"a","instance":"a","stream":"stdout","bytes":\d+/,
    );
    assert.match(engine.log, /"event":"output_restored"/);
  });
  await eventually(() => assert.equal(reader.lines.at(-1), '400000'));
  for (const line of reader.lines) assert.match(line, /^\d+$/);
  await engine.inside('touch', [join(engine.folder, 'go')]);
  await eventually(() => assert.ok(existsSync(join(engine.folder, 'again'))), { withinMs: 20_000 });
  await eventually(() => assert.equal(reader.lines.at(-1), String(LINES)));
  assert.deepEqual(reader.lines.slice(-LINES), NUMBERS);
});

test('a process that waits for the reader is stopped and restarted as any other, and loses nothing', async (t) => {
  const reader = new HeldReader(t);
  const config = slow().replace('1s', '1h');
  const script = 'trap "exit 0" TERM; echo begin; yes full | head -c 1000000 & wait; echo end';
  const engine = await new EngineRun(
    t,
    `${config}${printer('a', script, 'healthcheck = { uptime = "300ms" }\n')}`,
    {
      wrapper: reader.wrapper(`>${reader.path}`),
    },
  ).ready();
  for (let count = 0; count < 5; count++)
    assert.equal((await engine.shell('restart', 'a', '--wait')).code, 0);
  assert.equal((await engine.shell('stop', 'a', '--wait')).code, 0);
  reader.keepTaking(65_536, 1);
  await eventually(() => assert.equal(reader.text.match(/begin/g)?.length, 6));
  // Each was killed in the middle of a line or not.
  for (const line of reader.lines) assert.match(line, /^(full|(full?|fu?)?begin)$/);
  assert.ok(!engine.log.includes('output_dropped'), 'nothing was lost');
});

test('a shutdown waits for a reader that reads, and every line arrives', async (t) => {
  const reader = new HeldReader(t);
  const engine = await new EngineRun(t, `${slow()}${printer('a', `${COUNT}; exec sleep 1000`)}`, {
    wrapper: reader.wrapper(`>${reader.path}`),
  }).ready();
  await engine.reaches('a', 'healthy');
  reader.keepTaking(2_048, 5);
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
  reader.stop();
  while (reader.take(1_048_576) > 0);
  const lines = reader.lines;
  assert.deepEqual(lines, NUMBERS.slice(0, lines.length));
  // All that was in the pipes and in the engine when the signal came; what the process had not printed yet is its own.
  assert.ok(lines.length > 30_000, `${lines.length}`);
});

test('a stuck reader delays the end of the engine by a second or so', async (t) => {
  const reader = new HeldReader(t);
  const config = slow().replace('1s', '1h');
  const engine = await new EngineRun(t, `${config}${printer('a', 'exec yes')}`, {
    wrapper: reader.wrapper(`>${reader.path}`),
  }).ready();
  await engine.reaches('a', 'healthy');
  const from = Date.now();
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
  assert.ok(Date.now() - from < 4_000, `${Date.now() - from} ms`);
});

test('the engine’s log is whole and complete beside a flood on the same pipe', async (t) => {
  const reader = new HeldReader(t);
  const flood = printer(
    'flood',
    'yes xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx | head -c 3000000',
    'stderr = "null"\n',
  );
  const engine = await new EngineRun(
    t,
    `${slow()}${flood}${printer('quiet', 'echo hear me; exec sleep 1000')}`,
    {
      wrapper: reader.wrapper(`>${reader.path} 2>&1`),
    },
  ).ready();
  reader.keepTaking(16_384, 1);
  await eventually(() => {
    const lines = reader.lines;
    assert.equal(lines.filter((line) => /^x+$/.test(line)).length, 90_909);
    assert.ok(lines.includes('hear me'));
  });
  const others = reader.lines.filter((line) => !/^x+$/.test(line) && line !== 'hear me');
  assert.ok(others.length > 5);
  for (const line of others) assert.ok(JSON.parse(line).event, line);
  assert.equal((await engine.shell('restart', 'quiet', '--wait')).code, 0);
});

test('a FIFO whose reader is slow gets every line, and a stuck one holds nobody up for long', async (t) => {
  const [reader, stuck] = [new HeldReader(t), new HeldReader(t)];
  const config = `${slow()}${printer('a', COUNT, `stdout = "${reader.path}"\n`)}${printer('b', 'seq 400000', `stdout = "${stuck.path}"\n`)}`;
  const engine = await new EngineRun(t, config).ready();
  reader.keepTaking(16_384, 1);
  await eventually(() => assert.equal(reader.lines.length, LINES), { withinMs: 30_000 });
  assert.deepEqual(reader.lines, NUMBERS);
  await engine.reaches('b', 'completed');
  await eventually(() =>
    assert.match(engine.log, /"event":"output_failed","process":"b".*read nothing for 1s/),
  );
});

test('a reload changes what happens if the reader is slow', async (t) => {
  const reader = new HeldReader(t);
  const config = (more: string): string =>
    `[engine]\nexit_when = "never"\nlog = { ${more} }\n${printer('a', 'seq 400000; exec sleep 1000')}`;
  const engine = await new EngineRun(t, config('stuck_after = "1h"'), {
    wrapper: reader.wrapper(`>${reader.path}`),
  }).ready();
  await engine.reaches('a', 'healthy');
  const { pid } = await engine.see('a');
  engine.configure(config('when_slow = "drop"'));
  assert.equal((await engine.shell('reload')).code, 0);
  assert.equal((await engine.see('a')).pid, pid);
  reader.keepTaking(65_536, 1);
  await eventually(() => assert.equal(reader.lines.at(-1), '400000'));
  await eventually(() => assert.match(engine.log, /"event":"output_dropped"/));
});
