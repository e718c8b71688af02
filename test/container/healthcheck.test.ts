/** HEALTHCHECK of Docker, answered by `taskmaster health`. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Container } from '../support/container.ts';
import { shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

const HEALTHCHECK = [
  ...['--health-cmd', 'taskmaster health', '--health-interval', '300ms', '--health-retries', '2'],
  ...['--health-timeout', '5s', '--health-start-period', '0s'],
];
const WEB = `[processes.web]
${shellCommand('touch /tmp/well; exec sleep 1000')}
[processes.web.healthcheck]
cmd = "test -e /tmp/well"
interval = "100ms"
start_period = "1s"
retries = 1
on_unhealthy = "none"
`;

async function reachesHealth(container: Container, wanted: string): Promise<void> {
  await eventually(() => assert.equal(container.inspect('.State.Health.Status'), wanted, container.log), {
    withinMs: 20_000,
  });
}

test('HEALTHCHECK goes healthy, unhealthy and healthy again as the process does', async (t) => {
  const container = new Container(t, WEB, { flags: HEALTHCHECK });
  await reachesHealth(container, 'healthy');
  await container.exec('rm', '/tmp/well');
  await reachesHealth(container, 'unhealthy');
  assert.match(container.inspect('json .State.Health'), /web is unhealthy/);
  await container.exec('touch', '/tmp/well');
  await reachesHealth(container, 'healthy');
});

test('each question has its own answer: started up once, not ready now, alive all the same', async (t) => {
  const container = await new Container(t, WEB).ready();
  await container.reaches('web', 'healthy');
  await container.exec('rm', '/tmp/well');
  await container.reaches('web', 'unhealthy');
  const answers = ['--startup', '--ready', '--live'].map(async (question) => {
    return (await container.exec('taskmaster', 'health', question)).code;
  });
  assert.deepEqual(await Promise.all(answers), [0, 1, 0]);
});
