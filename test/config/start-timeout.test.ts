import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadGood } from '../support/config-ports.ts';

const limitOf = (text: string, name: string): number | undefined =>
  loadGood(text).processes.get(name)?.startTimeoutMs;

const MIGRATE = '[processes.migrate]\ncmd = "x"\ntype = "oneshot"\n';
const APP = '[processes.app]\ncmd = "x"\ndepends_on = ["migrate"]\n';

test('a one-shot that others depend on has 90 seconds', () => {
  assert.equal(limitOf(MIGRATE + APP, 'migrate'), 90_000);
});

test('a one-shot that nothing depends on, and a service, have no limit', () => {
  assert.equal(limitOf(MIGRATE, 'migrate'), undefined);
  assert.equal(limitOf(MIGRATE + APP, 'app'), undefined);
});

test('start_timeout overrides the default, and 0 is no limit', () => {
  assert.equal(limitOf(`${MIGRATE}start_timeout = "5m"\n${APP}`, 'migrate'), 300_000);
  assert.equal(limitOf(`${MIGRATE}start_timeout = 0\n${APP}`, 'migrate'), undefined);
  assert.equal(limitOf(`${MIGRATE}${APP}start_timeout = 7\n`, 'app'), 7_000);
});
