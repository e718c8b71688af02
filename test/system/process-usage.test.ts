import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { GroupUsage, UsageReading } from '../../src/supervisor/ports/usage.ts';
import { SystemClock } from '../../src/system/clock.ts';
import { ProcessUsage } from '../../src/system/process-usage.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const MEBIBYTE = 1_048_576;

interface FakeProcess {
  readonly session: number;
  readonly name?: string;
  readonly state?: string;
  /** utime, stime, cutime, cstime */
  readonly ticks?: readonly [number, number, number, number];
  readonly startedAt?: number;
  readonly resident?: number;
  readonly shared?: number;
}

/** A /proc of our own making. */
class FakeProc {
  readonly folder: string;

  constructor(t: TestContext) {
    this.folder = temporaryFolder(t);
    for (const name of ['self', 'sys', 'tty']) mkdirSync(join(this.folder, name));
    const auxv = Buffer.alloc(48);
    auxv.writeBigUInt64LE(33n, 0);
    auxv.writeBigUInt64LE(6n, 16);
    auxv.writeBigUInt64LE(16_384n, 24);
    writeFileSync(join(this.folder, 'self/auxv'), auxv);
  }

  put(pid: number, told: FakeProcess): this {
    const { session, name = 'web', state = 'S', ticks = [0, 0, 0, 0], startedAt = 5 } = told;
    mkdirSync(join(this.folder, String(pid)), { recursive: true });
    const before = [state, 1, session, session, 0, -1, 0, 0, 0, 0, 0];
    const after = [20, 0, 1, 0, startedAt, 0, 0];
    writeFileSync(
      join(this.folder, `${pid}/stat`),
      `${pid} (${name}) ${[...before, ...ticks, ...after].join(' ')}\n`,
    );
    const { resident = 0, shared = 0 } = told;
    writeFileSync(join(this.folder, `${pid}/statm`), `9999 ${resident} ${shared} 1 0 1 0\n`);
    return this;
  }

  remove(pid: number): void {
    rmSync(join(this.folder, String(pid)), { recursive: true });
  }
}

function fakeReader(proc: FakeProc): {
  clock: { time: number };
  read: () => Promise<UsageReading>;
} {
  const clock = { time: 0 };
  const usage = new ProcessUsage({ clock: { now: () => clock.time }, proc: proc.folder });
  const read = (): Promise<UsageReading> => {
    clock.time += 1_000;
    return usage.read();
  };
  return { clock, read };
}

describe('what is summed', () => {
  test('a session is the sum of its processes, by the size of a page that the kernel tells', async (t) => {
    const proc = new FakeProc(t)
      .put(10, { session: 10, ticks: [100, 20, 3, 0], resident: 10, shared: 4 })
      .put(11, { session: 10, ticks: [0, 0, 0, 200], resident: 1, shared: 1 })
      .put(20, { session: 20, ticks: [7, 0, 0, 0] });
    const reading = await fakeReader(proc).read();
    assert.deepEqual(reading.get(10), {
      cpuSeconds: 3.23,
      residentBytes: 11 * 16_384,
      anonymousBytes: 6 * 16_384,
      processes: 2,
    });
    assert.equal(reading.get(20)?.cpuSeconds, 0.07);
  });

  test('a name with spaces, brackets and a line break does not shift the fields', async (t) => {
    const proc = new FakeProc(t).put(10, { session: 10, name: 'a) S 1 2\n(b', ticks: [50, 0, 0, 0] });
    assert.equal((await fakeReader(proc).read()).get(10)?.cpuSeconds, 0.5);
  });

  test('a zombie has used its time, but no longer counts as a process', async (t) => {
    const proc = new FakeProc(t)
      .put(10, { session: 10 })
      .put(11, { session: 10, state: 'Z', ticks: [30, 0, 0, 0], resident: 5 });
    const used = (await fakeReader(proc).read()).get(10);
    assert.deepEqual([used?.processes, used?.cpuSeconds, used?.residentBytes], [1, 0.3, 0]);
  });

  test('one that goes while it is read, and a /proc that is not there, cost nothing but themselves', async (t) => {
    const proc = new FakeProc(t).put(10, { session: 10 }).put(11, { session: 10 });
    rmSync(join(proc.folder, '11/statm'));
    assert.equal((await fakeReader(proc).read()).get(10)?.processes, 1);
    rmSync(proc.folder, { recursive: true });
    assert.equal((await fakeReader(proc).read()).get(10), undefined);
  });
});

