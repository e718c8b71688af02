/** Programs that lie, flood and die while they say how they are; pid files that others have written. */

import assert from 'node:assert/strict';
import { chmodSync, existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { compileFixture } from '../support/compile.ts';
import { EngineRun, shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

const SENDER = `
import ctypes, os, socket, struct, sys, time
def channel(name):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.connect("\\0" + name[1:])
    return s
def forge(s, text, pid, uid=0, gid=0):
    s.sendmsg([text], [(socket.SOL_SOCKET, 2, struct.pack("iii", pid, uid, gid))])
own = channel(os.environ["NOTIFY_SOCKET"])
`;

function script(text: string): string {
  return `cmd = ["/usr/bin/python3", "-c", ${JSON.stringify((SENDER + text).replaceAll('$', '$$$$'))}]\n`;
}

/** CPU time of the engine so far, in seconds. */
async function cpuOf(engine: EngineRun): Promise<number> {
  const { stdout } = await engine.inside('cat', ['/proc/1/stat']);
  const fields = stdout.slice(stdout.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

test('floods of notifications harm only those that send them', async (t) => {
  const engine = await new EngineRun(
    t,
    `[processes.good]
type = "notify"
watchdog = "2s"
${script('own.send(b"READY=1")\nwhile True: time.sleep(0.5); own.send(b"WATCHDOG=1")')}
[processes.flood]
type = "notify"
instances = 3
${script('own.send(b"READY=1")\nwhile True: own.send(b"STATUS=" + os.urandom(3000).hex()[:3000].encode())')}
`,
  ).ready();
  for (const name of ['good', 'flood:1', 'flood:2', 'flood:3']) await engine.reaches(name, 'healthy');
  const before = await cpuOf(engine);
  const begun = Date.now();
  await new Promise((done) => setTimeout(done, 4_000));
  const share = (await cpuOf(engine)) - before;
  assert.ok(share < (Date.now() - begun) / 2_000, `${share} s of CPU`);
  const asked = Date.now();
  assert.equal((await engine.see('good')).state, 'healthy');
  assert.ok(Date.now() - asked < 2_000);
  assert.equal((await engine.see('good')).restarts, 0, 'its watchdog was fed');
  const log = engine.log.length;
  assert.ok(log < 100_000, `the log has ${log} bytes`);
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
});

test('100,000 notifications a second wait in the socket of their sender', async (t) => {
  const flood = compileFixture('notify-flood');
  t.after(flood.remove);
  chmodSync(dirname(flood.path), 0o755);
  const engine = await new EngineRun(
    t,
    `[engine]
exit_when = "never"
[processes.flood]
type = "notify"
user = "nobody"
cmd = ["${flood.path}", "300000"]
stdout = {file = "{folder}/flood.log"}
[processes.good]
type = "notify"
watchdog = "1s"
${script('own.send(b"READY=1")\nwhile True: time.sleep(0.3); own.send(b"WATCHDOG=1")')}
`,
  ).ready();
  await engine.reaches('flood', 'healthy');
  await engine.reaches('good', 'healthy');
  const before = await cpuOf(engine);
  // It tries 100,000 times a second for three seconds, and then says how many were taken.
  const line = await eventually(
    () => {
      const found = /sent (\d+) of (\d+) in (\d+) ms/.exec(engine.read('flood.log'));
      assert.ok(found !== null);
      return found;
    },
    { withinMs: 20_000 },
  );
  const [sent = 0, tried = 0, ms = 1] = line.slice(1).map(Number);
  const cpu = (await cpuOf(engine)) - before;
  t.diagnostic(
    `${Math.round((tried / ms) * 1_000)} tried, ${Math.round((sent / ms) * 1_000)} taken a second; the engine used ${Math.round((cpu / ms) * 100_000)} % of a processor`,
  );
  assert.ok(tried >= 300_000 && tried / ms >= 50, `${tried} in ${ms} ms`);
  assert.ok(sent / ms < 1, `${sent} in ${ms} ms`);
  assert.ok(cpu < (ms / 1_000) * 0.25, `${cpu} s of CPU in ${ms} ms`);
  assert.equal((await engine.see('good')).restarts, 0, 'its watchdog was fed');
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
});

test('nobody speaks for another: forged credentials, foreign sockets, MAINPID of a stranger', async (t) => {
  const engine = await new EngineRun(
    t,
    `[processes.victim]
type = "notify"
notify_access = "all"
start_timeout = 0
user = "www-data"
${shellCommand('exec sleep 1000')}
[processes.liar]
type = "notify"
user = "nobody"
start_timeout = 0
autorestart = "no"
${script(`
victim = int(os.popen("pgrep -u www-data sleep").read() or 0)
names = [line.split()[-1] for line in open("/proc/net/unix") if line.split()[-1].startswith("@")]
for name in names:
    if name == os.environ["NOTIFY_SOCKET"]: continue
    try: s = channel(name)
    except OSError: continue
    s.send(b"READY=1\\nMAINPID=%d" % os.getpid())
    try: forge(s, b"READY=1", victim); print("forged a pid", flush=True)
    except PermissionError: print("refused a pid", flush=True)
    try: forge(s, b"READY=1", os.getpid(), 33, 33); print("forged a user", flush=True)
    except PermissionError: print("refused a user", flush=True)
own.send(b"MAINPID=%d" % victim)
own.send(b"MAINPID=1")
own.send(b"READY=1")
time.sleep(1000)`)}
`,
  ).ready();
  await engine.reaches('liar', 'healthy');
  assert.equal((await engine.see('victim')).state, 'healthcheck');
  const logs = engine.stdout;
  assert.match(logs, /refused a pid[\s\S]*refused a user/);
  assert.doesNotMatch(logs, /forged/);
  const refused = engine.events('notification_refused').map(({ reason }) => String(reason));
  assert.match(refused.join('\n'), /pid \d+ \(uid 65534\) is not one of its processes/);
  assert.match(refused.join('\n'), /MAINPID=\d+, but pid \d+ is not one of its processes/);
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
});

test('a sender that exits at once is known, and a main process that dies is noticed', async (t) => {
  const engine = await new EngineRun(
    t,
    `[processes.brief]
type = "notify"
notify_access = "all"
user = "www-data"
${shellCommand('for n in $(seq 20); do systemd-notify --no-block --status=$n; done; systemd-notify --no-block --ready; exec sleep 1000')}
[processes.moved]
type = "notify"
autorestart = "no"
${script(`
child = os.fork()
if child == 0:
    time.sleep(0.5); os.kill(os.getpid(), 9)
own.send(b"MAINPID=%d\\nREADY=1" % child)
os.waitpid(child, 0)
time.sleep(1.5)
sys.exit(7)`)}
[processes.both]
type = "notify"
autorestart = "no"
${script('own.send(b"READY=1"); sys.exit(0)')}
`,
  ).ready();
  await engine.reaches('brief', 'healthy');
  await engine.reaches('both', 'completed');
  assert.ok(
    engine.events('state_changed').some(({ instance, to }) => instance === 'both' && to === 'healthy'),
    'what it said before it exited counts',
  );
  const moved = await engine.reaches('moved', 'failed');
  assert.match(moved.reason ?? '', /code 7/);
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
});

test('pid files: garbage, a link, an old pid, and the pid of another user start nothing, and say why', async (t) => {
  const daemon = compileFixture('daemon');
  t.after(daemon.remove);
  chmodSync(dirname(daemon.path), 0o755);
  const one = (name: string, text: string): string => `[processes.${name}]
type = "forking"
user = "www-data"
start_timeout = "4s"
autorestart = "no"
autostart = false
pid_file = "{folder}/run/${name}.pid"
cmd = ["${daemon.path}", "${text === 'none' ? '' : `{folder}/run/${name}.pid`}", "${text === 'none' ? '' : text}"]
`;
  const engine = new EngineRun(
    t,
    `${one('garbage', 'abc')}${one('stranger', '1')}${one('nobody', '4194000')}${one('old', 'none')}${one('link', 'none')}
[processes.other]
user = "nobody"
cmd = "sleep 1000"
[processes.foreign]
type = "forking"
user = "www-data"
start_timeout = "4s"
autorestart = "no"
autostart = false
pid_file = "{folder}/run/foreign.pid"
${shellCommand(`exec ${daemon.path} {folder}/run/foreign.pid $(pgrep -u nobody -x sleep)`)}`,
  );
  chmodSync(engine.folder, 0o755);
  await engine.ready();
  await engine.inside('install', ['-d', '-o', 'www-data', join(engine.folder, 'run')]);
  writeFileSync(join(engine.folder, 'run/old.pid'), '2\n');
  await engine.inside('touch', ['-d', '1 hour ago', join(engine.folder, 'run/old.pid')]);
  writeFileSync(join(engine.folder, 'secret'), '2\n');
  symlinkSync(join(engine.folder, 'secret'), join(engine.folder, 'run/link.pid'));
  await engine.inside('chown', ['-h', 'www-data', join(engine.folder, 'run/link.pid')]);
  const names = ['garbage', 'stranger', 'nobody', 'old', 'link', 'foreign'];
  const { pid: other } = await engine.reaches('other', 'healthy');
  await engine.shell('start', ...names);
  for (const name of names) await engine.reaches(name, 'failed', 30_000);
  const said = engine.events('process_said').map(({ message }) => String(message));
  for (const why of [
    /garbage\.pid: its first line is not a pid/,
    /stranger\.pid: pid 1 is not one of its processes/,
    /nobody\.pid: pid 4194000 does not exist/,
    /old\.pid: it is older than this start/,
    new RegExp(`foreign\\.pid: pid ${other} is not one of its processes`),
    /link\.pid: .*symbolic link/,
  ])
    assert.match(said.join('\n'), why);
  await eventually(async () => {
    const { stdout } = await engine.inside('pgrep', ['-c', 'daemon']);
    assert.equal(stdout.trim(), '0', 'nothing of them is left');
  });
  assert.equal((await engine.see('other')).pid, other, 'nobody has signalled it');
  assert.ok(existsSync(join(engine.folder, 'secret')));
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
});
