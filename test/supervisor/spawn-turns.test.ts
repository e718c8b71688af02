import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { processConfig, Rig } from './rig.ts';

const NAMES = Array.from({ length: 20 }, (_, index) => `job${index}`);

/** Each start takes 8 ms of the engine's time. */
function slowToSpawn(): { rig: Rig; started: string[] } {
  const rig = new Rig(NAMES.map((name) => processConfig(name)));
  const started: string[] = [];
  const spawn = rig.kernel.spawn.bind(rig.kernel);
  rig.kernel.spawn = (request, ...more) => {
    rig.clock.advance(8);
    started.push(request.file);
    return spawn(request, ...more);
  };
  return { rig, started };
}

test('of many that start at once some start now and the others in later turns, in their order', async () => {
  const { rig, started } = slowToSpawn();
  for (const name of NAMES) rig.decide(name, 'start');
  assert.equal(started.length, 2, '12 ms and what was begun before');
  assert.equal(rig.state('job19'), 'starting');
  assert.match(rig.see('job19').reason ?? '', /after those before it/);
  await nextTurn();
  assert.equal(started.length, 4, 'in each turn of the event loop as many');
  await eventually(() => assert.equal(started.length, NAMES.length));
  for (const name of NAMES) assert.equal(rig.state(name), 'healthcheck', name);
  assert.deepEqual(
    rig.kernel.spawned.map(({ file }) => file),
    started,
  );
});

test('one that is stopped before its turn comes is never started', async () => {
  const { rig, started } = slowToSpawn();
  for (const name of NAMES) rig.decide(name, 'start');
  rig.decide('job19', 'stop');
  assert.equal(rig.state('job19'), 'stopped');
  await eventually(() => assert.equal(rig.state('job18'), 'healthcheck'));
  await nextTurn();
  assert.equal(started.length, NAMES.length - 1);
  rig.decide('job19', 'start');
  await eventually(() => assert.equal(rig.state('job19'), 'healthcheck'));
});
