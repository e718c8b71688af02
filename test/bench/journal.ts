/**
 * Queries over a gigabyte of journal, asked of a real engine over its socket; and how long another client, who asks for
 * the version all the while, had to wait at most: what a query takes of the event loop.
 */

import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { writeIndex } from '../../src/journal/segment-file.ts';
import { IndexBuilder } from '../../src/journal/segment-index.ts';
import { segmentName } from '../../src/journal/segment-name.ts';
import { connect, type RpcClient } from '../../src/rpc/client/client.ts';
import type { Params } from '../../src/rpc/contract/contract.ts';
import { ended, median, milliseconds, now, pauseFor, report, run, taskmaster, workshop } from './harness.ts';

const TOTAL_BYTES = Number(process.env.JOURNAL_BYTES ?? 2 ** 30);
const SEGMENT_BYTES = 32 * 2 ** 20;
/** One line every 20 ms of the journal's time. */
const STEP_MS = 20;
const RUNS = 5;
const CROWD = 8;

const { folder, remove } = workshop();
const directory = join(folder, 'journal');
const end = Date.now() - 60_000;

/** @returns how many lines there are. */
async function fill(): Promise<number> {
  mkdirSync(directory);
  const line = (id: number, time: number): string => {
    const instance = `web:${1 + (id % 40)}`;
    const text = `GET /items/${id} 200 ${id % 977} ms "Mozilla/5.0 (X11; Linux x86_64) of nobody in particular"`;
    const fields = { process: 'web', instance, incarnation: 1, stream: 'stdout', text };
    return `${JSON.stringify({ id, time, level: 'info', event: 'output', ...fields })}\n`;
  };
  const count = Math.floor(TOTAL_BYTES / line(1_000_000, end).length);
  let id = 0;
  while (id < count) {
    const { name } = segmentName(end - (count - id) * STEP_MS, id + 1);
    const index = new IndexBuilder();
    const file = openSync(join(directory, name), 'w');
    while (id < count && index.bytes < SEGMENT_BYTES) {
      const lines: string[] = [];
      for (let some = 0; some < 1_000 && id < count; some++) {
        id += 1;
        const time = end - (count - id) * STEP_MS;
        const text = line(id, time);
        index.add({ id, time }, text.length);
        lines.push(text);
      }
      writeSync(file, lines.join(''));
    }
    closeSync(file);
    await writeIndex(directory, name, index);
  }
  return count;
}

const lines = await fill();
const socket = join(folder, 'tm.sock');
const config = join(folder, 'tm.toml');
const journal = `{ directory = "${directory}", max_size = "4GiB" }`;
writeFileSync(
  config,
  `[engine]\nsocket = "${socket}"\njournal = ${journal}\n[processes.s]\ncmd = "sleep 1000"\n`,
);
const engine = run(taskmaster, ['engine', 'start', config]);
const reach = (): Promise<RpcClient> => connect({ socket, environment: {}, uid: process.getuid?.() ?? 0 });
let asker: RpcClient | undefined;
while (asker === undefined) asker = await reach().catch(() => pauseFor(20).then(() => undefined));
const other = await reach();

interface Told {
  readonly ms: number;
  readonly found: number;
  readonly longestWait: number;
}

/** All pages of a query. */
async function ask(query: Params<'logs.query'>, client: RpcClient): Promise<Told> {
  let isDone = false;
  let longestWait = 0;
  const waiting = (async () => {
    while (!isDone) {
      const asked = now();
      await other.call('version', {});
      longestWait = Math.max(longestWait, milliseconds(asked, now()));
      await pauseFor(1);
    }
  })();
  const start = now();
  let found = 0;
  let after: number | null = -1;
  while (after !== null) {
    const page: { events: readonly unknown[]; next_after_id: number | null } = await client.call(
      'logs.query',
      {
        ...query,
        output: true,
        ...(after >= 0 && { after_id: after }),
      },
    );
    found += page.events.length;
    after = page.next_after_id;
  }
  const ms = milliseconds(start, now());
  isDone = true;
  await waiting;
  return { ms, found, longestWait };
}

const middle = end - (lines / 2) * STEP_MS;
const window = { since_ms: middle, until_ms: middle + 10_000 };
const QUERIES: readonly (readonly [what: string, query: Params<'logs.query'>, runs: number])[] = [
  ['ten seconds, for the first time', window, 1],
  ['ten seconds, again', window, RUNS],
  ['ten seconds, one of 40 instances', { ...window, names: ['web:7'] }, RUNS],
  ['the last 100 lines', { tail: true, limit: 100 }, RUNS],
  ['a text that is there once, in all of it', { text: `/items/${Math.floor(lines / 3)} 200` }, 3],
  ['one of 40 instances and a text, in all of it', { names: ['web:7'], text: ' 200 555 ms' }, 1],
];
const rows: Record<string, string | number>[] = [];
for (const [what, query, runs] of QUERIES) {
  const told: Told[] = [];
  for (let index = 0; index < runs; index++) told.push(await ask(query, asker));
  rows.push({
    what,
    'median ms': median(told.map(({ ms }) => ms)).toFixed(1),
    found: told[0]?.found ?? 0,
    'another client waited at most, ms': Math.max(...told.map(({ longestWait }) => longestWait)).toFixed(1),
  });
}
const crowd = await Promise.all(Array.from({ length: CROWD }, reach));
const all = await Promise.all(crowd.map((client) => ask({ text: 'nowhere to be found' }, client)));
rows.push({
  what: `a text that is nowhere, ${CROWD} clients at once`,
  'median ms': median(all.map(({ ms }) => ms)).toFixed(1),
  found: 0,
  'another client waited at most, ms': Math.max(...all.map(({ longestWait }) => longestWait)).toFixed(1),
});
for (const client of [...crowd, asker, other]) client.close();
engine.kill('SIGTERM');
await ended(engine);
remove();
process.stdout.write(`${lines} lines, ${(TOTAL_BYTES / 2 ** 20).toFixed(0)} MiB\n`);
report(rows);
