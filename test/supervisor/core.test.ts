/** `step(world, event)` by itself: no clock, no kernel, no ports; what is to be done is read from its effects. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareConfigs } from '../../src/config/diff.ts';
import type { ResolvedConfig } from '../../src/config/resolved-config.ts';
import { step } from '../../src/supervisor/core/step.ts';
import type { Step } from '../../src/supervisor/core/step-types.ts';
import { EventStream } from '../../src/supervisor/events/event-stream.ts';
import type { InstanceRecord } from '../../src/supervisor/world/instance-record.ts';
import { InstanceRecords, type Settings } from '../../src/supervisor/world/instance-records.ts';
import { worldAsText, worldFromText } from '../../src/supervisor/world/world.ts';
import type { WorldEvent } from '../../src/supervisor/world/world-event.ts';
import { configOf, HandClock, processConfig } from './rig.ts';

/** Mulberry32: the same walk each time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) frozen(child);
  }
  return value;
}

function settingsOf({ engine, processes }: ResolvedConfig): Settings {
  return { engine, processes: [...processes.values()] };
}

/** As it would be written down. */
function plain(taken: Step): unknown {
  return JSON.parse(JSON.stringify(taken));
}

/** Takes events as an engine does, and checks each step: nothing was changed by it, and it can be repeated from texts. */
class Walk {
  #settings: Settings;
  readonly #clock = new HandClock();
  readonly #records: InstanceRecords;
  readonly #queue: WorldEvent[] = [];
  #pids = 100;
  #reports = 0;
  steps = 0;
  readonly states = new Set<string>();
  readonly effects = new Set<string>();

