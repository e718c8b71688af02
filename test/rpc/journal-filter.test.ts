import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type JournalFilter, needlesOf, wantedEntries } from '../../src/rpc/server/journal-filter.ts';
import type { JournalEntry } from '../../src/supervisor/ports/journal.ts';

const about = { time: 1, process: 'web', instance: 'web:2', incarnation: 3 } as const;
const ENTRIES: readonly JournalEntry[] = [
  { id: 1, level: 'info', event: 'state_changed', from: 'starting', to: 'healthy', ...about },
  {
    id: 2,
    level: 'warn',
    event: 'probe_finished',
    passed: false,
    outcome: 'refused',
    duration_ms: 5,
    ...about,
  },
  { id: 3, level: 'info', event: 'config_rejected', time: 2, problems: ['tm.toml:3: "quoted"\\'] },
  {
    id: 4,
    level: 'info',
    event: 'process_exited',
    status: { how: 'exited', code: 7 },
    uptime_ms: 1,
    requested: false,
    ...about,
  },
  { id: 5, level: 'info', event: 'output', stream: 'stdout', text: 'say "hi"\tö', ...about },
  {
    id: 6,
    level: 'error',
    event: 'output',
    stream: 'stderr',
    text: 'event',
    ...about,
    process: 'db',
    instance: 'db',
  },
];

const CASES: readonly [filter: JournalFilter, ids: readonly number[]][] = [
  [{}, [1, 2, 3, 4]],
  [{ output: true }, [1, 2, 3, 4, 5, 6]],
  [{ streams: ['stderr'] }, [6]],
  [{ streams: ['stdout', 'stderr'], names: ['w*'] }, [5]],
  [{ level: 'warn' }, [2]],
  [{ level: 'warn', output: true }, [2, 6]],
  [{ events: ['state_changed'] }, [1]],
  [{ events: ['state_changed'], output: true }, [1, 5, 6]],
  [{ names: ['web'], incarnation: 3 }, [1, 2, 4]],
  [{ incarnation: 4, output: true }, []],
  [{ text: 'refused' }, [2]],
  [{ text: '"quoted"\\' }, [3]],
  [{ text: 'exited' }, [4]],
  [{ text: '7' }, [4]],
  [{ text: 'say "hi"\tö', output: true }, [5]],
  [{ text: 'passed' }, []],
];
for (const [filter, ids] of CASES) {
  test(`${JSON.stringify(filter)} is passed by ${ids.join(', ') || 'none'}, and their JSON has all needles`, () => {
    const found = ENTRIES.filter(wantedEntries(filter));
    assert.deepEqual(
      found.map(({ id }) => id),
      ids,
    );
    for (const entry of found) {
      for (const needle of needlesOf(filter)) assert.ok(JSON.stringify(entry).includes(needle), needle);
    }
  });
}
