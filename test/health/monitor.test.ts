import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { ProbingHealthMonitor } from '../../src/health/monitor.ts';
import { EventStream } from '../../src/supervisor/events/event-stream.ts';
import type { HealthFact, ProbeSubject, Standing, WatchPast } from '../../src/supervisor/ports/health.ts';
import type { EngineEvent } from '../../src/wire/engine-event.ts';
import { HandClock, processConfig } from '../supervisor/rig.ts';
import { eventually } from '../support/eventually.ts';
import { HandKernel } from '../support/hand-kernel.ts';

interface Watched {
  readonly clock: HandClock;
  readonly monitor: ProbingHealthMonitor;
  readonly facts: HealthFact[];
  readonly cancel: () => void;
  readonly told: EngineEvent[];
}

function watch(
  standing: Standing,
  health: Partial<ProbeSubject['process']['health']>,
  kernel = new HandKernel(),
  past?: WatchPast,
): Watched {
  const clock = new HandClock();
  const events = new EventStream(clock);
  const told: EngineEvent[] = [];
  events.subscribe((event) => told.push(event));
  const readPipe = (): { close: () => void } => ({ close: () => {} });
  const monitor = new ProbingHealthMonitor({ clock, events, kernel, readPipe });
  const base = processConfig('web');
  const process = { ...base, health: { ...base.health, ...health } };
  const subject = {
    instance: 'web',
    incarnation: 1,
    pid: 2,
    process,
    environment: process.spawn.environment,
  };
  const facts: HealthFact[] = [];
  const report = (fact: HealthFact): void => void facts.push(fact);
  const cancel =
    past === undefined
      ? monitor.watch(standing, subject, report)
      : monitor.adopt(past, standing, subject, report);
  return { clock, monitor, facts, told, cancel };
}

async function serving(
  status: () => number,
  use: (url: string, server: Server) => Promise<void>,
): Promise<void> {
  const server = createServer((_request, response) => {
    response.statusCode = status();
    response.end('hello');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

test('by uptime: healthy after that long, once, and never for one that is healthy already', () => {
  const young = watch('unproven', { probe: { kind: 'uptime', uptimeMs: 1_000 } });
  young.clock.advance(999);
  assert.deepEqual(young.facts, []);
  young.clock.advance(1);
  assert.deepEqual(young.facts, [{ kind: 'becameHealthy' }]);
  const proven = watch('healthy', { probe: { kind: 'uptime', uptimeMs: 1_000 } });
  proven.clock.advance(10_000);
  assert.deepEqual(proven.facts, []);
});

test('a failing service becomes healthy, then unhealthy after its retries, and the last five runs are kept', async () => {
  const answers = { status: 500 };
  await serving(
    () => answers.status,
    async (url) => {
      const probe = { kind: 'http', url, expectStatus: undefined } as const;
      const { clock, monitor, facts, told, cancel } = watch('unproven', { probe, retries: 2 });
      const runs = (): number => monitor.history('web').length;
      clock.advance(100);
      await eventually(() => assert.equal(runs(), 1));
      answers.status = 200;
      clock.advance(1_000);
      await eventually(() => assert.equal(facts.length, 1));
      assert.equal(facts[0]?.kind, 'becameHealthy');
      answers.status = 503;
      for (const expected of [3, 4]) {
        clock.advance(10_000);
        await eventually(() => assert.equal(runs(), expected));
      }
      assert.deepEqual(facts[1], {
        kind: 'becameUnhealthy',
        reason: 'health check failed 2 times: HTTP status 503',
        causedBy: told.findLast(({ event }) => event === 'probe_finished')?.id,
      });
      assert.deepEqual(
        told.map((event) => [event.level, event.event === 'probe_finished' && event.failures]),
        [
          ['debug', undefined],
          ['info', undefined],
          ['warn', 1],
          ['warn', 2],
        ],
        'what changes a state is at least info',
      );
      for (let run = 0; run < 3; run++) {
        const before = monitor.history('web').at(-1);
        clock.advance(10_000);
        await eventually(() => assert.notEqual(monitor.history('web').at(-1), before));
      }
      assert.equal(runs(), 5);
      assert.equal(facts.length, 2);
      cancel();
      assert.equal(clock.pending, 0);
    },
  );
});

test('nothing is told after a cancel, however late the probe answers', async () => {
  const { promise: asked, resolve: onAsked } = Promise.withResolvers<() => void>();
  const server = createServer((_request, response) => onAsked(() => response.end('late')));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { clock, monitor, facts, cancel } = watch('unproven', {
    probe: { kind: 'http', url, expectStatus: undefined },
  });
  clock.advance(100);
  const answer = await asked;
  cancel();
  answer();
  await new Promise<void>((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });
  assert.deepEqual(facts, []);
  assert.deepEqual(monitor.history('web'), []);
});

test('a probe that takes too long has failed, and says so', async () => {
  const server = createServer(() => {});
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { clock, monitor, cancel } = watch('healthy', {
    probe: { kind: 'http', url, expectStatus: undefined },
  });
  clock.advance(10_000);
  const asked = new Promise<void>((done) => server.once('request', () => done()));
  await asked;
  clock.advance(5_000);
  await eventually(() => assert.equal(monitor.history('web')[0]?.outcome, 'timed out after 5s'));
  cancel();
  server.close();
  server.closeAllConnections();
});

test('a probe that cannot be killed has failed, and no other is started beside it', async () => {
  const kernel = new HandKernel();
  const probe = { kind: 'command', file: '/bin/probe', args: [] } as const;
  const rules = { probe, intervalMs: 1_000, timeoutMs: 500, retries: 2, startPeriodMs: 0 };
  const { clock, facts, monitor, cancel } = watch('healthy', rules, kernel);
  const passes = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await new Promise(setImmediate);
  };
  await passes(1_000);
  await passes(500);
  assert.equal(monitor.history('web').length, 0);
  await passes(2_000);
  assert.deepEqual(facts, []);
  await passes(1_000);
  assert.equal(kernel.spawned.length, 1);
  assert.deepEqual(
    facts.map(({ kind }) => kind),
    ['becameUnhealthy'],
  );
  assert.deepEqual(
    monitor.history('web').map(({ outcome }) => outcome),
    ['timed out after 500ms', 'the probe before it cannot be killed'],
  );
  cancel();
});

test('a watch that another engine has begun keeps its age, its runs and the failures that count', async () => {
  const uptime = { probe: { kind: 'uptime', uptimeMs: 1_000 } } as const;
  const young = watch('unproven', uptime, new HandKernel(), { ageMs: 400, runs: [] });
  young.clock.advance(599);
  assert.deepEqual(young.facts, []);
  young.clock.advance(1);
  assert.deepEqual(young.facts, [{ kind: 'becameHealthy' }]);
  const run = { startedAt: 0, durationMs: 1, passed: false, outcome: 'connection refused', output: '' };
  const runs = [{ ...run, passed: true }, run, run];
  const probe = { kind: 'tcp', host: '127.0.0.1', port: '1' } as const;
  const proven = watch('healthy', { probe, retries: 3 }, new HandKernel(), { ageMs: 60_000, runs });
  assert.equal(proven.monitor.history('web').length, 3);
  proven.clock.advance(10_000);
  await eventually(() => assert.equal(proven.facts[0]?.kind, 'becameUnhealthy'));
  proven.cancel();
});
