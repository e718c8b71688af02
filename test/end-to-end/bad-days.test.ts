/** Bad input and bad days: each gets a clear message and harms nothing else. */

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { EngineRun } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

const WEB = '[processes.web]\ncmd = "sleep 1000"\nhealthcheck = { uptime = "50ms" }\n';
/** A program given to sh; `$$` in the configuration is one `$`. */
const shell = (script: string): string =>
  `cmd = ["sh", "-c", ${JSON.stringify(script.replaceAll('$', '$$$$'))}]\n`;

test('what cannot be started fails at once, names the step, and leaves the others alone', async (t) => {
  const engine = await new EngineRun(
    t,
    `${WEB}
[processes.missing]
cmd = "no-such-program"
[processes.nowhere]
cmd = "true"
workingdir = "/no/such/directory"
[processes.closed]
cmd = "true"
user = "www-data"
workingdir = "/root"
[processes.nolog]
cmd = "true"
stdout = "/etc/passwd/log"
`,
  ).ready();
  await engine.reaches('web', 'healthy');
  for (const [name, words] of [
    ['missing', /cannot execute no-such-program .*not found in PATH.*No such file or directory/],
    ['nowhere', /cannot change directory to \/no\/such\/directory: No such file or directory/],
    ['closed', /cannot change directory to \/root: Permission denied/],
    ['nolog', /cannot open \/etc\/passwd\/log for stdout: not a directory/i],
  ] as const) {
    const { state, reason } = await engine.see(name);
    assert.equal(state, 'failed');
    assert.match(reason ?? '', words);
  }
  assert.equal((await engine.shell('status', 'missing')).code, 3);
});

test('at start every problem of a configuration is told at once, and nothing is started', async (t) => {
  const engine = new EngineRun(
    t,
    `[processes.a]\n${shell('touch {folder}/started')}[processes.b]\ncmd = "true"\nuser = "no-such-user"\nenv_file = "missing.env"\n`,
  );
  assert.equal(await engine.exitCode(), 78);
  assert.match(engine.log, /no-such-user/);
  assert.match(engine.log, /missing\.env/);
  assert.throws(() => statSync(join(engine.folder, 'started')));
});

test('a second engine on the same socket is refused and the first is unharmed; a stale socket is replaced', async (t) => {
  const first = await new EngineRun(t, WEB).ready();
  const { pid } = await first.reaches('web', 'healthy');
  const config = join(first.folder, 'tm.toml');
  const second = await new Promise<{ code: unknown; stderr: string }>((done) => {
    execFile(resolve('dist/taskmaster'), ['engine', 'start', config], (error, _stdout, stderr) =>
      done({ code: error?.code, stderr }),
    );
  });
  assert.equal(second.code, 1);
  assert.match(second.stderr, /an engine is already running at .*tm\.sock/);
  assert.equal((await first.see('web')).pid, pid);
  await first.signal('SIGKILL');
  await first.exitCode().catch(() => {});
  assert.ok(statSync(first.socket).isSocket(), 'a killed engine leaves its socket');
  const third = new EngineRun(t, WEB);
  third.configure(WEB);
  await third.ready();
});

