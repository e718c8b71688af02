/**
 * What process groups use, by /proc, read only when somebody asks. A leader's pid is the number of its session too,
 * and a session keeps what a group loses (shells with job control make groups of their own), so sessions are summed.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../supervisor/ports/clock.ts';
import type { ContainerUsage, GroupUsage, UsageReader, UsageReading } from '../supervisor/ports/usage.ts';

/** Then the event loop has its turn: a thousand processes take about 20 ms. */
const SLICE_MS = 4;
/** Anyone who asks again within this gets the same reading: askers in a loop must not keep the engine busy. */
const FRESH_MS = 200;
/** USER_HZ (proc_pid_stat(5), time(7)): 100 on x86-64 and arm64 alike, whatever the kernel's own HZ. */
const TICKS_PER_SECOND = 100;
/** AT_PAGESZ of getauxval(3). */
const AUXV_PAGE_SIZE = 6n;

/** What is read of one process. */
interface ProcessSample {
  readonly pid: number;
  readonly session: number;
  readonly isZombie: boolean;
  readonly cpuTicks: number;
  /** In clock ticks since boot: tells a pid from a later one of the same number. */
  readonly startedAt: number;
  readonly residentPages: number;
  readonly anonymousPages: number;
}

interface GroupSum {
  cpuTicks: number;
  residentPages: number;
  anonymousPages: number;
  processes: number;
  leaderStartedAt: number | undefined;
}

/** The most CPU time that was seen of a group while its leader lives. */
interface Mark {
  readonly leaderStartedAt: number;
  readonly cpuTicks: number;
}

export interface ProcessUsagePorts {
  readonly clock: Pick<Clock, 'now'>;
  /** Where proc(5) is mounted. */
  readonly proc?: string;
  readonly sliceMs?: number;
  readonly container?: () => ContainerUsage;
}

export class ProcessUsage implements UsageReader {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #proc: string;
  readonly #sliceMs: number;
  readonly #container: (() => ContainerUsage) | undefined;
  #pageBytes: number | undefined;
  #marks: ReadonlyMap<number, Mark> = new Map();
  #running: Promise<UsageReading> | undefined;
  #latest: { readonly at: number; readonly reading: UsageReading } | undefined;

  constructor({ clock, proc = '/proc', sliceMs = SLICE_MS, container }: ProcessUsagePorts) {
    this.#container = container;
    this.#clock = clock;
    this.#proc = proc;
    this.#sliceMs = sliceMs;
  }

  read(): Promise<UsageReading> {
    if (this.#latest !== undefined && this.#clock.now() - this.#latest.at < FRESH_MS) {
      return Promise.resolve(this.#latest.reading);
    }
    this.#running ??= this.#scan().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #scan(): Promise<UsageReading> {
    const sums = new Map<number, GroupSum>();
    let sliceEnds = this.#clock.now() + this.#sliceMs;
    for (const name of listed(this.#proc)) {
      if (this.#clock.now() >= sliceEnds) {
        await nextTurn();
        sliceEnds = this.#clock.now() + this.#sliceMs;
      }
      const sample = readProcess(this.#proc, name);
      if (sample !== undefined) add(sums, sample);
    }
    const reading = this.#conclude(sums);
    this.#latest = { at: this.#clock.now(), reading };
    return reading;
  }

  #conclude(sums: ReadonlyMap<number, GroupSum>): UsageReading {
    this.#pageBytes ??= pageBytes(this.#proc);
    const marks = new Map<number, Mark>();
    const groups = new Map<number, GroupUsage>();
    for (const [session, sum] of sums) {
      const cpuTicks = this.#neverLess(session, sum);
      const { leaderStartedAt } = sum;
      if (leaderStartedAt !== undefined) marks.set(session, { leaderStartedAt, cpuTicks });
      groups.set(session, {
        cpuSeconds: cpuTicks / TICKS_PER_SECOND,
        residentBytes: sum.residentPages * this.#pageBytes,
        anonymousBytes: sum.anonymousPages * this.#pageBytes,
        processes: sum.processes,
      });
    }
    this.#marks = marks;
    const container = this.#container?.();
    return { get: (pid) => groups.get(pid), ...(container !== undefined && { container }) };
  }

  /**
   * An orphan of the group that died was collected by the engine, and its time is gone from the group. The sum must
   * not fall for that: anyone who computes a rate takes a counter that fell for one that began again.
   */
  #neverLess(session: number, { cpuTicks, leaderStartedAt }: GroupSum): number {
    const mark = this.#marks.get(session);
    return mark !== undefined && mark.leaderStartedAt === leaderStartedAt
      ? Math.max(mark.cpuTicks, cpuTicks)
      : cpuTicks;
  }
}

function listed(proc: string): readonly string[] {
  try {
    return readdirSync(proc).filter((name) => /^\d+$/.test(name));
  } catch {
    // /proc is not mounted: nothing can be told.
    return [];
  }
}

/** Reads of /proc never wait for a disk; asynchronous ones would cost the engine threads, and more time. */
function readProcess(proc: string, name: string): ProcessSample | undefined {
  try {
    const stat = readFileSync(`${proc}/${name}/stat`, 'utf8');
    // The name in brackets may hold spaces and brackets itself. Behind it, proc_pid_stat(5) counts from field 3 on.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const field = (number: number): number => Number(fields[number - 3]);
    const session = field(6);
    // Threads of the kernel, and what entered our namespace from outside without a session of its own.
    if (session === 0) return undefined;
    const isZombie = fields[0] === 'Z' || fields[0] === 'X';
    const [, resident = '0', shared = '0'] = isZombie
      ? []
      : readFileSync(`${proc}/${name}/statm`, 'utf8').split(' ');
    return {
      pid: Number(name),
      session,
      isZombie,
      // utime, stime, and those of the children it has waited for: cutime, cstime.
      cpuTicks: field(14) + field(15) + field(16) + field(17),
      startedAt: field(22),
      residentPages: Number(resident),
      anonymousPages: Math.max(0, Number(resident) - Number(shared)),
    };
  } catch {
    // Gone in the meantime.
    return undefined;
  }
}

function add(sums: Map<number, GroupSum>, sample: ProcessSample): void {
  const sum = sums.get(sample.session) ?? {
    cpuTicks: 0,
    residentPages: 0,
    anonymousPages: 0,
    processes: 0,
    leaderStartedAt: undefined,
  };
  sum.cpuTicks += sample.cpuTicks;
  sum.residentPages += sample.residentPages;
  sum.anonymousPages += sample.anonymousPages;
  if (!sample.isZombie) sum.processes += 1;
  if (sample.pid === sample.session) sum.leaderStartedAt = sample.startedAt;
  sums.set(sample.session, sum);
}

/** The kernel tells each program the size of a page: 4 KiB, on arm64 up to 64. */
function pageBytes(proc: string): number {
  try {
    const vector = readFileSync(`${proc}/self/auxv`);
    for (let at = 0; at + 16 <= vector.length; at += 16) {
      if (vector.readBigUInt64LE(at) === AUXV_PAGE_SIZE) return Number(vector.readBigUInt64LE(at + 8));
    }
  } catch {
    // Not there: the common size, then.
  }
  return 4_096;
}
