import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { parseSignal, SIGNAL_WORDS, signalName } from '../../src/signals.ts';
import { eventually } from '../support/eventually.ts';
import { PidNamespace } from '../support/pid-namespace.ts';

const witness = resolve(import.meta.dirname, '../fixtures/signal-witness.ts');
const SIGRTMIN_3 = 37;

/** Those that mean something to the engine, and what. */
const REQUESTS: Readonly<Record<string, string>> = {
  SIGHUP: 'reload',
  SIGUSR1: 'recreate-socket',
  SIGUSR2: 'reopen-logs',
  SIGQUIT: 'kill',
  SIGTERM: 'shutdown',
};

/** Faults of the program itself, the profiler's own, and what nobody can catch. */
const LEFT_ALONE = ['ILL', 'TRAP', 'ABRT', 'BUS', 'FPE', 'SEGV', 'SYS', 'PROF', 'KILL', 'STOP'];

const UNEXPECTED = SIGNAL_WORDS.filter((word) => !LEFT_ALONE.includes(word))
  .map((word) => parseSignal(word) ?? 0)
  .filter((number) => REQUESTS[signalName(number)] === undefined && number !== SIGRTMIN_3 && number !== 2);

async function startPlainly(): Promise<{ readonly child: ChildProcess; readonly printed: () => string }> {
  const child = spawn(process.execPath, [witness], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await eventually(() => assert.match(text, /^ready$/m));
  return { child, printed: () => text };
}

test('no unexpected signal ends or disturbs an engine that is no PID 1, real-time ones included', async (t) => {
  const { child, printed } = await startPlainly();
  t.after(() => child.kill('SIGKILL'));
  assert.ok(UNEXPECTED.length > 40, 'the list is all there');
  for (const signal of UNEXPECTED) process.kill(child.pid ?? 0, signal);
  child.kill('SIGINT');
  await eventually(() => assert.match(printed(), /interrupt by SIGINT/));
  assert.equal(printed(), 'ready\ninterrupt by SIGINT\n');
  process.kill(child.pid ?? 0, SIGRTMIN_3);
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
});

test('as PID 1 each signal that means something is told by its request, and no other', async (t) => {
  const pid1 = new PidNamespace([process.execPath, witness]);
  t.after(() => pid1.destroy());
  await pid1.printed(/^ready$/m);
  for (const signal of UNEXPECTED) await pid1.signal(signal);
  let expected = 'ready\n';
  for (const [signal, request] of Object.entries(REQUESTS)) {
    await pid1.signal(signal as NodeJS.Signals);
    expected += `${request} by ${signal}\n`;
    await eventually(() => assert.equal(pid1.stdout, expected));
  }
  await pid1.signal(SIGRTMIN_3);
  assert.equal(await pid1.exitCode(), 0);
  assert.equal(pid1.stdout, `${expected}shutdown by SIGRTMIN+3\n`);
});

test('USR1 does not open an inspector', async (t) => {
  const pid1 = new PidNamespace([process.execPath, witness]);
  t.after(() => pid1.destroy());
  await pid1.printed(/^ready$/m);
  await pid1.signal('SIGUSR1');
  await pid1.printed(/recreate-socket/);
  assert.doesNotMatch(pid1.stderr, /[Dd]ebugger listening/);
});
