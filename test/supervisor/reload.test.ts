import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareConfigs } from '../../src/config/diff.ts';
import type { ResolvedConfig } from '../../src/config/resolved-config.ts';
import { TaskmasterError } from '../../src/errors.ts';
import { Reload } from '../../src/supervisor/reload.ts';
import { configOf, NO_SOCKETS, processConfig, Rig } from './rig.ts';

type Loaded = { ok: true; config: ResolvedConfig } | { ok: false; problems: string[] };

/** A rig with all processes up, and a reload that reads what the test puts into `next`. */
function reloading(before: ResolvedConfig): { rig: Rig; reload: Reload; next: { loaded: Loaded } } {
  const rig = new Rig([...before.processes.values()]).startAll();
  const next: { loaded: Loaded } = { loaded: { ok: true, config: before } };
  const reload = new Reload(before, {
    sockets: NO_SOCKETS,
    clock: rig.clock,
    events: rig.events,
    supervisor: rig.supervisor,
    load: () => Promise.resolve(next.loaded),
    phase: () => rig.drain.phase,
    compare: compareConfigs,
    onApplied: () => {},
  });
  return { rig, reload, next };
}

const withConfig = (next: { loaded: Loaded }, ...processes: Parameters<typeof configOf>[0]): void => {
  next.loaded = { ok: true, config: configOf(processes) };
};

test('what a reload does not touch keeps its pid and its counters', async () => {
  const { rig, reload, next } = reloading(configOf([processConfig('web'), processConfig('old')]));
  rig.exit('web', 1);
  rig.clock.advance(500);
  const pid = rig.pid('web');
  withConfig(next, processConfig('web'), processConfig('new'));
  const report = await reload.run({ kind: 'reload' });
  assert.deepEqual(
    report.plan.map(({ process, action }) => `${process} ${action}`),
    ['web unchanged', 'old remove', 'new add'],
  );
  assert.equal(rig.pid('web'), pid);
  assert.equal(rig.see('web').consecutive_restarts, 1);
  assert.equal(rig.state('new'), 'waiting');
  assert.equal(rig.state('old'), 'stopping');
  rig.exit('old', 0);
  assert.equal(rig.state('new'), 'healthcheck');
  assert.equal(rig.supervisor.record('old'), undefined);
});

test('a change of policy is taken over live, a change of command restarts', async () => {
  const { rig, reload, next } = reloading(configOf([processConfig('live'), processConfig('changed')]));
  const [live, changed] = [rig.pid('live'), rig.pid('changed')];
  const stop = [{ kind: 'signal', signal: 'SIGINT', waitMs: 7, to: 'leader' }] as const;
  withConfig(next, processConfig('live', { stop }), processConfig('changed', { command: '/bin/other' }));
  await reload.run({ kind: 'reload' });
  assert.equal(rig.pid('live'), live);
  assert.equal(rig.state('changed'), 'stopping');
  rig.kernel.exit(changed, { how: 'exited', code: 0 });
  assert.equal(rig.kernel.spawned.at(-1)?.file, '/bin/other');
  rig.decide('live', 'stop');
  assert.deepEqual(rig.signalsTo(live), ['SIGINT']);
});

test('a change of policy resets the restart counter', async () => {
  const { rig, reload, next } = reloading(configOf([processConfig('web', { maxRestarts: 3 })]));
  rig.exit('web', 1);
  rig.clock.advance(500);
  assert.equal(rig.see('web').consecutive_restarts, 1);
  withConfig(next, processConfig('web', { maxRestarts: 5 }));
  await reload.run({ kind: 'reload' });
  assert.equal(rig.see('web').consecutive_restarts, 0);
});

test('a plan names what stays stopped because a user stopped it, and nothing else', async () => {
  const { rig, reload, next } = reloading(
    configOf([processConfig('web', { instances: 2 }), processConfig('db')]),
  );
  const other = { command: '/bin/other' } as const;
  const stopped = async (...changed: Parameters<typeof configOf>[0]): Promise<unknown> => {
    withConfig(next, ...changed);
    const { plan } = await reload.run({ kind: 'plan' });
    return plan.map((entry) => entry.stays_stopped);
  };
  rig.decide('web:2', 'stop');
  rig.die('web:2', 'SIGTERM');
  const three = processConfig('web', { instances: 3 });
  assert.deepEqual(
    await stopped(processConfig('web', { instances: 2, ...other }), processConfig('db', other)),
    [['web:2'], undefined],
  );
  assert.deepEqual(
    await stopped(three, processConfig('db')),
    [undefined, undefined],
    'the new one is started',
  );
  rig.decide('web:1', 'stop');
  rig.die('web:1', 'SIGTERM');
  assert.deepEqual(await stopped(three, processConfig('db')), [['web:3'], undefined]);
  assert.deepEqual(await stopped(processConfig('web', { instances: 1, ...other }), processConfig('db')), [
    ['web'],
    undefined,
  ]);
  const always = processConfig('web', { instances: 2, policy: 'always', ...other });
  assert.deepEqual(await stopped(always, processConfig('db')), [undefined, undefined]);
});

