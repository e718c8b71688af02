/** Programs that connections start: what it costs to wait for them, and from connect(2) to main(). */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import {
  ended,
  median,
  milliseconds,
  now,
  pauseFor,
  quantile,
  report,
  run,
  taskmaster,
  untilStamps,
  usage,
  workshop,
} from './harness.ts';

const PROGRAMS = 100;
const SETTLE_MS = 60_000;
const QUIET_MS = 30_000;
const { folder, stamp, remove } = workshop();

type Measured = {
  readonly what: string;
  readonly 'wake-ups a second': string;
  readonly MiB: string;
};

/** By thread: those that end meanwhile take theirs with them. */
function wakeUps(pid: number): ReadonlyMap<string, number> {
  return new Map(
    readdirSync(`/proc/${pid}/task`).map((task) => {
      const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
      return [task, Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1])] as const;
    }),
  );
}

async function measure(pid: number, what: string): Promise<Measured> {
  await pauseFor(SETTLE_MS);
  const before = wakeUps(pid);
  await pauseFor(QUIET_MS);
  const woken = [...wakeUps(pid)].reduce((sum, [task, count]) => sum + count - (before.get(task) ?? 0), 0);
  return {
    what,
    'wake-ups a second': (woken / (QUIET_MS / 1_000)).toFixed(2),
    MiB: (usage(pid).anonymousKiB / 1_024).toFixed(1),
  };
}

const stampsOf = (index: number): string => join(folder, `stamps-${index}`);

function start(keys: string): ReturnType<typeof run> {
  const config = join(folder, 'tm.toml');
  const programs = Array.from(
    { length: PROGRAMS },
    (_, index) =>
      `[sockets.s${index}]\nlisten = "unix:${folder}/s${index}"\n[processes.p${index}]\ncmd = ["${stamp}", "${stampsOf(index)}"]\nsockets = ["s${index}"]\n${keys}`,
  );
  writeFileSync(config, `[engine]\nsocket = "${folder}/tm.sock"\n${programs.join('')}`);
  return run(taskmaster, ['engine', 'start', config]);
}

async function stop(engine: ReturnType<typeof run>): Promise<void> {
  engine.kill('SIGTERM');
  await ended(engine);
}

const rows: Measured[] = [];
const took: number[] = [];
const clients: Socket[] = [];
const activated = start('activate = true\nidle_stop = "5m"\n');
rows.push(await measure(activated.pid ?? 0, `${PROGRAMS} programs listen`));
for (let index = 0; index < PROGRAMS; index += 1) {
  await pauseFor(20);
  const startedAt = now();
  clients.push(connect(join(folder, `s${index}`)).on('error', () => {}));
  const [first] = await untilStamps(stampsOf(index), 1);
  took.push(milliseconds(startedAt, first?.at ?? 0n));
}
rows.push(await measure(activated.pid ?? 0, `${PROGRAMS} activated programs run`));
for (const client of clients) client.destroy();
await stop(activated);
const plain = start('');
rows.push(await measure(plain.pid ?? 0, `${PROGRAMS} programs run, not activated`));
await stop(plain);
remove();
report(rows);
report([
  {
    what: 'connect(2) to main(), ms',
    median: median(took).toFixed(2),
    p90: quantile(took, 0.9).toFixed(2),
    p99: quantile(took, 0.99).toFixed(2),
  },
]);
