/** A thousand services: time until all are in main(), CPU, memory; then a quiet minute of a hundred of them. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ended,
  milliseconds,
  now,
  pauseFor,
  report,
  run,
  taskmaster,
  untilStamps,
  usage,
  workshop,
} from './harness.ts';

const QUIET_MS = Number(process.env.QUIET_MS ?? 60_000);

const rows: Record<string, string | number>[] = [];
for (const count of [1, 100, 1_000]) {
  const { folder, stamp, remove } = workshop();
  const file = join(folder, 'stamps');
  const config = join(folder, 'tm.toml');
  const processes = Array.from(
    { length: count },
    (_, index) => `[processes.s${index}]\ncmd = "${stamp}"\nargs = ["${file}"]\n`,
  );
  writeFileSync(config, `[engine]\nsocket = "${folder}/tm.sock"\n${processes.join('')}`);
  const startedAt = now();
  const engine = run(taskmaster, ['engine', 'start', config]);
  const all = await untilStamps(file, count);
  const last = BigInt(Math.max(...all.map(({ at }) => Number(at))));
  // Healthy after a second, the control socket open, pino loaded: then it is quiet.
  await pauseFor(3_000);
  const pid = engine.pid ?? 0;
  const settled = usage(pid);
  let wakeUps = 'not measured';
  if (count === 100) {
    await pauseFor(QUIET_MS);
    wakeUps = ((usage(pid).wakeUps - settled.wakeUps) / (QUIET_MS / 1_000)).toFixed(2);
  }
  const stopAt = now();
  engine.kill('SIGTERM');
  await ended(engine);
  rows.push({
    services: count,
    all_in_main_ms: milliseconds(startedAt, last).toFixed(0),
    cpu_s: (settled.cpuMs / 1_000).toFixed(2),
    anonymous_MiB: (settled.anonymousKiB / 1_024).toFixed(1),
    rss_MiB: (settled.rssKiB / 1_024).toFixed(1),
    wake_ups_a_second: wakeUps,
    stop_ms: milliseconds(stopAt, now()).toFixed(0),
  });
  remove();
}
report(rows);
