/** From exec of `taskmaster` to main() of its service, beside exec-to-exit of `node -e 0`, in turns. */

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ended,
  median,
  milliseconds,
  now,
  quantile,
  report,
  run,
  taskmaster,
  untilStamps,
  workshop,
} from './harness.ts';

const RUNS = 21;
const { folder, stamp, remove } = workshop();
const config = join(folder, 'tm.toml');
const file = join(folder, 'stamps');
writeFileSync(
  config,
  `[engine]\nsocket = "${folder}/tm.sock"\n[processes.s]\ncmd = "${stamp}"\nargs = ["${file}"]\n`,
);

const node: number[] = [];
const engine: number[] = [];
for (let index = 0; index < RUNS; index++) {
  const nodeStart = now();
  await ended(run(process.execPath, ['-e', '0']));
  node.push(milliseconds(nodeStart, now()));

  rmSync(file, { force: true });
  const start = now();
  const child = run(taskmaster, ['engine', 'start', config]);
  const [first] = await untilStamps(file, 1);
  engine.push(milliseconds(start, first?.at ?? 0n));
  child.kill('SIGTERM');
  await ended(child);
}
remove();
const ratios = engine.map((value, index) => value / (node[index] ?? Number.NaN));
report([
  { what: 'node -e 0', median: median(node).toFixed(1), p90: quantile(node, 0.9).toFixed(1) },
  { what: 'taskmaster to main()', median: median(engine).toFixed(1), p90: quantile(engine, 0.9).toFixed(1) },
  { what: 'ratio, pair by pair', median: median(ratios).toFixed(2), p90: quantile(ratios, 0.9).toFixed(2) },
]);
