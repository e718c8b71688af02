/**
 * What hostile clients cost the others and the engine: strangers, readers who ask for all that is dear, readers who
 * never read, half requests, nonsense, and the same at the HTTP port, all at once, while root asks as a probe does.
 * Run as root: node test/bench/hostile-clients.ts [SECONDS] [INSTANCES] [ATTACK]
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { ended, median, pauseFor, quantile, report, taskmaster, workshop } from './harness.ts';
import { ATTACKER_SCRIPT, ATTACKS, CONTROLLER, READER } from './hostile-attacks.ts';

const SECONDS = Number(process.argv[2] ?? 60);
const INSTANCES = Number(process.argv[3] ?? 1_000);
/** Only attacks whose names contain this. */
const ONLY = process.argv[4];
const PORT = 19_180;
/** How often a long run reports what the engine costs. */
const SAMPLE_SECONDS = 180;

interface Cost {
  readonly rssMiB: number;
  readonly descriptors: number;
  readonly threads: number;
}

const { folder, stamp, remove } = workshop();
chmodSync(folder, 0o755);
const socket = join(folder, 'tm.sock');
const log = join(folder, 'engine.log');
const config = join(folder, 'tm.toml');
writeFileSync(
  config,
  `[engine]\nsocket = "${socket}"\nsocket_mode = "0666"\naccess.read = [${READER}]\naccess.control = [${CONTROLLER}]\nhttp.listen = ${PORT}\n` +
    `[processes.service]\ncmd = "${stamp} ${join(folder, 'stamps')}"\ninstances = ${INSTANCES}\n` +
    '[processes.deaf]\ncmd = "sleep infinity"\nstdin = "pipe"\n' +
    `[processes.victim]\ncmd = "${stamp}"\ninstances = 4\n`,
);
const engine = spawn('sh', ['-c', `exec '${taskmaster}' engine start '${config}' 2>'${log}'`], {
  stdio: 'ignore',
});
const attackers: ChildProcess[] = [];
try {
  await untilAnswered();
  await pauseFor(5_000);
  const before = costOf(engine.pid ?? 0);
  const calm = await askFor(3_000);
  const linesBefore = logLines();
  const chosen = ATTACKS.filter(({ what }) => what.includes(ONLY ?? ''));
  for (const { script, uid } of chosen) {
    const args = ['-e', `${ATTACKER_SCRIPT}\n${script}`, socket, String(PORT), String(uid)];
    attackers.push(spawn(process.execPath, args, { stdio: 'ignore' }));
  }
  // Twelve programs that start keep the machine busy by themselves.
  await pauseFor(2_000);
  let most = before;
  sample('before', before);
  const began = performance.now();
  let told = 0;
  const watching = setInterval(() => {
    const now = costOf(engine.pid ?? 0);
    const passed = (performance.now() - began) / 1_000;
    if (passed >= told * SAMPLE_SECONDS) sample(`${told++ * SAMPLE_SECONDS} s`, now);
    most = {
      rssMiB: Math.max(most.rssMiB, now.rssMiB),
      descriptors: Math.max(most.descriptors, now.descriptors),
      threads: Math.max(most.threads, now.threads),
    };
  }, 500);
  const attacked = await askFor(SECONDS * 1_000);
  const logged = logLines() - linesBefore;
  for (const attacker of attackers) attacker.kill('SIGKILL');
  await pauseFor(ONLY === undefined ? 60_000 : 1_000);
  clearInterval(watching);
  const after = costOf(engine.pid ?? 0);
  report([
    { what: 'before', ...before },
    { what: 'most', ...most },
    { what: 'after', ...after },
  ]);
  report([
    { what: 'calm', ...calm },
    { what: `${chosen.length} attacks`, ...attacked },
  ]);
  process.stdout.write(`log lines in ${SECONDS} s of attacks: ${logged}\n`);
} catch (error) {
  const end = engine.exitCode ?? engine.signalCode ?? 'runs';
  const last = execFileSync('tail', ['-n', '20', log], { encoding: 'utf8' });
  process.stdout.write(`the engine: ${end}; the end of its log:\n${last}\n`);
  throw error;
} finally {
  for (const attacker of attackers) attacker.kill('SIGKILL');
  engine.kill('SIGTERM');
  await ended(engine);
  remove();
}

