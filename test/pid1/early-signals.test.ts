/** Signals that come while Node starts: none is lost and none kills, as PID 1 and not. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { childrenOf } from '../support/children-of.ts';
import { compileFixture } from '../support/compile.ts';
import { eventually } from '../support/eventually.ts';
import { type Command, PLACES, type RunningInit } from '../support/init-run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const taskmaster = resolve(import.meta.dirname, '../../dist/taskmaster');
const pending = compileFixture('signal-pending');
after(() => pending.remove());

const SIGTERM = 15;
const SIGRTMIN_3 = 37;
const SIGHUP = 1;
const SIGUSR1 = 10;
/** Past the moment when handlers are there. */
const LATEST_MS = 80;
const STEP_MS = 4;

/** Whether the process blocks or catches the signal: proc_pid_status(5). */
function heeds(pid: number, number: number): boolean {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const masks = [...status.matchAll(/^Sig(?:Blk|Cgt):\s+(\w+)$/gm)].map(([, mask]) => BigInt(`0x${mask}`));
  return masks.some((mask) => ((mask >> BigInt(number - 1)) & 1n) === 1n);
}

for (const [place, start] of Object.entries(PLACES)) {
  describe(`an engine ${place}`, () => {
    function engine(t: TestContext, before: readonly string[], process = 'cmd = "sleep 1000"'): RunningInit {
      const folder = temporaryFolder(t);
      const config = join(folder, 'tm.toml');
      writeFileSync(config, `[engine]\nsocket = "${folder}/tm.sock"\n[processes.web]\n${process}\n`);
      const command = [...before, taskmaster, 'engine', 'start', config] as unknown as Command;
      const init = start(command, {});
      t.after(() => init.destroy());
      return init;
    }

    for (const [name, number] of [
      ['SIGTERM', SIGTERM],
      ['SIGRTMIN+3', SIGRTMIN_3],
    ] as const) {
      test(`${name} that is there before Node is stops everything and ends with 0`, async (t) => {
        const init = engine(t, [pending.path, String(number)]);
        assert.equal(await init.exitCode(), 0, init.stderr);
        const reason = new RegExp(
          `"event":"engine_draining","reason":"received ${name.replace('+', '\\+')}"`,
        );
        assert.match(init.stderr, reason);
        const spawned = init.stderr.match(/"process_spawned"/g)?.length ?? 0;
        assert.equal(init.stderr.match(/"process_exited"/g)?.length ?? 0, spawned, 'nothing is left behind');
      });
    }

    test('one that asks for something else is answered, and the engine goes on', async (t) => {
      for (const number of [SIGHUP, SIGUSR1]) {
        const init = engine(
          t,
          [pending.path, String(number)],
          'cmd = ["sh", "-c", "echo up; exec sleep 1000"]',
        );
        await init.printed(/^up$/m);
        // Before anything else is asked: a shutdown would make the reload void.
        if (number === SIGHUP) await eventually(() => assert.match(init.stderr, /"config_reloaded"/));
        await init.signal('SIGTERM');
        assert.equal(await init.exitCode(), 0, init.stderr);
        assert.match(init.stderr, /"reason":"received SIGTERM"/);
        assert.equal(/"config_reloaded"/.test(init.stderr), number === SIGHUP, init.stderr);
      }
    });

    test('SIGTERM at any moment of the start ends it with 0', async (t) => {
      for (let afterMs = 0; afterMs <= LATEST_MS; afterMs += STEP_MS) {
        // Blocked by what executes the launcher, so that the sweep begins before its first instruction.
        const init = engine(t, ['env', '--block-signal=TERM']);
        const pid = await init.outerPid();
        await eventually(() => assert.ok(heeds(pid, SIGTERM)));
        await pause(afterMs);
        process.kill(pid, 'SIGTERM');
        assert.equal(await init.exitCode(), 0, `after ${afterMs} ms: ${init.stderr}`);
      }
    });
  });
}

test('a fault is as deadly as ever', async (t) => {
  const folder = temporaryFolder(t);
  const config = join(folder, 'tm.toml');
  writeFileSync(
    config,
    `[engine]\nsocket = "${folder}/tm.sock"\n[processes.web]\ncmd = "sh -c 'echo up; exec sleep 1000'"\n`,
  );
  const child = spawn(taskmaster, ['engine', 'start', config], { stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise((done) => child.stdout.once('data', done));
  const services = childrenOf(child.pid ?? 0);
  child.kill('SIGSEGV');
  const [, signal] = await new Promise<[number | null, string | null]>((done) =>
    child.once('exit', (...how) => done(how)),
  );
  for (const pid of services) process.kill(pid, 'SIGKILL');
  assert.equal(signal, 'SIGSEGV');
});
