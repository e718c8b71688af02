/** The world is one plain value: written down at any moment and read again, it says the same. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareConfigs } from '../../src/config/diff.ts';
import type { ProcessConfig } from '../../src/config/resolved-config.ts';
import { describeInstance, judgeHealth } from '../../src/supervisor/control/describe.ts';
import { Reload } from '../../src/supervisor/reload.ts';
import { verdictOnAllDone } from '../../src/supervisor/world/exit-verdict.ts';
import { nextInWords } from '../../src/supervisor/world/reasons.ts';
import { type World, worldAsText, worldFromText } from '../../src/supervisor/world/world.ts';
import { configOf, NO_SOCKETS, processConfig, Rig } from './rig.ts';

/** All that the outside is told of a world. */
function told({ instances, engine }: World, { clock }: Rig): unknown {
  return {
    isEnding: engine.phase !== 'running',
    instances: instances.map((record) => [
      describeInstance(record, clock, { dropped: [], left: record.left }),
      nextInWords(record, { now: clock.now(), wall: clock.wallTime() }),
      record.history,
    ]),
    health: (['startup', 'ready', 'live'] as const).map((question) =>
      judgeHealth(question, { all: instances, expected: instances }, undefined),
    ),
    end: verdictOnAllDone(instances),
  };
}

/** Objects of classes, functions and the like are not. */
function assertPlain(value: unknown, path: string): void {
  if (typeof value !== 'object' || value === null) {
    assert.ok(['undefined', 'boolean', 'number', 'string', 'object'].includes(typeof value), path);
    return;
  }
  if (!Array.isArray(value)) assert.equal(Object.getPrototypeOf(value), Object.prototype, path);
  for (const [key, child] of Object.entries(value)) assertPlain(child, `${path}.${key}`);
}

/** Checks the rig's world now and at the end of every turn. */
function watching(rig: Rig): { check: () => void; moments: () => number } {
  let moments = 0;
  const check = (): void => {
    const { world } = rig.supervisor;
    assertPlain(world, 'world');
    const read = worldFromText(worldAsText(world));
    assert.deepEqual(told(read, rig), told(world, rig));
    assert.equal(worldAsText(read), worldAsText(world));
    moments += 1;
  };
  rig.supervisor.onTurnEnd(check);
  return { check, moments: () => moments };
}

const limited = (process: ProcessConfig): ProcessConfig => ({
  ...process,
  spawn: { ...process.spawn, limits: [{ resource: 'core', soft: 0, hard: Number.POSITIVE_INFINITY }] },
});

test('a world that is written down and read again says the same, at every moment of a life', async () => {
  const before = configOf([
    limited(processConfig('db', { maxRestarts: 3, startTimeoutMs: 9_000 })),
    processConfig('web', { dependsOn: ['db'], instances: 2 }),
    processConfig('job', { type: 'oneshot', policy: 'no' }),
    processConfig('report', { dependsOn: [{ process: 'job', condition: 'completed', restart: false }] }),
    processConfig('held'),
  ]);
  const rig = new Rig([...before.processes.values()]);
  const { check, moments } = watching(rig);
  const after = configOf([
    limited(processConfig('db', { maxRestarts: 3, command: '/bin/other' })),
    processConfig('web', { dependsOn: ['db'] }),
    processConfig('new'),
  ]);
  const reload = new Reload(before, {
    sockets: NO_SOCKETS,
    clock: rig.clock,
    events: rig.events,
    supervisor: rig.supervisor,
    load: () => Promise.resolve({ ok: true, config: after }),
    compare: compareConfigs,
    phase: () => rig.drain.phase,
    onApplied: () => {},
  });
  const steps: readonly (() => unknown)[] = [
    () => rig.startAll(),
    () => rig.healthy('db'),
    () => rig.exit('job', 4),
    () => rig.unhealthy('db'),
    () => rig.clock.advance(3_000),
    () => rig.exit('db', 1, 2),
    () => rig.kernel.emptyGroup(rig.pid('db')),
    () => rig.clock.advance(1_000),
    () => rig.healthy('db'),
    () => rig.healthy('web:1'),
    () => rig.decide('held', 'stop'),
    () => rig.exit('held', 0),
    () => {
      rig.kernel.holdsSpawns = true;
      rig.decide('held', 'start');
    },
    () => rig.kernel.held[0]?.execute(),
    () => {
      rig.kernel.holdsSpawns = false;
    },
    () => reload.run({ kind: 'reload' }),
    () => rig.exit('db', 0),
    () => rig.exit('web:2', 0),
    () => rig.exit('held', 0),
    () => rig.drain.begin({ code: 3, reason: 'a test' }),
    () => rig.clock.advance(9_000),
  ];
  for (const step of steps) {
    await step();
    check();
  }
  assert.deepEqual(rig.faults, []);
  assert.ok(moments() > 30, `${moments()} moments`);
  assert.equal(rig.supervisor.world.engine.phase, 'done');
});
