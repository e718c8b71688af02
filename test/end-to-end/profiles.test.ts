/** Profiles chosen on the command line hold for the start, for `engine check` and for every reload. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineRun } from '../support/engine-run.ts';

const BASE = `[engine]
exit_when = "never"
[defaults]
env = { TZ = "UTC" }
[templates.sleeper]
cmd = "sleep 1000"
healthcheck = { uptime = "20ms" }
[processes.web]
extends = "sleeper"
`;
const TOOL = `[processes.tool]
extends = "sleeper"
profiles = ["debug"]
`;

/** The engine with one more flag ahead of its configuration. */
const withProfile = (name: string): readonly [string, ...string[]] => [
  'sh',
  '-c',
  'exec "$1" engine start --profile "$0" "$4"',
  name,
];

test('a process of the chosen profile runs, and a reload adds others of it', async (t) => {
  const engine = await new EngineRun(t, `${BASE}${TOOL}`, { wrapper: withProfile('debug') }).ready();
  await engine.reaches('tool', 'healthy');
  engine.configure(`${BASE}${TOOL}[processes.more]\nextends = "sleeper"\nprofiles = ["debug", "other"]\n`);
  assert.match((await engine.shell('reload')).stdout, /^added more$/m);
  await engine.reaches('more', 'healthy');
});

test('without a profile its processes are not there, and config shows where values are inherited from', async (t) => {
  const engine = await new EngineRun(t, `${BASE}${TOOL}`).ready();
  await engine.reaches('web', 'healthy');
  assert.equal((await engine.shell('status', 'tool')).code, 4);
  const { inherited } = JSON.parse((await engine.shell('config', 'web', '--json')).stdout);
  assert.match(inherited.cmd, /^\[templates\.sleeper\], .*tm\.toml:7$/);
  assert.match(inherited.env, /^\[defaults\], .*tm\.toml:5$/);
});

test('TASKMASTER_PROFILES chooses too', async (t) => {
  const env = { TASKMASTER_PROFILES: 'other debug' };
  const engine = await new EngineRun(t, `${BASE}${TOOL}`, { env }).ready();
  await engine.reaches('tool', 'healthy');
  assert.match(engine.log, /no process has the profile \\?"other\\?"/);
});
