import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { EngineRun, freePort, shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { parseOpenMetrics } from '../support/openmetrics.ts';

interface Reply {
  readonly status: number;
  readonly body: string;
}

async function ask(port: number, path: string, accept = '*/*'): Promise<Reply> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { accept } });
  return { status: response.status, body: await response.text() };
}

/** Waits for the answer. */
function answers(port: number, path: string, status: number, body: RegExp): Promise<Reply> {
  return eventually(
    async () => {
      const reply = await ask(port, path);
      assert.equal(reply.status, status, reply.body);
      assert.match(reply.body, body);
      return reply;
    },
    { withinMs: 15_000 },
  );
}

const http = (port: number): string => `[engine]\n[engine.http]\nlisten = ${port}\n`;

test('startup, readiness and liveness are told apart', async (t) => {
  const port = await freePort();
  const run = new EngineRun(
    t,
    `${http(port)}[processes.web]\ncmd = "sleep 1000"\n` +
      '[processes.web.healthcheck]\ncmd = "test -e {folder}/good"\ninterval = "50ms"\nstart_interval = "50ms"\nretries = 1\non_unhealthy = "none"\n',
  );
  await answers(port, '/startupz', 503, /^web is healthcheck/);
  await answers(port, '/readyz', 503, /^web is healthcheck/);
  await answers(port, '/livez', 200, /^the engine works\n$/);
  await run.inside('touch', [`${run.folder}/good`]);
  await answers(port, '/startupz', 200, /healthy or completed once/);
  await answers(port, '/readyz', 200, /^every process is healthy or completed\n$/);
  await run.inside('rm', [`${run.folder}/good`]);
  await answers(port, '/readyz', 503, /^web is unhealthy/);
  assert.equal((await ask(port, '/startupz')).status, 200);
  assert.equal((await ask(port, '/livez')).status, 200);
});

test('metrics tell what a busy process uses, and a restart of it', async (t) => {
  const port = await freePort();
  const run = new EngineRun(
    t,
    `${http(port)}[processes.busy]\nautorestart = "always"\nbackoff = {base = 0}\n${shellCommand('while :; do :; done')}` +
      '[processes.idle]\ninstances = 2\ncmd = "sleep 1000"\n',
  );
  await run.ready();
  const scrape = async () => {
    const families = parseOpenMetrics((await ask(port, '/metrics', 'application/openmetrics-text')).body);
    return (metric: string, name: string): number | undefined =>
      families.get(`taskmaster_process_${metric}`)?.samples.find(({ labels }) => labels.name === name)?.value;
  };
  const used = await eventually(async () => {
    const value = await scrape();
    assert.ok((value('cpu_seconds', 'busy') ?? 0) > 0.1);
    return value;
  });
  assert.ok((used('cpu_seconds', 'idle:2') ?? 1) < 0.1);
  assert.ok((used('resident_memory_bytes', 'idle:1') ?? 0) > 100_000);
  assert.equal(used('group_processes', 'busy'), 1);
  assert.equal(used('restarts', 'busy'), 0);
  const { pid } = await run.see('busy');
  await run.kill(pid ?? assert.fail());
  const again = await eventually(async () => {
    const value = await scrape();
    assert.equal(value('restarts', 'busy'), 1);
    return value;
  });
  assert.equal(again('last_exit_code', 'busy'), 137);
});

test('while it drains the engine still answers, not ready; then the exit does not wait for anybody', async (t) => {
  const port = await freePort();
  const run = new EngineRun(
    t,
    `${http(port)}[processes.slow]\nstop_timeout = "60s"\n${shellCommand('trap "" TERM; while [ ! -e {folder}/go ]; do sleep 0.05; done')}`,
  );
  await answers(port, '/readyz', 200, /every process/);
  await run.signal('SIGTERM');
  await answers(port, '/readyz', 503, /^the engine is shutting down\n$/);
  assert.equal((await ask(port, '/livez')).status, 200);
  assert.match((await ask(port, '/metrics')).body, /^taskmaster_engine_draining 1$/m);
  await run.inside('touch', [`${run.folder}/go`]);
  assert.equal(await run.exitCode(), 0);
  await assert.rejects(ask(port, '/livez'));
});

test('a port that is taken costs the listener, not the processes; SIGUSR1 tries again', async (t) => {
  const port = await freePort();
  const blocker = createServer().listen(port, '127.0.0.1');
  t.after(() => blocker.close());
  const run = new EngineRun(t, `${http(port)}[processes.web]\ncmd = "sleep 1000"\n`);
  await run.ready();
  await run.reaches('web', 'healthy');
  const notice = await eventually(
    () => run.events('engine_notice').find(({ level }) => level === 'error') ?? assert.fail(),
  );
  assert.match(
    String(notice.message),
    new RegExp(`^cannot answer HTTP on 127\\.0\\.0\\.1:${port}: another program listens there; SIGUSR1`),
  );
  await new Promise((done) => blocker.close(done));
  await run.signal('SIGUSR1');
  await answers(port, '/livez', 200, /works/);
});

test('a reload takes over where to listen', async (t) => {
  const [first, second] = [await freePort(), await freePort()];
  const web = '[processes.web]\ncmd = "sleep 1000"\n';
  const run = await new EngineRun(t, `[engine]\n${web}`).ready();
  for (const port of [first, second]) {
    run.configure(`${http(port)}${web}`);
    const { code, stdout } = await run.shell('reload', '--json');
    assert.equal(code, 0, stdout);
    assert.deepEqual(JSON.parse(stdout).needs_engine_restart, []);
    await answers(port, '/livez', 200, /works/);
  }
  await assert.rejects(ask(first, '/livez'));
  run.configure(`[engine]\n${web}`);
  await run.shell('reload');
  await eventually(() => assert.rejects(ask(second, '/livez')));
});

test('status with usage over the control socket tells what a real process uses', async (t) => {
  const run = await new EngineRun(t, '[processes.web]\ncmd = "sleep 1000"\n').ready();
  await run.reaches('web', 'healthy');
  const request = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'status', params: { usage: true } });
  const { stdout } = await run.inside('sh', ['-c', `echo '${request}' | socat - UNIX-CONNECT:${run.socket}`]);
  const { usage, started_at: startedAt } = JSON.parse(stdout).result.instances[0];
  assert.equal(usage.processes, 1);
  assert.ok(usage.memory_bytes > usage.anonymous_bytes, JSON.stringify(usage));
  assert.ok(Math.abs(startedAt - Date.now()) < 60_000);
});
