/**
 * `taskmaster init` beside tini, dumb-init and catatonit (those that are installed) and `node -e 0`, in turns: from
 * its exec to main() of its command and to its own end, its memory, and how often it wakes while nothing happens.
 */

import { type ChildProcess, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ended, median, pauseFor, report, run, taskmaster, usage, workshop } from './harness.ts';

const RUNS = 101;
const IDLE_SECONDS = 10;
const { folder, stamp, remove } = workshop();
const launch = join(folder, 'launch');
execFileSync('gcc', ['-O2', '-static', '-o', launch, join(import.meta.dirname, 'launch.c')]);

interface Contender {
  readonly name: string;
  readonly words: readonly [string, ...string[]];
}

const tini: Contender = { name: 'tini', words: ['/usr/bin/tini', '-s', '--'] };
const contenders = [
  tini,
  { name: 'taskmaster init', words: [taskmaster, 'init', '-s', '--'] },
  { name: 'dumb-init', words: ['/usr/bin/dumb-init', '--'] },
  { name: 'catatonit', words: ['/usr/bin/catatonit', '-g', '--'] },
].filter(({ words }) => existsSync(words[0] ?? '')) as readonly Contender[];

/** Milliseconds to main() and to the end. */
function launched(words: readonly string[]): readonly [number, number] {
  const [toMain = 0, toEnd = 0] = execFileSync(launch, [...words], { encoding: 'utf8' })
    .split(' ')
    .map(Number);
  return [toMain / 1e6, toEnd / 1e6];
}

const toMain = new Map<string, number[]>();
const toEnd = new Map<string, number[]>();
const keep = (map: Map<string, number[]>, name: string, value: number): unknown =>
  map.set(name, [...(map.get(name) ?? []), value]);
for (let index = 0; index < RUNS; index++) {
  for (const { name, words } of contenders) {
    keep(toMain, name, launched([...words, launch, '--stamp'])[0]);
    keep(toEnd, name, launched([...words, '/bin/true'])[1]);
  }
  if (index % 5 === 0) keep(toEnd, 'node -e 0', launched([process.execPath, '-e', '0'])[1]);
}

const idle = contenders.map(({ name, words: [file, ...flags] }) => ({
  name,
  child: run(file, [...flags, stamp, join(folder, 'stamps')]),
}));
await pauseFor(1_000);
const before = new Map(idle.map(({ name, child }) => [name, usage(child.pid ?? 0).wakeUps]));
await pauseFor(IDLE_SECONDS * 1_000);

function pssKiB(child: ChildProcess): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
}

const ratio = (map: Map<string, number[]>, name: string): string => {
  const ours = map.get(name) ?? [];
  const theirs = map.get(tini.name) ?? [];
  return median(ours.map((value, index) => value / (theirs[index] ?? Number.NaN))).toFixed(2);
};
const rows = idle.map(({ name, child }) => {
  const { anonymousKiB, wakeUps } = usage(child.pid ?? 0);
  return {
    what: name,
    'to main() ms': median(toMain.get(name) ?? []).toFixed(2),
    'beside tini': ratio(toMain, name),
    'to the end ms': median(toEnd.get(name) ?? []).toFixed(2),
    'beside tini, end': ratio(toEnd, name),
    'PSS KiB': pssKiB(child),
    'anonymous KiB': anonymousKiB,
    'wake-ups a second': ((wakeUps - (before.get(name) ?? 0)) / IDLE_SECONDS).toFixed(1),
  };
});
report([...rows, { what: 'node -e 0', 'to the end ms': median(toEnd.get('node -e 0') ?? []).toFixed(2) }]);
for (const { child } of idle) {
  child.kill('SIGTERM');
  await ended(child);
}
remove();