test('what a user stopped stays stopped, whatever changed', async () => {
  const { rig, reload, next } = reloading(configOf([processConfig('web')]));
  rig.decide('web', 'stop');
  rig.exit('web', 0);
  withConfig(next, processConfig('web', { command: '/bin/other' }));
  await reload.run({ kind: 'reload' });
  assert.equal(rig.state('web'), 'stopped');
});

test('a failed process is tried again when a reload changed it, with its counter at nought', async () => {
  const { rig, reload, next } = reloading(configOf([processConfig('web', { policy: 'no' })]));
  rig.exit('web', 1);
  assert.equal(rig.state('web'), 'failed');
  withConfig(next, processConfig('web', { policy: 'no', command: '/bin/mended' }));
  await reload.run({ kind: 'reload' });
  assert.equal(rig.state('web'), 'healthcheck');
});

test('a rejected configuration changes nothing and names every problem', async () => {
  const { rig, reload, next } = reloading(configOf([processConfig('web')]));
  const pid = rig.pid('web');
  next.loaded = { ok: false, problems: ['tm.toml:1: one', 'tm.toml:2: two'] };
  await assert.rejects(reload.run({ kind: 'reload' }), (error: unknown) => {
    assert.ok(error instanceof TaskmasterError);
    assert.equal(error.code, 'config-invalid');
    assert.deepEqual(error.details.problems, ['tm.toml:1: one', 'tm.toml:2: two']);
    return true;
  });
  assert.equal(rig.pid('web'), pid);
  assert.equal(rig.told.at(-1)?.event, 'config_rejected');
});

test('a plan tells and does nothing', async () => {
  const { rig, reload, next } = reloading(configOf([processConfig('web')]));
  withConfig(next, processConfig('web', { command: '/bin/other' }));
  const report = await reload.run({ kind: 'plan' });
  assert.equal(report.applied, false);
  assert.equal(report.plan[0]?.action, 'restart');
  assert.equal(rig.state('web'), 'healthcheck');
  assert.equal(reload.config.processes.get('web')?.command.file, '/bin/web');
});

test('more and fewer instances come and go, the others stay', async () => {
  const { rig, reload, next } = reloading(configOf([processConfig('web', { instances: 2 })]));
  const pid = rig.pid('web:1');
  withConfig(next, processConfig('web', { instances: 3 }));
  await reload.run({ kind: 'reload' });
  assert.equal(rig.pid('web:1'), pid);
  assert.equal(rig.state('web:3'), 'healthcheck');
  withConfig(next, processConfig('web', { instances: 2 }));
  await reload.run({ kind: 'reload' });
  rig.exit('web:3', 0);
  assert.equal(rig.supervisor.record('web:3'), undefined);
  assert.equal(rig.pid('web:1'), pid);
});

test('a process that comes back while it is still being removed is started again', async () => {
  const { rig, reload, next } = reloading(configOf([processConfig('web'), processConfig('app')]));
  withConfig(next, processConfig('app'));
  await reload.run({ kind: 'reload' });
  assert.equal(rig.state('web'), 'stopping');
  withConfig(next, processConfig('web'), processConfig('app'));
  await reload.run({ kind: 'reload' });
  rig.exit('web', 0);
  assert.equal(rig.state('web'), 'healthcheck');
});

test('two reloads at once are done one after the other', async () => {
  const { rig, reload, next } = reloading(configOf([processConfig('web')]));
  withConfig(next, processConfig('web'), processConfig('app'));
  const reports = await Promise.all([reload.run({ kind: 'reload' }), reload.run({ kind: 'reload' })]);
  assert.deepEqual(
    reports.map(({ plan }) => plan.at(-1)?.action),
    ['add', 'unchanged'],
  );
  assert.equal(rig.kernel.spawned.length, 2);
});

test('a reload that waited for another one changes nothing once a shutdown has begun', async () => {
  const { rig, reload, next } = reloading(configOf([processConfig('web'), processConfig('stopped')]));
  rig.decide('stopped', 'stop');
  rig.exit('stopped', 0);
  withConfig(next, processConfig('web', { command: '/bin/other' }), processConfig('new'));
  const report = reload.run({ kind: 'reload' });
  rig.drain.begin({ code: 0, reason: 'a test' });
  await assert.rejects(report, { code: 'shutting-down' });
  assert.equal(rig.supervisor.record('new'), undefined);
  assert.equal(rig.state('stopped'), 'stopped');
});

