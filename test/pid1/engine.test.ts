/** The engine as PID 1: orphans, signals, and the exit codes of SPEC section 7. */

import assert from 'node:assert/strict';
import { existsSync, statSync, unlinkSync } from 'node:fs';
import { test } from 'node:test';
import { EngineRun } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

const SLEEPER = '[processes.web]\ncmd = "sleep 1000"\nhealthcheck = { uptime = "50ms" }\n';
const SIGRTMIN = 34;

test('a thousand orphans are reaped and no zombie is left', async (t) => {
  const make = 'for i in $(seq 1000); do (true &) ; done; sleep 1000';
  const engine = await new EngineRun(t, `[processes.maker]\ncmd = ["sh", "-c", '${make}']\n`).ready();
  await eventually(
    async () => {
      const { stdout } = await engine.shell('status', '--json');
      assert.ok(JSON.parse(stdout).orphans_reaped >= 1_000, stdout.slice(0, 300));
    },
    { withinMs: 20_000 },
  );
  await eventually(async () => assert.equal((await engine.zombies()).length, 0));
});

for (const [name, signal] of [
  ['SIGTERM', 'SIGTERM'],
  ['SIGINT', 'SIGINT'],
  ['SIGRTMIN+3', SIGRTMIN + 3],
] as const) {
  test(`${name} stops everything, dependents first, and ends with 0`, async (t) => {
    const engine = new EngineRun(t, `${SLEEPER}[processes.app]\ncmd = "sleep 1000"\ndepends_on = ["web"]\n`);
    await engine.ready();
    await engine.reaches('app', 'healthy');
    await engine.signal(signal);
    assert.equal(await engine.exitCode(), 0);
    const exits = engine.events('process_exited').map(({ instance }) => instance);
    assert.deepEqual(exits, ['app', 'web']);
    assert.equal(existsSync(engine.socket), false);
  });
}

const STUBBORN = `[processes.web]\ncmd = ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"]\nstop_timeout = "8s"\n`;

const SLOW = `[engine]
grace = "20s"
[processes.web]
cmd = ["sh", "-c", "trap 'sleep 0.7; echo cleaned up; exit' TERM; echo ready; while :; do sleep 0.05; done"]
stop_timeout = "8s"
`;

test('a repeated SIGTERM or SIGRTMIN+3 costs no service its clean-up, nor does one SIGINT after it', async (t) => {
  const engine = await new EngineRun(t, SLOW).ready();
  await eventually(() => assert.match(engine.stdout, /ready/));
  for (const signal of ['SIGTERM', 'SIGTERM', SIGRTMIN + 3, 'SIGINT'] as const) {
    await engine.signal(signal);
    await engine.reaches('web', 'stopping');
  }
  assert.equal(await engine.exitCode(), 0);
  assert.match(engine.stdout, /cleaned up/);
});

test('a second SIGINT kills at once', async (t) => {
  const engine = await new EngineRun(t, STUBBORN).ready();
  await eventually(() => assert.match(engine.stdout, /ready/));
  await engine.signal('SIGINT');
  await engine.reaches('web', 'stopping');
  await engine.signal('SIGINT');
  assert.equal(await engine.exitCode(), 0);
  assert.equal(
    engine.events('process_exited')[0]?.status && JSON.stringify(engine.events('process_exited')[0]?.status),
    '{"how":"signalled","signal":"SIGKILL","core":false}',
  );
});

test('SIGQUIT kills at once', async (t) => {
  const engine = await new EngineRun(t, STUBBORN).ready();
  await eventually(() => assert.match(engine.stdout, /ready/));
  await engine.signal('SIGQUIT');
  assert.equal(await engine.exitCode(), 0);
});

test('what ignores SIGTERM is killed, its whole group, inside the grace', async (t) => {
  const engine = await new EngineRun(t, `[engine]\ngrace = "3s"\n${STUBBORN}`).ready();
  await eventually(() => assert.match(engine.stdout, /ready/));
  const before = performance.now();
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
  assert.ok(performance.now() - before < 3_000, 'over before the runtime would have killed everything');
});

