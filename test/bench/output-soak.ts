/**
 * GiB (the argument, or 1) of numbered lines into rotated files, while three follow the process that prints them, one
 * of them stuck: is every line there once and in order, what memory does the engine take meanwhile, and how long does
 * a line of a second, quiet process take from its write to a follower?
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../src/rpc/client/client.ts';
import { median, now, pauseFor, quantile, report, run, taskmaster } from './harness.ts';

const GIB = Number(process.argv[2] ?? 1);
const BYTES = GIB * 2 ** 30;
const LINE_BYTES = 21;
/** As the writer cuts them. */
const BLOCK_BYTES = Math.floor(65_536 / LINE_BYTES) * LINE_BYTES;
const folder = mkdtempSync(join(tmpdir(), 'taskmaster-soak-'));
const socket = join(folder, 'sock');
for (const name of ['numbers', 'tick'])
  execFileSync('gcc', ['-O2', '-static', '-o', join(folder, name), join(import.meta.dirname, `${name}.c`)]);
writeFileSync(
  join(folder, 'tm.toml'),
  `[engine]
socket = "${socket}"
exit_when = "never"
[processes.flood]
cmd = "${folder}/numbers ${BYTES}"
autostart = false
autorestart = "no"
stdout = { file = "${folder}/log", max_size = "50MB", max_files = 1000 }
[processes.tick]
cmd = "${folder}/tick"
stdout = "${folder}/tick.log"
`,
);
const engine = run(taskmaster, ['engine', 'start', join(folder, 'tm.toml')]);
const memory = (name: string): number =>
  Number(
    new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${engine.pid}/status`, 'utf8'))?.[1],
  ) / 1_024;
const client = await untilConnected();

async function untilConnected(): ReturnType<typeof connect> {
  for (;;) {
    try {
      return await connect({ socket, environment: {}, uid: process.getuid?.() ?? 0 });
    } catch {
      await pauseFor(20);
    }
  }
}

/** Milliseconds from the write of a line to us. */
const latencies = { alone: [] as number[], flooded: [] as number[] };
let phase: keyof typeof latencies = 'alone';
const { subscription } = await client.call('attach', { name: 'tick', replay: false });
client.onNotification(subscription, (notification) => {
  if (notification.method !== 'attach' || notification.params.kind !== 'output') return;
  const { text, base64 = '' } = notification.params as { text?: string; base64?: string };
  const at = now();
  for (const line of (text ?? Buffer.from(base64, 'base64').toString()).trim().split('\n'))
    latencies[phase].push(Number(at - BigInt(line)) / 1e6);
});
await pauseFor(3_000);

const follow = (stdout: 'ignore' | 'pipe'): ChildProcess =>
  spawn(join(taskmaster, '../taskshell'), ['attach', 'flood', '--socket', socket], {
    stdio: ['ignore', stdout, 'ignore'],
  });
const followers = [follow('ignore'), follow('ignore'), follow('ignore')];
await pauseFor(1_000);
followers[2]?.kill('SIGSTOP');
const before = memory('VmRSS');
phase = 'flooded';
const from = now();
await client.call('start', { names: ['flood'] });
let most = 0;
for (let state = ''; state !== 'completed' && state !== 'failed'; ) {
  await pauseFor(200);
  most = Math.max(most, memory('VmRSS'));
  state = (await client.call('status', { names: ['flood'] })).instances[0]?.state ?? '';
}
const seconds = Number(now() - from) / 1e9;
await client.call('shutdown', {});
await new Promise((done) => engine.once('exit', done));
for (const child of followers) child.kill('SIGKILL');

/** The oldest first. */
const numberOf = (name: string): number => Number(/\.(\d+)$/.exec(name)?.[1] ?? 0);
const names = readdirSync(folder)
  .filter((name) => /^log(\.\d+)?$/.test(name))
  .sort((one, other) => numberOf(other) - numberOf(one));
const received = createHash('sha256');
let receivedBytes = 0;
for (const name of names) {
  for await (const bytes of createReadStream(join(folder, name), { highWaterMark: 1_048_576 })) {
    received.update(bytes);
    receivedBytes += bytes.length;
  }
}
const sent = createHash('sha256');
await new Promise<void>((done) => {
  const again = spawn(join(folder, 'numbers'), [String(BYTES)], { stdio: ['ignore', 'pipe', 'ignore'] });
  again.stdout.on('data', (bytes: Buffer) => sent.update(bytes)).once('end', done);
});
const expectedBytes = Math.ceil(BYTES / BLOCK_BYTES) * BLOCK_BYTES;
const checksum = received.digest('hex') === sent.digest('hex') && receivedBytes === expectedBytes;
report([
  {
    GiB: (receivedBytes / 2 ** 30).toFixed(2),
    files: names.length,
    'MB/s': (receivedBytes / 1e6 / seconds).toFixed(0),
    'every line once, in order': checksum ? 'yes' : 'NO',
    'MiB before': before.toFixed(0),
    'MiB at most': most.toFixed(0),
  },
]);
report(
  Object.entries(latencies).map(([when, all]) => ({
    'a line to a follower': when,
    lines: all.length,
    'p50 ms': median(all).toFixed(2),
    'p99 ms': quantile(all, 0.99).toFixed(2),
  })),
);
rmSync(folder, { recursive: true });
process.exit(checksum ? 0 : 1);
