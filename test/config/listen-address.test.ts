import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListenAddress } from '../../src/config/resolved-config.ts';
import { loadGood } from '../support/config-ports.ts';

const ADDRESSES: readonly (readonly [string, ListenAddress])[] = [
  ['9180', { host: '127.0.0.1', port: 9180 }],
  ['"9180"', { host: '127.0.0.1', port: 9180 }],
  ['"localhost:80"', { host: '127.0.0.1', port: 80 }],
  ['"127.0.0.1:9180"', { host: '127.0.0.1', port: 9180 }],
  ['"0.0.0.0:9180"', { host: '0.0.0.0', port: 9180 }],
  ['"[::1]:9180"', { host: '::1', port: 9180 }],
  ['"[::]:65535"', { host: '::', port: 65535 }],
];

for (const [written, { host, port }] of ADDRESSES) {
  test(`listen = ${written} is port ${port} of ${host}`, () => {
    const { engine } = loadGood(`[engine.http]\nlisten = ${written}\n`);
    assert.deepEqual(engine.http, { host, port });
  });
}

test('without [engine.http] nobody listens', () => {
  assert.equal(loadGood('[engine]\n').engine.http, undefined);
});
