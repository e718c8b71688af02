import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type MetricsFormat, renderMetrics } from '../../src/http/metrics.ts';
import { VISIBLE_STATE } from '../../src/rpc/contract/contract-shapes.ts';
import type { EngineSnapshot, InstanceSnapshot } from '../../src/wire/snapshot.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { type Family, parseOpenMetrics } from '../support/openmetrics.ts';

const VITALS = { startedAt: 1_700_000_000_500, cpuSeconds: 1.25, residentBytes: 40_000_000 };
const USAGE = { cpu_seconds: 12.5, memory_bytes: 8_192, anonymous_bytes: 4_096, processes: 3 };

function render(snapshot: EngineSnapshot, format: MetricsFormat = 'openmetrics'): string {
  return [...renderMetrics(snapshot, VITALS, format)].join('');
}

function snapshotOf(...instances: readonly InstanceSnapshot[]): EngineSnapshot {
  return new FakeEngine(...instances).snapshot();
}

function valuesOf(families: ReadonlyMap<string, Family>, family: string): Record<string, number> {
  const { samples } = families.get(family) ?? assert.fail(`there is ${family}`);
  return Object.fromEntries(samples.map(({ labels, value }) => [labels.name ?? '', value]));
}

describe('OpenMetrics', () => {
  test('the engine tells who it is, since when, whether it drains, and what it uses', () => {
    const families = parseOpenMetrics(render({ ...snapshotOf(), draining: true, orphans_reaped: 5 }));
    const [info] = families.get('taskmaster_engine')?.samples ?? [];
    assert.deepEqual(info?.labels, { version: '1.2.3', role: 'pid1' });
    const values = Object.fromEntries(
      ['start_time_seconds', 'uptime_seconds', 'draining', 'orphans_reaped', 'cpu_seconds'].map((name) => [
        name,
        families.get(`taskmaster_engine_${name}`)?.samples[0]?.value,
      ]),
    );
    assert.deepEqual(values, {
      start_time_seconds: 1_700_000_000.5,
      uptime_seconds: 61,
      draining: 1,
      orphans_reaped: 5,
      cpu_seconds: 1.25,
    });
  });

  test('a running process tells all of it, with the right types and units', () => {
    const exited = {
      at: 1,
      status: { how: 'signalled', signal: 'SIGKILL', core: false },
      requested: false,
      uptime_ms: 5,
    } as const;
    const web = anInstance('web:2', {
      restarts: 4,
      uptime_ms: 1_500,
      started_at: 1_700_000_001_000,
      last_exit: exited,
      usage: USAGE,
    });
    const families = parseOpenMetrics(render(snapshotOf(web)));
    const told = [...families.values()]
      .filter(({ name }) => name.startsWith('taskmaster_process_') && name !== 'taskmaster_process_state')
      .map(({ name, type, unit, samples }) => [name.slice(19), type, unit, samples[0]?.value]);
    assert.deepEqual(told, [
      ['up', 'gauge', undefined, 1],
      ['healthy', 'gauge', undefined, 1],
      ['restarts', 'counter', undefined, 4],
      ['start_time_seconds', 'gauge', 'seconds', 1_700_000_001],
      ['uptime_seconds', 'gauge', 'seconds', 1.5],
      ['last_exit_code', 'gauge', undefined, 137],
      ['cpu_seconds', 'counter', 'seconds', 12.5],
      ['resident_memory_bytes', 'gauge', 'bytes', 8_192],
      ['anonymous_memory_bytes', 'gauge', 'bytes', 4_096],
      ['group_processes', 'gauge', undefined, 3],
    ]);
    assert.deepEqual(families.get('taskmaster_process_up')?.samples[0]?.labels, {
      process: 'web',
      name: 'web:2',
    });
  });

  test('what is not there is not told: no time of a start, no usage, no exit', () => {
    const off = anInstance('off', { state: 'stopped', health: 'none', pid: null, uptime_ms: null });
    const never = { how: 'not-started', message: 'no such file' } as const;
    const bad = anInstance('bad', {
      ...off,
      name: 'bad',
      state: 'failed',
      last_exit: { at: 1, status: never, requested: false, uptime_ms: 0 },
    });
    const families = parseOpenMetrics(render(snapshotOf(off, bad, anInstance('web'))));
    assert.deepEqual(valuesOf(families, 'taskmaster_process_up'), { off: 0, bad: 0, web: 1 });
    assert.deepEqual(valuesOf(families, 'taskmaster_process_uptime_seconds'), { web: 3 });
    for (const name of ['start_time_seconds', 'last_exit_code', 'cpu_seconds', 'group_processes']) {
      assert.deepEqual(valuesOf(families, `taskmaster_process_${name}`), {}, name);
    }
  });

  test('the state is a set of which exactly one is so', () => {
    const families = parseOpenMetrics(
      render(snapshotOf(anInstance('web'), anInstance('job', { state: 'completed', pid: null }))),
    );
    const { samples, type } = families.get('taskmaster_process_state') ?? assert.fail();
    assert.equal(type, 'stateset');
    assert.equal(samples.length, 2 * VISIBLE_STATE.enum.length);
    assert.deepEqual(
      samples
        .filter(({ value }) => value === 1)
        .map(({ labels }) => [labels.name, labels.taskmaster_process_state]),
      [
        ['web', 'healthy'],
        ['job', 'completed'],
      ],
    );
    assert.deepEqual(valuesOf(families, 'taskmaster_process_healthy'), { web: 1, job: 1 });
  });

  test('names with quotes, backslashes, braces and line breaks come back as they were', () => {
    const names = ['a"b', 'a\\', '\\n', 'a\nb', 'x",name="y', '} 1', 'ü🙂', ''];
    const families = parseOpenMetrics(
      render(snapshotOf(...names.map((name) => anInstance(name, { process: name })))),
    );
    const { samples } = families.get('taskmaster_process_up') ?? assert.fail();
    assert.deepEqual(
      samples.map(({ labels }) => [labels.process, labels.name]),
      names.map((name) => [name, name]),
    );
  });

  test('a thousand processes come whole, in pieces that are never large', () => {
    const many = Array.from({ length: 1_000 }, (_, index) => anInstance(`web:${index}`, { usage: USAGE }));
    const pieces = [...renderMetrics(snapshotOf(...many), VITALS, 'openmetrics')];
    assert.ok(pieces.length > 30, `${pieces.length} pieces`);
    assert.ok(Math.max(...pieces.map((piece) => piece.length)) < 40_000);
    const families = parseOpenMetrics(pieces.join(''));
    assert.equal(families.get('taskmaster_process_state')?.samples.length, 1_000 * VISIBLE_STATE.enum.length);
    assert.equal(Object.keys(valuesOf(families, 'taskmaster_process_cpu_seconds')).length, 1_000);
  });
});

test('for Prometheus 0.0.4 the samples are the same, and types and names are those it knows', () => {
  const snapshot = snapshotOf(anInstance('we"b', { usage: USAGE, restarts: 2 }));
  const isSample = (line: string): boolean => line !== '' && !line.startsWith('#');
  const samplesOf = (text: string): readonly string[] => text.split('\n').filter(isSample);
  const older = render(snapshot, 'prometheus');
  assert.deepEqual(samplesOf(older), samplesOf(render(snapshot)));
  assert.doesNotMatch(older, /# (UNIT|EOF)/);
  const types = [...older.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]);
  assert.deepEqual([...new Set(types.map(([, type]) => type))].sort(), ['counter', 'gauge']);
  const typeOf = Object.fromEntries(types);
  assert.equal(typeOf.taskmaster_engine_info, 'gauge');
  assert.equal(typeOf.taskmaster_process_restarts_total, 'counter');
  assert.equal(typeOf.taskmaster_process_state, 'gauge');
  for (const line of samplesOf(older)) {
    assert.ok(Object.hasOwn(typeOf, line.split(/[{ ]/, 1)[0] ?? ''), `${line} has a type`);
  }
});