test('a stale socket in the way is replaced', async (t) => {
  const engine = new EngineRun(t, `[engine]\n${WEB}`, {
    wrapper: ['sh', '-c', 'while ! test -S "$(dirname $3)/tm.sock"; do sleep 0.01; done; exec "$0" "$@"'],
  });
  const stale = spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(engine.socket)})`,
  ]);
  t.after(() => stale.kill('SIGKILL'));
  await eventually(() => statSync(engine.socket).isSocket());
  stale.kill('SIGKILL');
  await engine.ready();
});

test('a probe that hangs with grandchildren on its pipe is killed whole, and does not hold up the verdict', async (t) => {
  const probe = 'sleep 1000 & echo $! >> {folder}/grandchildren; sleep 1000';
  const engine = await new EngineRun(
    t,
    `[processes.web]\ncmd = "sleep 1000"\n[processes.web.healthcheck]\n${shell(probe)}timeout = "100ms"\ninterval = "20ms"\nstart_period = 0\nretries = 2\non_unhealthy = "none"\n`,
  ).ready();
  const { reason } = await engine.reaches('web', 'unhealthy');
  assert.match(reason ?? '', /failed 2 times: timed out after 100ms/);
  await engine.shell('stop', 'web', '--wait');
  await eventually(async () => {
    const left = (await engine.processes()).filter(({ name, state }) => name === 'sleep' && state !== 'Z');
    assert.deepEqual(left, []);
  });
  assert.ok(readFileSync(join(engine.folder, 'grandchildren'), 'utf8').split('\n').length > 2);
});

test('a grandchild that left the group and holds the output pipe delays no restart', async (t) => {
  const engine = await new EngineRun(
    t,
    `[engine]\nexit_when = "never"\n[processes.web]\n${shell('setsid sleep 1000 & echo incarnation; sleep 0.1; exit 1')}backoff = { base = 0 }\nautorestart = "on-failure:3"\n`,
  ).ready();
  const { restarts } = await engine.reaches('web', 'failed');
  assert.equal(restarts, 3);
  assert.equal(engine.stdout, 'incarnation\n'.repeat(4));
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
});

test('what a dead leader leaves in its group is gone before the next incarnation', async (t) => {
  const engine = await new EngineRun(
    t,
    `[engine]\nexit_when = "never"\n[processes.web]\n${shell('sleep 1000 & sleep 0.1; exit 1')}backoff = { base = 0 }\nautorestart = "on-failure:3"\n`,
  ).ready();
  await engine.reaches('web', 'failed');
  assert.deepEqual(
    (await engine.processes()).filter(({ name, state }) => name === 'sleep' && state !== 'Z'),
    [],
  );
});

test('a log file on a full disk costs its oldest bytes, is told, and is written again when there is room', async (t) => {
  const engine = await new EngineRun(t, WEB).ready();
  const disk = join(engine.folder, 'disk');
  // In the engine's own mount namespace, which ends with it.
  const full = `mkdir ${disk} && mount -t tmpfs -o size=64k tmpfs ${disk} && head -c 60000 /dev/zero > ${disk}/filler`;
  assert.equal((await engine.inside('sh', ['-c', full])).code, 0);
  engine.configure(
    `${WEB}[processes.chatty]\n${shell('while :; do echo line; sleep 0.001; done')}stdout = "${disk}/log"\n`,
  );
  assert.equal((await engine.shell('reload')).code, 0);
  await eventually(() => assert.equal(engine.events('output_failed').length, 1, engine.log), {
    withinMs: 30_000,
  });
  assert.equal((await engine.see('chatty')).state, 'healthy');
  await engine.inside('rm', [join(disk, 'filler')]);
  await eventually(() => assert.ok(engine.events('output_restored').length >= 1), { withinMs: 30_000 });
  await engine.shell('stop', 'chatty', '--wait');
});

test('while a disk is full, status and why tell how much was dropped and why, and memory stays in its bound', async (t) => {
  const engine = await new EngineRun(t, WEB).ready();
  const disk = join(engine.folder, 'disk');
  await engine.inside('sh', ['-c', `mkdir ${disk} && mount -t tmpfs -o size=64k tmpfs ${disk}`]);
  engine.configure(
    `${WEB}[processes.chatty]\n${shell('yes | head -c 20000000; touch {folder}/done; sleep 1000')}stdout = "${disk}/log"\n`,
  );
  assert.equal((await engine.shell('reload')).code, 0);
  await eventually(() => statSync(join(engine.folder, 'done')).isFile(), { withinMs: 15_000 });
  await eventually(
    async () => {
      const { stdout } = await engine.shell('why', 'chatty');
      assert.match(stdout, /dropped: 1[89]\d{6} bytes of stdout: .*disk\/log could not be written to/);
    },
    { withinMs: 15_000 },
  );
  const { output, instances } = JSON.parse((await engine.shell('status', '--json')).stdout);
  assert.equal(
    output.dropped_bytes,
    instances.find(({ name }: { name: string }) => name === 'chatty').dropped_output[0].bytes,
  );
  assert.ok(
    output.memory_bytes > 1_000_000 && output.memory_bytes < output.memory_limit_bytes,
    JSON.stringify(output),
  );
});

test('nobody reads the container’s output: processes and engine go on', async (t) => {
  const engine = new EngineRun(
    t,
    `${WEB}[processes.chatty]\n${shell('yes | head -c 4000000; touch {folder}/done; sleep 1000')}`,
    {
      // A pipe that is never read, as standard output of the engine.
      wrapper: ['bash', '-c', 'exec 3> >(exec sleep 1000); exec "$0" "$@" >&3'],
    },
  );
  await engine.ready();
  await eventually(() => statSync(join(engine.folder, 'done')).isFile(), { withinMs: 15_000 });
  await engine.reaches('web', 'healthy');
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
});

test('the container’s output is closed: processes and engine go on', async (t) => {
  const engine = new EngineRun(
    t,
    `${WEB}[processes.chatty]\n${shell('yes | head -c 400000; touch {folder}/done; sleep 1000')}`,
    {
      wrapper: ['sh', '-c', 'exec "$0" "$@" >&-'],
    },
  );
  await engine.ready();
  await eventually(() => statSync(join(engine.folder, 'done')).isFile(), { withinMs: 15_000 });
  await engine.reaches('web', 'healthy');
});

test('clients that send garbage, a hundred megabytes without a newline, or nothing harm nobody', async (t) => {
  const engine = await new EngineRun(t, WEB).ready();
  await engine.reaches('web', 'healthy');
  const silent = connect(engine.socket);
  t.after(() => silent.destroy());
  const garbage = connect(engine.socket);
  garbage.on('error', () => {});
  garbage.end('\x00\xff{{{]\n\n"\n');
  await new Promise((done) => garbage.once('close', done).resume());
  const endless = connect(engine.socket);
  endless.on('error', () => {});
  const block = Buffer.alloc(1_000_000, 'x');
  await new Promise<void>((done) => {
    endless.once('close', () => done());
    const pour = (left: number): void => {
      if (left > 0 && !endless.destroyed) endless.write(block, () => pour(left - 1));
    };
    pour(100);
    endless.resume();
  });
  assert.equal((await engine.see('web')).state, 'healthy');
  const status = readFileSync(`/proc/${await engine.enginePid()}/status`, 'utf8');
  assert.ok(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) < 200_000, 'the engine has not kept it');
});

test('a port in use is the program’s own failure: told, retried, given up', async (t) => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const engine = await new EngineRun(
    t,
    `[processes.web]\ncmd = ["node", "-e", "require('net').createServer().listen(${port}, '127.0.0.1')"]\nautorestart = "on-failure:2"\nbackoff = { base = "20ms" }\n${WEB.replace('web', 'other')}`,
  ).ready();
  const { reason } = await engine.reaches('web', 'failed');
  assert.match(reason ?? '', /exited with code 1, after 2 restarts in a row/);
  const why = await engine.shell('why', 'web');
  assert.match(why.stdout, /EADDRINUSE/);
});

test('nothing of the engine leaks into a child, and its own limit of open files does not either', async (t) => {
  const script = 'env; ls /proc/self/fd; ulimit -n; grep -E "Sig(Blk|Ign)" /proc/self/status';
  const engine = new EngineRun(t, `[processes.a]\n${shell(`{ ${script}; } > {folder}/seen; sleep 1000`)}`, {
    wrapper: ['prlimit', '--nofile=777:4096'],
  });
  await engine.ready();
  await eventually(() => assert.match(engine.read('seen'), /SigIgn/));
  const seen = engine.read('seen');
  assert.match(seen, /^777$/m);
  assert.match(seen, /^SigBlk:\t0{16}\nSigIgn:\t0{16}$/m);
  const own = seen.split('\n').filter((line) => line.startsWith('TASKMASTER_'));
  assert.deepEqual(own.map((line) => line.split('=')[0]).sort(), [
    'TASKMASTER_INSTANCE',
    'TASKMASTER_INSTANCE_NUMBER',
    'TASKMASTER_PROCESS',
  ]);
  assert.deepEqual(
    seen.split('\n').filter((line) => /^\d$/.test(line)),
    ['0', '1', '2', '3'],
  );
});

test('hooks get the event as JSON on their standard input, and the reaper leaves them to Node', async (t) => {
  const engine = await new EngineRun(
    t,
    `[engine]\n${WEB}[processes.bad]\n${shell('exit 9')}autorestart = "no"\n[engine.hooks]\non_failed = ["sh", "-c", "cat > {folder}/hook.json"]\n`,
  ).ready();
  await eventually(() => {
    const event = JSON.parse(engine.read('hook.json'));
    assert.equal(event.instance, 'bad');
    assert.equal(event.to, 'failed');
  });
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
});
