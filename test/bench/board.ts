/**
 * What taskboard costs: its first frame beside `node -e 0`, and an hour's watch in small: 100 instances, 10 changes a
 * second, 80×24. Run: node test/bench/board.ts
 */

import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { startRig } from '../support/rpc-rig.ts';
import { Screen } from '../support/screen.ts';
import { median, milliseconds, now, pauseFor, report, root, usage } from './harness.ts';

const ROUNDS = 15;
const INSTANCES = 100;
const CHANGES_PER_SECOND = 10;
const WATCH_MS = 15_000;
const FRAME_BEGINS = '\u001b[?2026h';

const cleanups: (() => unknown)[] = [];
/** The rigs are made for tests: all that they want of one is that it ends. */
const context = { after: (cleanup: () => unknown) => cleanups.push(cleanup) } as unknown as TestContext;

const engine = new FakeEngine(
  ...Array.from({ length: INSTANCES }, (_, index) => anInstance(`web:${index}`, { pid: index + 2 })),
);
const rig = await startRig(context, {}, engine);
const begin = (): Screen =>
  new Screen(context, [join(root, 'dist/taskboard')], { environment: { TASKMASTER_SOCKET: rig.path } });

async function firstFrame(): Promise<number> {
  const from = now();
  const screen = begin();
  await screen.writes('web:0');
  const took = milliseconds(from, now());
  screen.type('q');
  await screen.exitCode();
  return took;
}

/** On a terminal too: making one takes its time. */
async function emptyNode(): Promise<number> {
  const from = now();
  await new Screen(context, [process.execPath, '-e', '0']).exitCode();
  return milliseconds(from, now());
}

/** What the engine takes to tell of all instances. */
async function roundTrip(): Promise<number> {
  const client = await rig.connect();
  const from = now();
  await client.ask('status.subscribe', { usage: true });
  const took = milliseconds(from, now());
  client.socket.destroy();
  return took;
}

const frames: number[] = [];
const nodes: number[] = [];
const trips: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  nodes.push(await emptyNode());
  frames.push(await firstFrame());
  trips.push(await roundTrip());
}
report([
  { what: 'node -e 0, exec to exit', 'ms, median': median(nodes).toFixed(1), ratio: 1 },
  {
    what: 'taskboard, exec to first frame',
    'ms, median': median(frames).toFixed(1),
    ratio: (median(frames) / median(nodes)).toFixed(2),
  },
  { what: 'of that, the round trip of a status', 'ms, median': median(trips).toFixed(1), ratio: '' },
]);

const screen = begin();
await eventually(() => screen.written.includes('web:0'));
await pauseFor(2_000);
const before = { usage: usage(screen.pid), bytes: screen.written.length };
const framesBefore = screen.written.split(FRAME_BEGINS).length;
const until = Date.now() + WATCH_MS;
let changes = 0;
while (Date.now() < until) {
  const name = `web:${(changes * 7) % 12}`;
  const isUp = engine.instances.get(name)?.state === 'healthy';
  engine.change(name, { state: isUp ? 'starting' : 'healthy', since: Date.now() });
  engine.emit('state_changed', {} as never, { instance: name });
  engine.print('web:0', `request ${changes} served\n`);
  changes += 1;
  await pauseFor(1_000 / CHANGES_PER_SECOND);
}
const after = usage(screen.pid);
const written = screen.written.slice(before.bytes);
const count = screen.written.split(FRAME_BEGINS).length - framesBefore;
report([
  {
    changes,
    frames: count,
    'bytes a frame': Math.round(Buffer.byteLength(written) / count),
    'CPU %': ((100 * (after.cpuMs - before.usage.cpuMs)) / WATCH_MS).toFixed(2),
    'anonymous MiB': (after.anonymousKiB / 1_024).toFixed(1),
    'RSS MiB': (after.rssKiB / 1_024).toFixed(1),
  },
]);
screen.type('q');
await screen.exitCode();
for (const cleanup of cleanups) await cleanup();
