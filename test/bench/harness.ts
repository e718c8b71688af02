/** What the benchmarks share: a compiled service that stamps its main(), processes with their usage, statistics. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');
export const taskmaster = join(root, 'dist/taskmaster');

/** A folder of its own, and the stamping service in it. */
export function workshop(): { readonly folder: string; readonly stamp: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'taskmaster-bench-'));
  const stamp = join(folder, 'stamp');
  execFileSync('gcc', ['-O2', '-static', '-o', stamp, join(import.meta.dirname, 'stamp.c')]);
  return { folder, stamp, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export const now = (): bigint => process.hrtime.bigint();
export const milliseconds = (from: bigint, to: bigint): number => Number(to - from) / 1e6;

/** Stamps in a file, as written by the service. */
export function stamps(path: string): readonly { readonly at: bigint; readonly pid: number }[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [at = '0', pid = '0'] = line.split(' ');
      return { at: BigInt(at), pid: Number(pid) };
    });
}

/** Polls a file's size: the thing is waited for, not the time; the stamp itself says when it came. */
export async function untilStamps(
  path: string,
  count: number,
  withinMs = 60_000,
): Promise<ReturnType<typeof stamps>> {
  const deadline = Date.now() + withinMs;
  const bytesEach = 8;
  for (;;) {
    if (existsSync(path) && statSync(path).size >= count * bytesEach) {
      const found = stamps(path);
      if (found.length >= count) return found;
    }
    if (Date.now() > deadline) throw new Error(`only ${stamps(path).length} of ${count} stamps in ${path}`);
    await pauseFor(1);
  }
}

export const pauseFor = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

export function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): ChildProcess {
  return spawn(command, [...args], { stdio: ['ignore', 'ignore', 'ignore'], env });
}

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null)
    await new Promise((done) => child.once('exit', done));
}

export interface Usage {
  readonly cpuMs: number;
  readonly anonymousKiB: number;
  readonly rssKiB: number;
  /** Times the process's threads were put to sleep and woken. */
  readonly wakeUps: number;
}

/** From /proc (proc_pid_stat(5), proc_pid_smaps_rollup(5)); the clock tick is 100 Hz on Linux. */
export function usage(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  const smaps = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(smaps)?.[1] ?? 0);
  const threads = execFileSync('ls', [`/proc/${pid}/task`], { encoding: 'utf8' })
    .trim()
    .split('\n');
  const wakeUps = threads.reduce((sum, thread) => {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    return sum + Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  }, 0);
  const cpuMs = (Number(stat[11]) + Number(stat[12])) * 10;
  return { cpuMs, anonymousKiB: kib('Anonymous'), rssKiB: kib('Rss'), wakeUps };
}

export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
export const median = (numbers: readonly number[]): number => quantile(numbers, 0.5);

export function report(rows: readonly Readonly<Record<string, string | number>>[]): void {
  console.table(rows);
}