  constructor(config: ResolvedConfig) {
    this.#settings = settingsOf(config);
    this.#records = new InstanceRecords(this.#settings);
    this.turn({ type: 'configured', settings: this.#settings });
  }

  get instances(): readonly InstanceRecord[] {
    return this.#records.world.instances;
  }

  advance(ms: number): void {
    this.#clock.advance(ms);
  }

  turn(event: WorldEvent): void {
    this.#queue.push(event);
    for (;;) {
      const next = this.#queue.shift();
      if (next !== undefined) this.#carryOut(this.#checked(next));
      else if (this.#records.world.changed.length > 0) {
        const ended = this.#checked({ type: 'turnEnded' });
        this.#records.endTurn();
        this.#carryOut(ended);
      } else return;
    }
  }

  #checked(event: WorldEvent): Step {
    const text = worldAsText(this.#records.world);
    const again = new InstanceRecords(this.#settings, frozen(worldFromText(text)));
    const repeated = this.#step(again, JSON.parse(JSON.stringify(event)));
    const taken = this.#step(this.#records, frozen(event));
    assert.equal(worldAsText(this.#records.world), text, `${event.type} changed the world by itself`);
    assert.deepEqual(plain(taken), plain(repeated), `${event.type} from texts`);
    this.#reports += 10;
    this.steps += 1;
    return taken;
  }

  #step(known: InstanceRecords, event: WorldEvent): Step {
    const events = new EventStream(this.#clock, this.#reports);
    const now = this.#clock.now();
    return step(known, event, { now, wall: this.#clock.wallTime(), chance: 0.5, events });
  }

  #carryOut(taken: Step): void {
    const { records, settings, effects, next } = taken;
    this.#records.commit(taken);
    this.#settings = settings ?? this.#settings;
    this.#queue.push(...next);
    for (const { machine } of records) this.states.add(machine.monitor);
    for (const effect of effects) {
      this.effects.add(effect.kind);
      if (effect.kind === 'reportFault') assert.fail(effect.message);
      if (effect.kind !== 'spawn') continue;
      this.#pids += 1;
      const { key, incarnation, causedBy } = effect;
      const about = { incarnation };
      this.#queue.push(
        this.#pids % 7 === 0
          ? {
              type: 'fact',
              key,
              fact: { kind: 'spawnFailed', failure: { step: 'execute', errno: 'ENOENT', message: 'no' } },
              about,
              causedBy,
            }
          : {
              type: 'fact',
              key,
              fact: { kind: 'spawned' },
              evidence: { life: { pid: this.#pids, startTime: 1, family: this.#pids } },
              about,
              causedBy,
            },
      );
    }
  }
}

function reloadOf(before: ResolvedConfig, after: ResolvedConfig): WorldEvent {
  const { plan } = compareConfigs(before, after);
  const fields = { added: [], removed: [], restarted: [], updated: [], duration_ms: 0 };
  return { type: 'configured', settings: settingsOf(after), reload: { plan, fields, causedBy: undefined } };
}

/** Something that could happen to the instance now. */
function happening(record: InstanceRecord, draw: () => number): WorldEvent {
  const { key, machine, activity, deadline, lastEvent: causedBy } = record;
  const { incarnation } = machine;
  const could: WorldEvent[] = (['start', 'stop', 'restart', 'kill'] as const).map((kind) => ({
    type: 'decision',
    key,
    kind,
    wanted: { by: 'user', cause: 'a test' },
    causedBy,
  }));
  could.push({ type: 'configure', key, process: record.process });
  const health = { ...record.process.health, intervalMs: 1_000 + Math.floor(draw() * 1_000) };
  could.push({ type: 'configure', key, process: { ...record.process, health } });
  if (deadline !== undefined) {
    const about = { incarnation, deadline: deadline.number };
    could.push({ type: 'fact', key, fact: { kind: 'deadlinePassed' }, about, causedBy });
  }
  if (activity !== undefined && activity.kind !== 'awaitDependencies') {
    const about = { incarnation, activity: activity.number };
    if (machine.monitor !== 'healthy')
      could.push({ type: 'fact', key, fact: { kind: 'becameHealthy' }, about, causedBy });
    const fact = { kind: 'becameUnhealthy', reason: 'refused' } as const;
    if (machine.monitor !== 'unhealthy') could.push({ type: 'fact', key, fact, about, causedBy });
  }
  if (machine.leader === 'alive') {
    for (const code of [0, 1, 1]) {
      const leaves = draw() < 0.3 ? 'members' : 'nothing';
      const status = { how: 'exited', code } as const;
      const left = leaves === 'nothing' ? [] : [{ pid: 7, command: 'sleep' }];
      const fact = { kind: 'exited', status, leaves, wasBrief: draw() < 0.5 } as const;
      could.push({ type: 'fact', key, fact, evidence: { left }, about: { incarnation }, causedBy });
    }
    const notice = { lastSignal: { signal: 'SIGHUP', event: 3 }, statusText: 'well' } as const;
    could.push({ type: 'noticed', key, incarnation, notice, isShown: true });
    could.push({ type: 'extend', key, incarnation, ms: 90_000 });
  }
  if (machine.leader === 'dead')
    could.push({ type: 'fact', key, fact: { kind: 'othersVanished' }, about: { incarnation }, causedBy });
  return could[Math.floor(draw() * could.length)] as WorldEvent;
}

test('a step changes nothing by itself, and from the texts of world and event it comes out the same', () => {
  const db = processConfig('db', { maxRestarts: 2, startTimeoutMs: 9_000, baseMs: 0 });
  const after = (process: string) => [{ process, condition: 'healthy', restart: true } as const];
  const web = { instances: 2, dependsOn: after('db'), onUnhealthy: 'exit', policy: 'always' } as const;
  const job = processConfig('job', { type: 'oneshot', maxRestarts: 1 });
  const report = processConfig('report', {
    dependsOn: [{ process: 'job', condition: 'completed', restart: false }],
  });
  const configs = [
    [db, processConfig('web', web), job, report],
    [
      db,
      processConfig('web', { ...web, instances: 1 }),
      { ...job, command: { file: '/bin/other', args: [] } },
    ],
    [
      processConfig('new', { onUnhealthy: 'none', baseMs: 0 }),
      { ...db, reloadSignal: 'SIGHUP' as const },
      processConfig('web', { ...web, instances: 3 }),
    ],
  ].map((processes) => configOf(processes, { exitWhen: 'all-done' }));
  const states = new Set<string>();
  const effects = new Set<string>();
  let steps = 0;
  for (let seed = 1; seed <= 20; seed += 1) {
    const draw = random(seed);
    let [config = configOf([])] = configs;
    const walk = new Walk(config);
    for (const { key } of walk.instances) {
      const wanted = { by: 'policy', cause: 'autostart' } as const;
      walk.turn({ type: 'decision', key, kind: 'start', wanted, causedBy: undefined });
    }
    for (let count = 0; count < 120; count += 1) {
      walk.advance(Math.floor(draw() * 3_000));
      if (draw() < 0.03) {
        const next = configs[Math.floor(draw() * configs.length)] ?? config;
        walk.turn(reloadOf(config, next));
        config = next;
      }
      if (seed > 12 && draw() < 0.05) {
        const keys = walk.instances.filter(() => draw() < 0.5).map(({ key }) => key);
        const wanted = { by: 'user', cause: 'a test' } as const;
        walk.turn({ type: 'rollout', keys, atOnce: 1, wanted, causedBy: undefined });
      }
      const record = walk.instances[Math.floor(draw() * walk.instances.length)];
      if (record !== undefined) walk.turn(happening(record, draw));
    }
    walk.turn({ type: 'engine', fact: 'shutdownRequested', verdict: { code: 3, reason: 'a test' } });
    for (const state of walk.states) states.add(state);
    for (const effect of walk.effects) effects.add(effect);
    steps += walk.steps;
  }
  assert.ok(steps > 2_000, `${steps} steps`);
  const unseen = [
    'waiting',
    'blocked',
    'healthcheck',
    'running',
    'healthy',
    'unhealthy',
    'stopping',
    'backoff',
  ]
    .concat(['completed', 'stopped', 'failed'])
    .filter((state) => !states.has(state));
  assert.deepEqual(unseen, []);
  assert.deepEqual([...effects].sort(), [
    'awaitLeftovers',
    'endContainer',
    'endSelfReports',
    'endWatch',
    'engine',
    'forget',
    'leaveLeftovers',
    'letDaemonsGo',
    'release',
    'reloadSignal',
    'remember',
    'rename',
    'signal',
    'spawn',
    'startTimer',
    'stopTimer',
    'updateOutput',
    'useSettings',
    'watch',
  ]);
});

test('a fact about an instance that is gone, or about what is over, comes to nothing', () => {
  const walk = new Walk(configOf([processConfig('web')]));
  const about = { incarnation: 3 };
  for (const key of ['web/1', 'gone/1'])
    walk.turn({ type: 'fact', key, fact: { kind: 'becameHealthy' }, about, causedBy: undefined });
  assert.deepEqual([...walk.states], ['idle']);
  assert.equal(walk.instances[0]?.machine.monitor, 'idle');
});
