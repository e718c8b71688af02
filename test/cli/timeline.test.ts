import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainText, eventWords } from '../../src/cli/event-words.ts';
import { chosenFor, timelineLines } from '../../src/cli/logs/timeline.ts';
import type { WireEvent } from '../../src/rpc/contract/contract.ts';
import { cli } from '../support/cli-rig.ts';
import { startRig } from '../support/rpc-rig.ts';

const START = Date.UTC(2026, 10, 25, 23, 59, 59, 100);

function story(): readonly WireEvent[] {
  const events: WireEvent[] = [];
  const add = (event: string, instance: string, fields: object, causedBy?: number): number => {
    const id = events.length + 1;
    const common = { id, time: START + id * 100, level: 'info', event } as const;
    const cause = causedBy === undefined ? {} : { caused_by: causedBy };
    events.push({ ...common, ...(instance !== '' && { instance, process: instance }), ...fields, ...cause });
    return id;
  };
  add('probe_finished', 'db', { passed: false, outcome: 'timed out after 5s', failures: 2 });
  add('engine_notice', '', { message: 'by the way' });
  const third = add('probe_finished', 'db', { passed: false, outcome: 'timed out after 5s', failures: 3 });
  const signal = add('signal_sent', 'db', { level: 'debug', signal: 'SIGTERM' }, third);
  add('state_changed', 'db', { from: 'healthy', to: 'stopping', reason: 'unhealthy' }, third);
  add('probe_finished', 'web', { level: 'debug', passed: true, outcome: 'exit code 0' });
  const exit = add('process_exited', 'db', { status: { how: 'exited', code: 0 } }, signal);
  const spawned = add('process_spawned', 'db', { pid: 12, command: 'db' }, exit);
  const up = add('state_changed', 'db', { from: 'stopping', to: 'healthcheck' }, spawned);
  add('state_changed', 'api', { from: 'healthy', to: 'stopping', reason: 'db was restarted' }, up);
  return events;
}

test('a timeline is in order, and what came of something is indented below it', () => {
  assert.deepEqual(timelineLines(chosenFor(story(), [])), [
    '2026-11-25',
    '23:59:59.200  health check of db failed: timed out after 5s (2nd in a row)',
    '23:59:59.300  engine_notice: by the way',
    '23:59:59.400  health check of db failed: timed out after 5s (3rd in a row)',
    '23:59:59.500  └ SIGTERM sent to db',
    '23:59:59.600  └ db: healthy → stopping (unhealthy)',
    '23:59:59.800    └ db exited with code 0',
    '23:59:59.900      └ db started as pid 12',
    '2026-11-26',
    '00:00:00.000        └ db: stopping → healthcheck',
    '00:00:00.100          └ api: healthy → stopping (db was restarted)',
  ]);
});

test('with a name it shows that one and what led to it, of whatever process and level', () => {
  const ids = chosenFor(story(), ['ap*']).map(({ id }) => id);
  assert.deepEqual(ids, [3, 4, 5, 7, 8, 9, 10]);
});

test('a chain is told from the newest to the first', () => {
  const events = story();
  const chain = [10, 9, 8, 7, 4, 3].map((id) => events[id - 1] as WireEvent);
  assert.equal(
    chainText(chain),
    'api stopping ← db healthcheck ← db exited with code 0 ← SIGTERM sent to db ← ' +
      'health check of db failed: timed out after 5s (3rd in a row)',
  );
});

test('events of other engines and odd names are told all the same, on one harmless line', () => {
  const event = { id: 1, time: 0, level: 'info', instance: 'w\u001b[2J' } as const;
  assert.equal(eventWords({ ...event, event: 'constructor' }), 'constructor w\\x1b[2J');
  assert.equal(eventWords({ ...event, event: 'new_thing', message: 'a\nb' }), 'new_thing w\\x1b[2J: a\\nb');
  assert.equal(eventWords({ ...event, event: 'process_exited' }), 'w\\x1b[2J ended');
});

test('timeline asks the engine, in bounds, and corrects names', async (t) => {
  const rig = await startRig(t);
  const about = { instance: 'web', process: 'web' };
  for (const to of ['healthy', 'unhealthy', 'stopping'] as const) {
    rig.engine.emit('state_changed', { from: 'healthcheck', to }, about);
  }
  const { out, err } = await cli(['timeline', 'web', '-n', '2', '--socket', rig.path]);
  assert.deepEqual(out.trimEnd().split('\n'), [
    '2023-11-14',
    '22:13:20.002  web: healthcheck → unhealthy',
    '22:13:20.003  web: healthcheck → stopping',
  ]);
  assert.match(err, /there is more before that/);
  const unknown = await cli(['timeline', 'wbe', '--socket', rig.path]);
  assert.equal(unknown.code, 5);
  assert.match(unknown.err, /did you mean web\?/);
});
