/** Real nginx with the seed's configuration, but for paths, user and port. */

import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EngineRun, freePort } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

const configuration = (port: number, particulars = '', retries = 3): string => `
[processes.nginx]
cmd = "/usr/sbin/nginx"
args = ["-c", "{folder}/nginx.conf", "-e", "{folder}/error.log"]
user = "www-data"                # Deescalate into www user
workingdir = "/var/www"
autostart = true                 # Spawn process automatically when taskmaster is started
autorestart = "on-failure[:5]"   # Retry 5 times before giving up
backoff = { base = "50ms" }
stdout = "{folder}/nginx.stdout"
stderr = "{folder}/nginx.stderr"
${particulars}
[processes.nginx.healthcheck]
cmd = "/usr/bin/curl"
args = ["-fsS", "http://127.0.0.1:${port}/health"]
timeout = 5    # Wait 5 seconds for one healthcheck before considering it failed
retries = ${retries}    # Retry health check 5 times
`;

const nginxConfiguration = (folder: string, port: number): string => `
daemon off;
worker_processes 2;
pid ${folder}/nginx.pid;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server { listen 127.0.0.1:${port}; location /health { return 200 'ok'; } }
}
`;

test('nginx runs as its user, is proven by curl, comes back, reloads in place and leaves nothing', async (t) => {
  const port = await freePort();
  // Nothing is started yet: the folder has to be nginx's first.
  const engine = new EngineRun(t, configuration(port).replace('autostart = true', 'autostart = false'));
  chmodSync(engine.folder, 0o777);
  writeFileSync(join(engine.folder, 'nginx.conf'), nginxConfiguration(engine.folder, port));
  await engine.ready();
  const nginxes = async (): Promise<readonly number[]> =>
    (await engine.processes())
      .filter(({ name, state }) => name === 'nginx' && state !== 'Z')
      .map(({ pid }) => pid);

  assert.equal((await engine.shell('start', 'nginx')).stdout, 'starting nginx\n');
  assert.match(
    (await engine.shell('status', 'nginx')).stdout,
    /^nginx: (healthcheck|healthy) since \d+ seconds?\n$/,
  );
  const first = await engine.reaches('nginx', 'healthy');
  const ids = await engine.inside('sh', ['-c', `grep -E '^(Uid|Gid|Groups)' /proc/${first.pid}/status`]);
  assert.match(ids.stdout, /^Uid:\t33\t33\t33\t33\nGid:\t33\t33\t33\t33\nGroups:\t33\s*\n$/);

  // A worker: nginx's own business.
  const worker = (await nginxes()).find((pid) => pid !== first.pid) ?? 0;
  await engine.kill(worker);
  await eventually(async () => {
    const now = await nginxes();
    assert.ok(now.length === 3 && !now.includes(worker), `${now}`);
  });
  assert.equal((await engine.see('nginx')).pid, first.pid);

  // The master: taskmaster's, and no worker of the old one may hold the port.
  const old = await nginxes();
  await engine.kill(first.pid ?? 0);
  const second = await eventually(
    async () => {
      const seen = await engine.see('nginx');
      assert.ok(seen.state === 'healthy' && seen.pid !== first.pid, JSON.stringify(seen));
      return seen;
    },
    { withinMs: 15_000 },
  );
  assert.equal(second.restarts, 1);
  assert.deepEqual(
    (await nginxes()).filter((pid) => old.includes(pid)),
    [],
  );

  // Only a number of the health check: the pid stays. The environment: it does not.
  engine.configure(configuration(port, '', 5));
  assert.equal((await engine.shell('reload')).code, 0);
  assert.equal((await engine.see('nginx')).pid, second.pid);
  engine.configure(configuration(port, 'env = { COLOUR = "blue" }', 5));
  assert.equal((await engine.shell('reload')).code, 0);
  await eventually(
    async () => {
      const seen = await engine.see('nginx');
      assert.ok(seen.state === 'healthy' && seen.pid !== second.pid, JSON.stringify(seen));
    },
    { withinMs: 15_000 },
  );

  assert.equal((await engine.shell('restart', 'nginx')).stdout, 'restarting nginx\n');
  await engine.reaches('nginx', 'healthy');
  assert.equal((await engine.shell('stop', 'nginx')).stdout, 'stopping nginx\n');
  await engine.reaches('nginx', 'stopped');
  assert.deepEqual(await nginxes(), []);
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
});