function sample(when: string, { rssMiB, descriptors, threads }: Cost): void {
  process.stdout.write(`${when}: ${rssMiB} MiB, ${descriptors} descriptors, ${threads} threads\n`);
}

function costOf(pid: number): Cost {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return {
    rssMiB: Math.round(field('VmRSS') / 1_024),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: field('Threads'),
  };
}

function logLines(): number {
  return Number.parseInt(execFileSync('wc', ['-l', log], { encoding: 'utf8' }), 10);
}

/** What the engine's main thread has worked (Documentation/scheduler/sched-stats): other programs do not count. */
function workedMs(): number {
  const path = `/proc/${engine.pid}/task/${engine.pid}/schedstat`;
  return Number(readFileSync(path, 'utf8').split(' ')[0]) / 1e6;
}

/** Once over a connection that stays, once over a new one as a probe's, in turns. */
async function askFor(durationMs: number): Promise<Readonly<Record<string, string>>> {
  const kept = await connectedAsker();
  const waits: number[] = [];
  const worked: number[] = [];
  const probes: number[] = [];
  for (const until = performance.now() + durationMs; performance.now() < until; await pauseFor(20)) {
    const before = workedMs();
    waits.push(await kept.ask());
    worked.push(workedMs() - before);
    const from = performance.now();
    const fresh = await connectedAsker();
    await fresh.ask();
    fresh.close();
    probes.push(performance.now() - from);
  }
  kept.close();
  const shown = (values: readonly number[]): Record<string, string> => ({
    median: median(values).toFixed(1),
    p99: quantile(values, 0.99).toFixed(1),
    max: Math.max(...values).toFixed(1),
  });
  const [ofKept, ofFresh] = [shown(waits), shown(probes)];
  return {
    asked: String(waits.length),
    'kept, median ms': ofKept.median ?? '',
    'p99 ': ofKept.p99 ?? '',
    'max ': ofKept.max ?? '',
    'worked, p99 ms': quantile(worked, 0.99).toFixed(1),
    'max  ': Math.max(...worked).toFixed(1),
    'new, median ms': ofFresh.median ?? '',
    p99: ofFresh.p99 ?? '',
    max: ofFresh.max ?? '',
  };
}

async function untilAnswered(): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++, await pauseFor(100)) {
    try {
      const asker = await connectedAsker();
      await asker.ask();
      asker.close();
      return;
    } catch {
      // Not yet.
    }
  }
  throw new Error(`the engine does not answer: ${readFileSync(log, 'utf8').slice(-2_000)}`);
}

/** As taskshell does: the queue may be full for a moment. */
async function connected(): Promise<Socket> {
  for (const until = performance.now() + 5_000; ; await pauseFor(10)) {
    const connection = createConnection({ path: socket });
    const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) =>
      connection.once('connect', () => resolve(undefined)).once('error', resolve),
    );
    if (failure === undefined) return connection;
    if (failure.code !== 'EAGAIN' || performance.now() > until) throw failure;
  }
}

interface Asker {
  /** @returns how long the answer took, in milliseconds. */
  ask(): Promise<number>;
  close(): void;
}

async function connectedAsker(): Promise<Asker> {
  const began = performance.now();
  const connection = await connected();
  const waiting: (() => void)[] = [];
  connection.on('data', (chunk: Buffer) => {
    if (chunk.includes('\n')) waiting.shift()?.();
  });
  const gone = new Promise<never>((_, reject) => {
    connection.on('close', () =>
      reject(new Error(`root was turned away after ${Math.round(performance.now() - began)} ms`)),
    );
    connection.on('error', reject);
  });
  gone.catch(() => undefined);
  return {
    ask: async () => {
      const from = performance.now();
      const answered = new Promise<void>((resolve) => waiting.push(resolve));
      connection.write('{"jsonrpc":"2.0","id":1,"method":"version"}\n');
      await Promise.race([answered, gone]);
      return performance.now() - from;
    },
    close: () => connection.destroy(),
  };
}