describe('CPU time as a counter', () => {
  test('does not fall when an orphan takes its share along', async (t) => {
    const proc = new FakeProc(t)
      .put(10, { session: 10, ticks: [100, 0, 0, 0] })
      .put(11, { session: 10, ticks: [500, 0, 0, 0] });
    const { read } = fakeReader(proc);
    assert.equal((await read()).get(10)?.cpuSeconds, 6);
    proc.remove(11);
    assert.equal((await read()).get(10)?.cpuSeconds, 6);
    proc.put(10, { session: 10, ticks: [700, 0, 0, 0] });
    assert.equal((await read()).get(10)?.cpuSeconds, 7);
  });

  test('begins again with a new leader of the same pid', async (t) => {
    const proc = new FakeProc(t).put(10, { session: 10, ticks: [100, 0, 0, 0] });
    const { read } = fakeReader(proc);
    await read();
    proc.put(10, { session: 10, ticks: [1, 0, 0, 0], startedAt: 99 });
    assert.equal((await read()).get(10)?.cpuSeconds, 0.01);
  });
});

describe('what it costs', () => {
  test('those who ask while a look is under way share it, and so does who asks right after', async (t) => {
    const proc = new FakeProc(t).put(10, { session: 10 });
    let time = 0;
    // Slices of nothing: each process has a turn of its own.
    const usage = new ProcessUsage({ clock: { now: () => time }, proc: proc.folder, sliceMs: 0 });
    const first = usage.read();
    time += 1_000;
    assert.equal(await usage.read(), await first);
    time += 100;
    assert.equal(await usage.read(), await first);
    time += 1_000;
    assert.notEqual(await usage.read(), await first);
  });

  test('many processes are read in slices, between which the event loop has its turn', async (t) => {
    const proc = new FakeProc(t);
    for (let pid = 100; pid < 140; pid++) proc.put(pid, { session: 100 });
    let time = 0;
    // Each look at the clock is a millisecond later: a slice of 4 has room for a few processes.
    const usage = new ProcessUsage({ clock: { now: () => time++ }, proc: proc.folder, sliceMs: 4 });
    let turns = 0;
    let isOver = false;
    const reading = usage.read().finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await nextTurn();
      turns += 1;
    }
    assert.equal((await reading).get(100)?.processes, 40);
    assert.ok(turns >= 5, `${turns} turns`);
  });
});

/** Leads a session of its own, as every process of the engine does. */
function lead(t: TestContext, file: string, args: readonly string[]): ChildProcess & { pid: number } {
  const child = spawn(file, args, { detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
  assert.ok(child.pid !== undefined);
  const { pid } = child;
  t.after(() => {
    // What left the group ends with its standard input.
    child.stdin.destroy();
    process.kill(-pid, 'SIGKILL');
  });
  return child as ChildProcess & { pid: number };
}

describe('real processes', () => {
  const read = async (pid: number): Promise<GroupUsage> => {
    const used = (await new ProcessUsage({ clock: new SystemClock() }).read()).get(pid);
    assert.ok(used, `${pid} is there`);
    return used;
  };

  test('memory of a known size is seen, as resident and as anonymous', async (t) => {
    const script =
      'const block = Buffer.alloc(64 * 1024 * 1024, 1); console.log("ready"); setInterval(() => block.length, 1e6)';
    const child = lead(t, process.execPath, ['-e', script]);
    const { pid: bare } = lead(t, process.execPath, [
      '-e',
      'console.log("ready"); setInterval(() => {}, 1e6)',
    ]);
    await once(child.stdout ?? assert.fail(), 'data');
    const { residentBytes, anonymousBytes } = await read(child.pid);
    assert.ok(anonymousBytes > 64 * MEBIBYTE && anonymousBytes < 160 * MEBIBYTE, `${anonymousBytes}`);
    assert.ok(residentBytes > anonymousBytes, `${residentBytes}`);
    assert.ok((await read(bare)).anonymousBytes < 64 * MEBIBYTE);
  });

  test('time and processes of a whole tree are seen: busy children, dead ones that were waited for, others', async (t) => {
    // A child that burns time and is waited for, then one in a process group of its own that lives on.
    const script =
      'sh -c "i=0; while [ \\$i -lt 300000 ]; do i=\\$((i+1)); done"; exec 3<&0; set -m; cat <&3 >/dev/null & echo ready; cat; true';
    const child = lead(t, 'bash', ['-c', script]);
    await once(child.stdout ?? assert.fail(), 'data');
    const used = await eventually(async () => {
      const seen = await read(child.pid);
      assert.equal(seen.processes, 3);
      return seen;
    });
    assert.ok(used.cpuSeconds > 0.05, `${used.cpuSeconds} seconds`);
  });
});