test('SIGUSR1 makes the socket again and opens no inspector', async (t) => {
  const engine = await new EngineRun(t, SLEEPER).ready();
  unlinkSync(engine.socket);
  await engine.signal('SIGUSR1');
  await engine.ready();
  assert.equal(statSync(engine.socket).mode & 0o777, 0o660);
  const { stdout } = await engine.inside('sh', ['-c', 'cat /proc/1/net/tcp']);
  const inspectorPort = (9229).toString(16).toUpperCase();
  const own = await engine.inside('sh', ['-c', 'ls -l /proc/1/fd']);
  for (const line of stdout.split('\n').filter((entry) => entry.includes(`:${inspectorPort} `))) {
    const inode = line.trim().split(/\s+/)[9];
    assert.ok(!own.stdout.includes(`socket:[${inode}]`), 'PID 1 listens on the inspector port');
  }
});

test('no other signal that can be caught ends or disturbs the engine', async (t) => {
  const engine = await new EngineRun(t, SLEEPER).ready();
  const { pid } = await engine.reaches('web', 'healthy');
  const left = new Set([1, 2, 3, 9, 10, 12, 15, 17, 19, 27, 32, 33, SIGRTMIN + 3]);
  // Faults of the program itself stay fatal: the kernel raises them, nobody sends them.
  for (const fault of [4, 5, 6, 7, 8, 11, 31]) left.add(fault);
  for (let signal = 1; signal <= 64; signal++) if (!left.has(signal)) await engine.signal(signal);
  assert.equal((await engine.see('web')).pid, pid);
});

test('SIGHUP reloads; a broken configuration changes nothing and is told whole', async (t) => {
  const engine = await new EngineRun(t, SLEEPER).ready();
  const { pid } = await engine.reaches('web', 'healthy');
  engine.configure(`${SLEEPER}colour = "blue"\n[processes.b]\nautostart = 1\n`);
  await engine.signal('SIGHUP');
  const rejected = await eventually(() => {
    const [event] = engine.events('config_rejected');
    assert.ok(event);
    return JSON.stringify(event);
  });
  for (const word of ['colour', 'cmd', 'autostart'])
    assert.ok(rejected.includes(word), `${word} in ${rejected}`);
  engine.configure(`${SLEEPER}[processes.b]\ncmd = "sleep 1000"\n`);
  await engine.signal('SIGHUP');
  await engine.reaches('b', 'healthy');
  assert.equal((await engine.see('web')).pid, pid);
});

const shell = (script: string): string => `cmd = ["sh", "-c", ${JSON.stringify(script)}]\n`;

const EXIT_CODES: readonly (readonly [string, string, number])[] = [
  ['all completed', `[processes.a]\n${shell('exit 0')}`, 0],
  [
    'the first that failed',
    `[processes.a]\n${shell('exit 7')}autorestart = "no"\n[processes.b]\n${shell('sleep 0.3; exit 8')}autorestart = "no"\n`,
    7,
  ],
  [
    'an essential process that ends',
    `${SLEEPER}[processes.a]\n${shell('exit 3')}autorestart = "no"\nessential = true\n`,
    3,
  ],
  [
    'the main process killed by a signal',
    `[engine]\nmain = "a"\n${SLEEPER}[processes.a]\n${shell('kill -SEGV $$$$')}autorestart = "no"\n`,
    139,
  ],
  [
    'an essential process that never ran',
    `${SLEEPER}[processes.a]\ncmd = "/no/such/program"\nessential = true\n`,
    10,
  ],
  [
    'unhealthy with exit',
    `[processes.a]\ncmd = "sleep 1000"\n[processes.a.healthcheck]\ncmd = "false"\ninterval = "20ms"\nstart_period = 0\nretries = 2\non_unhealthy = "exit"\n`,
    11,
  ],
  [
    'a main process that is not there',
    `[engine]\nmain = "a"\n[processes.a]\ncmd = "/no/such/program"\n`,
    127,
  ],
  [
    'a main process that is not executable',
    `[engine]\nmain = "a"\n[processes.a]\ncmd = "/etc/passwd"\n`,
    126,
  ],
  ['bad configuration', '[processes.a]\ncmd = "true"\nautostart = "perhaps"\n', 78],
];

for (const [name, config, code] of EXIT_CODES) {
  test(`exit code ${code}: ${name}`, async (t) => {
    const engine = new EngineRun(t, config);
    assert.equal(await engine.exitCode(), code, engine.log);
    if (code === 78) assert.match(engine.log, /tm\.toml:\d+:\d+: processes\.a\.autostart/);
  });
}