test('however many reloads are asked for, others have as much time in between as they take', async () => {
  const rig = new Rig([processConfig('web')]).startAll();
  const config = configOf([processConfig('web')]);
  const loads: ((loaded: Loaded) => void)[] = [];
  const reload = new Reload(config, {
    sockets: NO_SOCKETS,
    clock: rig.clock,
    events: rig.events,
    supervisor: rig.supervisor,
    load: () => new Promise((resolve) => loads.push(resolve)),
    phase: () => rig.drain.phase,
    compare: compareConfigs,
    onApplied: () => {},
  });
  const passes = async (ms: number): Promise<void> => {
    rig.clock.advance(ms);
    await new Promise(setImmediate);
  };
  const kinds = ['plan', 'reload'] as const;
  const asked = Array.from({ length: 100 }, (_, index) => reload.run({ kind: kinds[index % 2] ?? 'plan' }));
  for (const [count, time] of [40, 30, 20].entries()) {
    await passes(time);
    loads.at(-1)?.({ ok: true, config });
    await passes(0);
    await passes(time - 1);
    assert.equal(loads.length, count + 1);
    await passes(1);
  }
  await Promise.all(asked);
  assert.equal(loads.length, 3, 'a plan, a reload, and one plan for all who asked meanwhile');
});

test('what runs on gets its reload signal', async () => {
  const web = { ...processConfig('web'), reloadSignal: 'SIGHUP' as const };
  const { rig, reload } = reloading(configOf([web]));
  await reload.run({ kind: 'reload' });
  assert.deepEqual(rig.signalsTo(rig.pid('web')), ['SIGHUP']);
});

test('copy 1 keeps its pid, its counters and its health under any number of instances', async () => {
  const { rig, reload, next } = reloading(configOf([processConfig('web', { instances: 3 })]));
  rig.healthy('web:1');
  const pid = rig.pid('web:1');
  const leaving = [rig.pid('web:2'), rig.pid('web:3')];
  withConfig(next, processConfig('web'));
  const { plan } = await reload.run({ kind: 'reload' });
  assert.deepEqual(plan[0]?.instances, { added: [], removed: ['web:2', 'web:3'] });
  assert.equal(rig.pid('web'), pid);
  assert.equal(rig.state('web'), 'healthy');
  assert.deepEqual(rig.signalsTo(pid), []);
  for (const old of leaving) assert.deepEqual(rig.signalsTo(old), ['SIGTERM']);
  withConfig(next, processConfig('web', { instances: 2 }));
  await reload.run({ kind: 'reload' });
  assert.equal(rig.pid('web:1'), pid);
  assert.equal(rig.supervisor.record('web'), undefined);
  const renamed = rig.told.filter(({ event }) => event === 'instance_renamed');
  assert.deepEqual(
    renamed.map((event) => [event.event === 'instance_renamed' && event.was, event.instance]),
    [
      ['web:1', 'web'],
      ['web', 'web:1'],
    ],
  );
});

test('the health of a renamed instance goes on under its new name', async () => {
  const { rig, reload, next } = reloading(configOf([processConfig('web')]));
  rig.healthy('web');
  withConfig(next, processConfig('web', { instances: 2 }));
  await reload.run({ kind: 'reload' });
  assert.equal(rig.health.watches.get('web')?.subject.instance, 'web:1');
});

test('an instance that a reload takes back while it is still stopping is started again', async () => {
  const { rig, reload, next } = reloading(configOf([processConfig('web', { instances: 2 })]));
  withConfig(next, processConfig('web'));
  await reload.run({ kind: 'reload' });
  assert.equal(rig.state('web:2'), 'stopping');
  withConfig(next, processConfig('web', { instances: 2 }));
  await reload.run({ kind: 'reload' });
  rig.exit('web:2', 0);
  assert.equal(rig.state('web:2'), 'healthcheck');
});

test('what a reload adds starts when what it removes and replaces is gone', async () => {
  const { rig, reload, next } = reloading(configOf([processConfig('old'), processConfig('moved')]));
  withConfig(next, processConfig('new'), processConfig('moved', { command: '/bin/elsewhere' }));
  await reload.run({ kind: 'reload' });
  assert.equal(rig.state('new'), 'waiting');
  assert.equal(rig.see('new').reason, 'waits for old to stop, moved to stop');
  rig.exit('moved', 0);
  assert.equal(rig.state('new'), 'waiting');
  rig.exit('old', 0);
  assert.equal(rig.state('new'), 'healthcheck');
  assert.equal(rig.state('moved'), 'healthcheck');
});

