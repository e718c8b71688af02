/** Names whose look-up hangs: hosts of a server that does not answer, users of an /etc/passwd on a disk that hangs. */

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { EngineRun, shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { hangingDisk } from '../support/hanging-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const GRACE_MS = 4_000;
const HOSTS = 60;
const TICKING = `[processes.ticking]
${shellCommand('i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.01; done')}stdout = { file = "{folder}/ticks.log", max_size = "1KB" }
`;

/** @returns an address at whose port 53 somebody listens and says nothing. */
async function silentServer(t: TestContext): Promise<string> {
  const address = '127.0.0.77';
  const server = createSocket('udp4');
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.bind(53, address, resolve));
  return address;
}

const withFile = (own: string, at: string): [string, ...string[]] => [
  'sh',
  '-c',
  `mount --bind '${own}' '${at}' && exec "$0" "$@"`,
];

async function endsInTime(engine: EngineRun): Promise<void> {
  const begun = performance.now();
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
  assert.ok(performance.now() - begun < GRACE_MS, `${performance.now() - begun} ms`);
}

test('probes of many hosts that cannot be looked up leave threads for files', async (t) => {
  const resolver = join(temporaryFolder(t), 'resolv.conf');
  writeFileSync(resolver, `nameserver ${await silentServer(t)}\noptions timeout:30 attempts:1\n`);
  const probed = Array.from(
    { length: HOSTS },
    (_, at) => `[processes.p${at}]\ncmd = "sleep 1000"
healthcheck = { tcp = "host-${at}.example:80", interval = "1s", timeout = "1s", retries = 1000 }\n`,
  );
  const engine = await new EngineRun(
    t,
    `[engine]\ngrace = "${GRACE_MS / 1_000}s"\n${TICKING}${probed.join('')}`,
    { wrapper: withFile(resolver, '/etc/resolv.conf') },
  ).ready();
  await new Promise((later) => setTimeout(later, 2_500));
  const before = readFileSync(join(engine.folder, 'ticks.log'), 'utf8');
  await eventually(() => assert.notEqual(readFileSync(join(engine.folder, 'ticks.log'), 'utf8'), before));
  assert.equal((await engine.shell('restart', 'ticking')).code, 0);
  await endsInTime(engine);
});

test('a reload that cannot look up a user fails, and keeps nobody waiting for long', async (t) => {
  const disk = hangingDisk(t);
  const users = join(disk.folder, 'passwd');
  copyFileSync('/etc/passwd', users);
  const config = `[engine]\ngrace = "${GRACE_MS / 1_000}s"\n${TICKING}user = "nobody"\n`;
  const engine = await new EngineRun(t, config.replace('{folder}/ticks.log', '/dev/null'), {
    wrapper: withFile(users, '/etc/passwd'),
  }).ready();
  disk.hang();
  const begun = performance.now();
  const reload = await engine.shell('reload');
  assert.notEqual(reload.code, 0);
  assert.match(reload.stderr, /cannot look up the user nobody/);
  assert.ok(performance.now() - begun < 3_500, `${performance.now() - begun} ms`);
  await endsInTime(engine);
});
