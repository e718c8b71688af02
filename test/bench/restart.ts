/** From SIGKILL to the next main() of a service that is restarted at once, beside runit in the same run, in turns. */

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
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
  workshop,
} from './harness.ts';

const RESTARTS = Number(process.env.RESTARTS ?? 150);
/** runit waits where a service lived under a second, so each is given longer than that. */
const LIFE_MS = 1_100;

const { folder, stamp, remove } = workshop();
const ours = join(folder, 'ours');
const theirs = join(folder, 'theirs');
const config = join(folder, 'tm.toml');
writeFileSync(
  config,
  `[engine]\nsocket = "${folder}/tm.sock"\n[processes.s]\ncmd = "${stamp}"\nargs = ["${ours}"]\nautorestart = "always"\nbackoff = { base = 0 }\nhealthcheck = { uptime = "100ms" }\n`,
);
const services = join(folder, 'services');
mkdirSync(join(services, 's'), { recursive: true });
writeFileSync(join(services, 's/run'), `#!/bin/sh\nexec ${stamp} ${theirs}\n`);
chmodSync(join(services, 's/run'), 0o755);

const engine = run(taskmaster, ['engine', 'start', config]);
const runsvdir = run('runsvdir', [services]);
const latencies: Record<'taskmaster' | 'runit', number[]> = { taskmaster: [], runit: [] };

/** Kills the newest incarnation and reads when the next one reached main(). */
async function restartOnce(file: string): Promise<number> {
  const before = await untilStamps(file, 1);
  const killedAt = now();
  process.kill(before.at(-1)?.pid ?? 0, 'SIGKILL');
  const after = await untilStamps(file, before.length + 1);
  return milliseconds(killedAt, after.at(-1)?.at ?? 0n);
}

for (let index = 0; index < RESTARTS; index++) {
  await pauseFor(LIFE_MS);
  latencies.taskmaster.push(await restartOnce(ours));
  latencies.runit.push(await restartOnce(theirs));
}
engine.kill('SIGTERM');
runsvdir.kill('SIGHUP');
await Promise.all([ended(engine), ended(runsvdir)]);
execFileSync('sh', ['-c', `sleep 0.3; rm -rf ${services}/s/supervise`]);
remove();
report(
  Object.entries(latencies).map(([what, values]) => ({
    what,
    median_ms: median(values).toFixed(2),
    p99_ms: quantile(values, 0.99).toFixed(2),
    worst_ms: Math.max(...values).toFixed(2),
  })),
);