test('more of a process that a person has stopped are not started', async () => {
  const { rig, reload, next } = reloading(configOf([processConfig('web', { instances: 2 })]));
  for (const name of ['web:1', 'web:2']) {
    rig.decide(name, 'stop');
    rig.exit(name, 0);
  }
  withConfig(next, processConfig('web', { instances: 3 }));
  await reload.run({ kind: 'reload' });
  assert.equal(rig.state('web:3'), 'idle');
  withConfig(next, processConfig('web'));
  await reload.run({ kind: 'reload' });
  assert.equal(rig.state('web'), 'stopped');
});

test('a reload that changes a process starts it again with always, and not with unless-stopped', async () => {
  for (const [policy, state] of [
    ['always', 'healthcheck'],
    ['unless-stopped', 'stopped'],
    ['on-failure', 'stopped'],
  ] as const) {
    for (const change of [{ command: '/bin/other' }, { maxRestarts: 9 }]) {
      const { rig, reload, next } = reloading(configOf([processConfig('web', { policy })]));
      rig.decide('web', 'stop');
      rig.exit('web', 0);
      withConfig(next, processConfig('web', { policy, ...change }));
      await reload.run({ kind: 'reload' });
      assert.equal(rig.state('web'), state, `${policy} ${JSON.stringify(change)}`);
    }
  }
});

test('new rules apply to a retry that is waited for, and the reason has the new counter and limit', async () => {
  const { rig, reload, next } = reloading(configOf([processConfig('web', { maxRestarts: 5 })]));
  rig.exit('web', 1);
  rig.clock.advance(500);
  rig.exit('web', 1);
  assert.equal(rig.see('web').reason, 'exited with code 1; restart 2 of 5');
  withConfig(next, processConfig('web', { maxRestarts: 7, baseMs: 200 }));
  await reload.run({ kind: 'reload' });
  assert.equal(rig.see('web').reason, 'exited with code 1; restart 1 of 7');
  assert.equal(rig.see('web').retry_in_ms, 200);
  withConfig(next, processConfig('web', { maxRestarts: 0 }));
  await reload.run({ kind: 'reload' });
  assert.equal(rig.state('web'), 'failed');
});

test('a rollback returns to the configuration before the last reload that changed something', async () => {
  const before = configOf([processConfig('web'), processConfig('old')]);
  const { rig, reload, next } = reloading(before);
  const { pid } = rig.see('web');
  withConfig(next, processConfig('web', { command: '/bin/other' }), processConfig('new'));
  await reload.run({ kind: 'reload' });
  // It differs in nothing, so the one before is still the first.
  await reload.run({ kind: 'reload' });
  rig.exit('web', 0);
  rig.exit('old', 0);
  const planned = await reload.run({ kind: 'rollback plan' });
  assert.equal(planned.applied, false);
  const report = await reload.run({ kind: 'rollback' });
  assert.deepEqual(
    report.plan.map(({ process, action }) => `${process} ${action}`),
    ['web restart', 'new remove', 'old add'],
  );
  rig.exit('web', 0);
  rig.exit('new', 0);
  assert.notEqual(rig.pid('web'), pid);
  assert.equal(rig.record('web').process.command.file, before.processes.get('web')?.command.file);
  assert.equal(rig.state('old'), 'healthcheck');
  assert.equal(rig.supervisor.record('new'), undefined);
  assert.equal(reload.config, before);
});

test('without an earlier configuration a rollback fails, and nothing changes', async () => {
  const { reload, next } = reloading(configOf([processConfig('web')]));
  const refused = { code: 'action-failed', message: /^cannot roll back: no reload has changed/ };
  await assert.rejects(reload.run({ kind: 'rollback' }), refused);
  withConfig(next, processConfig('web', { command: '/bin/other' }));
  await reload.run({ kind: 'reload' });
  await reload.run({ kind: 'rollback' });
  await assert.rejects(reload.run({ kind: 'rollback' }), refused);
});

test('a process that never ran starts by a reload that gives it autostart, and not by one that takes it away', async () => {
  const idle = { ...processConfig('late'), autostart: false };
  const { rig, reload, next } = reloading(configOf([processConfig('web'), idle]));
  assert.equal(rig.state('late'), 'idle');
  withConfig(next, processConfig('web'), processConfig('late'));
  await reload.run({ kind: 'reload' });
  assert.equal(rig.state('late'), 'healthcheck');
  const other = new Rig([processConfig('late')]);
  other.reload(idle);
  assert.equal(other.state('late'), 'idle');
});
