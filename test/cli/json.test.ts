/** What `--json` prints is what the README says: the schemas of its reference, of which it is made. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { JSON_OUTPUTS } from '../../src/build/json-reference.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { cli } from '../support/cli-rig.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { startRig } from '../support/rpc-rig.ts';

/** Operands, where the verb needs some. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  start: ['web'],
  stop: ['web'],
  restart: ['web', '--wait'],
  run: ['web'],
  signal: ['web', 'HUP'],
  send: ['web', 'hi'],
  why: ['web', 'db'],
  env: ['web'],
  logs: ['-o'],
};

function anEngine(): FakeEngine {
  const deadline = { action: 'start', in_ms: 10, of_ms: 20 };
  const engine = new FakeEngine(anInstance('web'), anInstance('db', { state: 'backoff', deadline }));
  engine.emit('state_changed', { from: 'idle', to: 'starting' }, { instance: 'web', process: 'web' });
  engine.keepsOutput = true;
  engine.journalLine('web', 'hello');
  engine.report = {
    applied: true,
    plan: [{ process: 'web', action: 'update', changed: ['stop'] }],
    needs_engine_restart: ['socket'],
    warnings: ['careful'],
  };
  return engine;
}

for (const { verb, schema, isLines } of JSON_OUTPUTS.filter(({ verb: of }) => !of.includes('--watch'))) {
  test(`${verb} --json prints what the reference says`, async (t) => {
    const engine = anEngine();
    const rig = await startRig(t, {}, engine);
    const settling = setInterval(() => engine.settleAll(), 10);
    t.after(() => clearInterval(settling));
    const words = [verb, ...(WORDS[verb] ?? []), '--json', '--socket', rig.path];
    const { out, err } = await cli(words);
    assert.equal(err, '');
    const values = (isLines ? out.trimEnd().split('\n') : [out]).map((text) => JSON.parse(text));
    const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(structuredClone(schema));
    for (const value of values) assert.ok(validate(value), JSON.stringify([validate.errors, value], null, 1));
  });
}

test('the reference leaves no verb out', () => {
  const documented = new Set(JSON_OUTPUTS.map(({ verb }) => verb.split(' ')[0]));
  const shown = COMMANDS.filter(({ isHidden }) => isHidden !== true);
  const verbs = shown.filter(({ hasNoJson }) => hasNoJson !== true).map(({ verb }) => verb);
  assert.deepEqual(new Set(verbs), documented);
});

test('a verb that has no result has no --json', async () => {
  for (const verb of ['attach', 'help', 'completion']) {
    const { code, out } = await cli([verb, '--json']);
    assert.equal(code, 2);
    assert.match(JSON.parse(out).error.message, /no flag --json/);
    assert.doesNotMatch((await cli([verb, '--help'])).out, /--json/);
  }
});

test('a failure is one JSON value too, with its code', async (t) => {
  const rig = await startRig(t);
  const { code, out, err } = await cli(['stop', 'wbe', '--json', '--socket', rig.path]);
  assert.deepEqual([code, err], [5, '']);
  const { error } = JSON.parse(out);
  assert.equal(error.code, 'unknown-process');
  assert.equal(typeof error.message, 'string');
});
