/** A group is one word for its members, in every verb that takes names. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineRun } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

const sleeper = (name: string, keys = ''): string =>
  `[processes.${name}]\ncmd = "sleep 1000"\nhealthcheck = { uptime = "20ms" }\n${keys}\n`;
const CONFIG = `[engine]
exit_when = "never"
[groups.app]
members = ["api", "worker*"]
${sleeper('db')}${sleeper('api')}${sleeper('worker', 'instances = 2')}${sleeper('last', 'depends_on = ["app"]')}`;

async function namesOf(engine: EngineRun, ...words: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await engine.shell(...words, '--json');
  return JSON.parse(stdout).instances.map(({ name }: { name: string }) => name);
}

test('verbs take a group for its members, and a process that depends on it waits for all', async (t) => {
  const engine = await new EngineRun(t, CONFIG).ready();
  await engine.reaches('last', 'healthy');
  const members = ['api', 'worker:1', 'worker:2'];
  assert.deepEqual(await namesOf(engine, 'status', 'app'), members);
  assert.equal((await engine.shell('stop', 'app', '--wait')).code, 0);
  for (const name of members) assert.equal((await engine.see(name)).state, 'stopped');
  assert.equal((await engine.see('db')).state, 'healthy');
  assert.equal((await engine.shell('start', 'app', '--wait')).code, 0);
  assert.match((await engine.shell('why', 'app')).stdout, /worker:2/);
  const { stdout: events } = await engine.shell('events', 'app');
  assert.match(events, /worker:2/);
  assert.doesNotMatch(events, /db/);
  const { stdout: timeline } = await engine.shell('timeline', 'app');
  assert.match(timeline, /worker:2/);
  assert.doesNotMatch(timeline, /\bdb\b/);
  const { code, stderr } = await engine.shell('env', 'app');
  assert.equal(code, 2);
  assert.match(stderr, /app: it means 3 instances; name one of api, worker:1, worker:2/);
});

test('a reload changes who is in a group, and nobody restarts for it', async (t) => {
  const engine = await new EngineRun(t, CONFIG).ready();
  const { pid } = await engine.reaches('last', 'healthy');
  engine.configure(CONFIG.replace('["api", "worker*"]', '["db"]').replace('depends_on = ["app"]', ''));
  assert.equal((await engine.shell('reload')).code, 0);
  assert.deepEqual(await namesOf(engine, 'status', 'app'), ['db']);
  assert.equal((await engine.see('last')).pid, pid);
  const { code, stderr } = await engine.shell('stop', 'appp');
  assert.equal(code, 5);
  assert.match(stderr, /did you mean app\?/);
  await eventually(async () => assert.equal((await engine.see('api')).state, 'healthy'));
  const { stdout } = await engine.shell('rollback');
  assert.match(stdout, /^rolled back; /m);
  assert.deepEqual(await namesOf(engine, 'status', 'app'), ['api', 'worker:1', 'worker:2']);
  const again = await engine.shell('rollback');
  assert.deepEqual([again.code, again.stdout], [1, '']);
  assert.match(again.stderr, /cannot roll back/);
});
