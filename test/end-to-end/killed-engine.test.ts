/** An engine that is not PID 1, killed without a chance to stop anything, and the one that is started after it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineRun, shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

/** The pipes of a killed engine have no reader: what a shell says of its dead child would end it. */
const PROGRAM = `trap '' PIPE; trap 'echo ended >> {folder}/log; exit' TERM; echo begun; while :; do sleep 0.05; done`;
const CONFIG = `[engine]
grace = "4s"
[processes.web]
${shellCommand(PROGRAM)}[processes.away]
${shellCommand('env -i setsid sh -c "sleep 4711; :" & wait')}`;

/** A shell is PID 1: it starts one engine, kills it once its program runs, and starts another. */
function killedOnce(...flags: readonly string[]): readonly [string, ...string[]] {
  const script = [
    'first=$(mktemp); "$@" > $first & engine=$!',
    'until grep -q begun $first && pgrep -f "sleep 471[1]" >/dev/null; do sleep 0.05; done',
    'kill -9 $engine; wait $engine 2>/dev/null',
    `"$1" engine start ${flags.join(' ')} "$4" & engine=$!`,
    'wait $engine; rm $first',
  ];
  return ['sh', '-c', script.join('\n'), 'sh'];
}

async function shells(engine: EngineRun): Promise<number> {
  return (await engine.processes()).filter(({ name, state }) => name === 'sh' && state !== 'Z').length;
}

test('what a killed engine left is told of at the next start, and --replace stops it first', async (t) => {
  const plain = await new EngineRun(t, CONFIG, { wrapper: killedOnce() }).ready();
  await eventually(() => assert.match(plain.log, /was killed and has left running: .*sleep 4711.*--replace/));
  const once = 1 + 1 + 2;
  const message = 'PID 1, web, and the two shells of away';
  await eventually(async () => assert.equal(await shells(plain), 1 + 2 * (once - 1), message));
  const replacing = await new EngineRun(t, CONFIG, { wrapper: killedOnce('--replace') }).ready();
  await eventually(() =>
    assert.match(replacing.log, /stopped what an engine that was killed had left running/),
  );
  await eventually(async () => assert.equal(await shells(replacing), once, message));
  assert.doesNotMatch(replacing.log, /has left running/);
  assert.equal(replacing.read('log'), 'ended\n', 'the first had TERM and its time');
});

test('a process with a parent-death signal ends with its engine', async (t) => {
  const config = `${CONFIG}parent_death_signal = "KILL"\nuser = "nobody"\n`;
  const engine = await new EngineRun(t, config, { wrapper: killedOnce() }).ready();
  await eventually(() => assert.match(engine.log, /was killed and has left running/));
  assert.doesNotMatch(engine.log, /has left running: .*& wait/);
});
