import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig, loadConfigInSlices } from '../../src/config/load.ts';
import { asRoot, filesInMemory, MAIN, users } from '../support/config-ports.ts';

const tables = Array.from({ length: 50 }, (_, index) => `[processes.p${index}]\ncmd = "sleep ${index}"\n`);
const portsOf = (text: string) => ({
  files: filesInMemory({ [MAIN]: text }),
  users,
  self: asRoot,
  environment: {},
});

test('a configuration that is loaded in slices is the same, and others have their turn between its processes', async () => {
  const ports = portsOf(tables.join(''));
  let pauses = 0;
  const loaded = await loadConfigInSlices(MAIN, ports, () => {
    pauses += 1;
    return pauses % 2 === 0 ? Promise.resolve() : undefined;
  });
  assert.ok(loaded.ok);
  assert.deepEqual(loaded, loadConfig(MAIN, ports));
  assert.ok(pauses > tables.length, `${pauses} pauses`);
});

test('so are its problems', async () => {
  const ports = portsOf(`${tables.join('')}[processes.bad]\ncmd = 7\n`);
  const loaded = await loadConfigInSlices(MAIN, ports, () => undefined);
  assert.equal(loaded.ok, false);
  assert.deepEqual(loaded, loadConfig(MAIN, ports));
});
