/** The container's output: all of a burst, when nobody reads it, and when there is none. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { Container } from '../support/container.ts';
import { shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

const STAY = '[engine]\nexit_when = "never"\nlog = { stuck_after = "1s" }\n';
const PRINTER = `[processes.printer]\n${shellCommand('yes taskmaster | head -c 20000000')}autostart = false\n`;

test('all 200,000 lines of a burst arrive', async (t) => {
  const script = `yes ${'x'.repeat(92)} | head -n 200000 | nl -w 6 -s " "`;
  const container = new Container(t, `[processes.burst]\n${shellCommand(script)}`);
  assert.equal(await container.exitCode(), 0);
  const expected = Array.from(
    { length: 200_000 },
    (_, index) => `${`${index + 1}`.padStart(6)} ${'x'.repeat(92)}\n`,
  );
  assert.ok(container.stdout === expected.join(''), 'every line, in order');
  assert.ok(!container.log.includes('output_dropped'));
});

/** A client that asks for the output and never reads it: what it does not take, Docker does not take either. */
function attachWithoutReading(container: Container): ChildProcess {
  const client = spawn('docker', ['attach', '--no-stdin', '--sig-proxy=false', container.name], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  client.stdout?.pause();
  return client;
}

test('output that nobody reads blocks no process for long and not the engine, not even its end, and the loss is told', async (t) => {
  // Before the container goes: Docker waits for the client, and the client's TERM for the write that is stuck.
  const clients: ChildProcess[] = [];
  const letGo = (): void => {
    for (const client of clients.splice(0)) client.kill('SIGKILL');
  };
  t.after(letGo);
  const flags = ['--log-driver', 'none'];
  const container = await new Container(t, `${STAY}${PRINTER}`, { flags }).ready();
  const enginePid = Number(container.inspect('.State.Pid'));
  // Docker takes all as long as the client is not there yet, hence again and again.
  const printUnread = async (): Promise<void> => {
    clients.push(attachWithoutReading(container));
    await container.shell('restart', 'printer', '--wait');
    await container.reaches('printer', 'completed');
  };
  await eventually(
    async () => {
      await printUnread();
      letGo();
      const { stdout } = await container.shell('logs', '--event', 'output_dropped', '--json');
      assert.match(stdout, /"bytes":1\d{7},.*nobody read the container's output/);
    },
    { withinMs: 30_000 },
  );
  await printUnread();
  process.kill(enginePid, 'SIGTERM');
  await eventually(() => assert.ok(!existsSync(`/proc/${enginePid}`)), { withinMs: 9_000 });
  // Docker itself sees the end only when its client lets go.
  letGo();
  assert.equal(await container.exitCode(), 0);
});

test('without any standard streams the engine supervises and ends as ever', async (t) => {
  const command = ['sh', '-c', 'exec taskmaster engine start /etc/taskmaster/tm.toml <&- >&- 2>&-'] as const;
  const container = await new Container(t, `${STAY}${PRINTER}`, { command: [...command] }).ready();
  assert.equal((await container.shell('start', 'printer', '--wait')).code, 0);
  await container.reaches('printer', 'completed');
  assert.equal(await container.stop(), 0);
});
