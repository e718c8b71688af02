/** Sockets that are open already. */

import assert from 'node:assert/strict';
import { existsSync, fstatSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SocketConfig } from '../../src/config/resolved-config.ts';
import { addressKey } from '../../src/config/values/service-socket.ts';
import { SystemClock } from '../../src/system/clock.ts';
import { native } from '../../src/system/native.ts';
import { ServiceSockets } from '../../src/system/service-sockets.ts';
import { processConfig } from '../supervisor/rig.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function socketAt(path: string): SocketConfig {
  return {
    name: 'http',
    address: { kind: 'stream', path },
    where: 'test:1',
    mode: 0o600,
    uid: undefined,
    gid: undefined,
    backlog: 5,
    isPortShared: false,
    isV6Only: false,
  };
}

const newSockets = (): ServiceSockets => new ServiceSockets(native(), new SystemClock(), assert.fail);

test('another engine adopts sockets by their descriptors, and closes those that are not configured', async (t) => {
  const folder = temporaryFolder(t);
  const [kept, gone] = ['kept', 'gone'].map((name) => socketAt(join(folder, name))) as [
    SocketConfig,
    SocketConfig,
  ];
  const configs = new Map([kept, gone].map((config) => [addressKey(config.address), config]));
  const before = newSockets();
  assert.deepEqual(await before.open(configs), []);
  before.use();
  const held = before.held();
  assert.equal(held.size, 2);
  const key = addressKey(kept.address);
  const after = newSockets();
  await after.adopt(held, new Map([[key, kept]]));
  const web = { ...processConfig('web'), sockets: [{ name: 'http', key, address: key }] };
  assert.deepEqual(after.descriptorsOf(web), [{ name: 'http', fd: held.get(key) }]);
  assert.deepEqual(await after.open(new Map([[key, kept]])), [], 'it is not opened twice');
  after.use();
  const client = connect('path' in kept.address ? kept.address.path : '');
  await new Promise((resolve) => client.once('connect', resolve));
  client.destroy();
  await eventually(() => assert.throws(() => fstatSync(held.get(addressKey(gone.address)) ?? 0), /EBADF/));
  await after.close();
  assert.equal(existsSync(join(folder, 'kept')), false);
});
