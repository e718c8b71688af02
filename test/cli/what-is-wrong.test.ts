/** `status` says in one line what is wrong; `why` without names explains it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whatIsWrong } from '../../src/cli/status/summary.ts';
import type { InstanceSnapshot } from '../../src/wire/snapshot.ts';
import { cli } from '../support/cli-rig.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { startRig } from '../support/rpc-rig.ts';

const worker = anInstance('worker', { state: 'failed', reason: 'exited with code 3', pid: null });
const web = anInstance('web', { state: 'waiting', waiting_for: ['db to be healthy'], pid: null });
const db = anInstance('db');

function wrong(...instances: readonly InstanceSnapshot[]): string | undefined {
  return whatIsWrong(instances as Parameters<typeof whatIsWrong>[0]);
}

test('one line names what is not up, and why; what failed first', () => {
  assert.equal(
    wrong(db, web, worker),
    '2 of 3 are not up: worker failed (exited with code 3); web waits for db to be healthy',
  );
  assert.equal(wrong(db, worker), '1 of 2 is not up: worker failed (exited with code 3)');
  assert.equal(
    wrong(
      anInstance('a', { state: 'healthcheck' }),
      anInstance('b', { state: 'unhealthy', reason: 'HTTP 500' }),
    ),
    '2 of 2 are not up: b is unhealthy (HTTP 500); a is not healthy yet',
  );
});

test('nothing is wrong with what starts, what was stopped, what was never started and what has completed', () => {
  for (const state of [
    'healthy',
    'completed',
    'starting',
    'healthcheck',
    'stopped',
    'idle',
    'stopping',
  ] as const)
    assert.equal(wrong(anInstance('a', { state })), undefined, state);
  assert.equal(wrong(web, anInstance('db', { state: 'starting' })), undefined);
  assert.equal(wrong(), undefined);
});

test('the line is bounded, and harmless on a terminal', () => {
  const many = Array.from({ length: 100 }, (_, index) => anInstance(`p${index}`, { state: 'failed' }));
  assert.match(wrong(...many) ?? '', /^100 of 100 are not up: p0 failed; .*p4 failed; and 95 more$/);
  const hostile = wrong({ ...worker, reason: 'a\u001b[31m\nb' }) ?? '';
  assert.ok(!hostile.includes('\u001b') && !hostile.includes('\n'));
});

test('status ends with that line, and its JSON does not have it', async (t) => {
  const rig = await startRig(t, {}, new FakeEngine(db, worker));
  const { out, code } = await cli(['status', '--socket', rig.path]);
  assert.equal(out.trimEnd().split('\n').at(-1), '1 of 2 is not up: worker failed (exited with code 3)');
  assert.equal(code, 3);
  const json = await cli(['status', '--json', '--socket', rig.path]);
  assert.doesNotMatch(json.out, /not up/);
  const good = await startRig(t, {}, new FakeEngine(db));
  assert.doesNotMatch((await cli(['status', '--socket', good.path])).out, /not up|\n\n/);
});

test('why without names explains what is neither healthy nor completed', async (t) => {
  const rig = await startRig(
    t,
    {},
    new FakeEngine(db, worker, web, anInstance('migrate', { state: 'completed' })),
  );
  const { out, code } = await cli(['why', '--socket', rig.path]);
  assert.equal(code, 0);
  assert.match(out, /^worker: failed .*\n/);
  assert.match(out, /^web: waiting /m);
  assert.doesNotMatch(out, /^(db|migrate): /m);
  const json = await cli(['why', '--json', '--socket', rig.path]);
  const reports: readonly { instance: { name: string } }[] = JSON.parse(json.out);
  assert.deepEqual(
    reports.map(({ instance }) => instance.name),
    ['worker', 'web'],
  );
});

test('why without names says so if all is well; as JSON an empty array', async (t) => {
  const rig = await startRig(t, {}, new FakeEngine(db));
  assert.deepEqual(await cli(['why', '--socket', rig.path]), {
    code: 0,
    out: 'all is well: every instance is healthy or has completed\n',
    err: '',
  });
  assert.equal((await cli(['why', '--json', '--socket', rig.path])).out.trim(), '[]');
  assert.equal((await cli(['why', '--socket', '/nowhere/x.sock'])).code, 1);
});
