/** Names to ids, and who is at the other end of a socket. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { native } from '../../src/system/native.ts';

function fdOf(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { _handle: { fd: number } };
  return handle.fd;
}

test('a user is found by name and by number, with home, shell and groups', () => {
  const root = native().lookUpUser('root');
  assert.ok(root !== null && typeof root === 'object');
  assert.deepEqual([root.name, root.uid, root.gid, root.home], ['root', 0, 0, '/root']);
  assert.match(root.shell, /^\//);
  assert.equal(root.groups[0], 0);
  assert.deepEqual(native().lookUpUser('0'), root);
});

test('who is not there is null: no error, and nobody else', () => {
  for (const word of ['no-such-user', '', '54321', '99999999999', '-1', '0x0'])
    assert.equal(native().lookUpUser(word), null, JSON.stringify(word));
  for (const word of ['no-such-group', '', '54321', '99999999999', '-1'])
    assert.equal(native().lookUpGroup(word), null, JSON.stringify(word));
});

test('a number beyond 32 bits is not wrapped round to root', () => {
  assert.equal(native().lookUpUser('4294967296'), null);
  assert.equal(native().lookUpGroup('4294967296'), null);
});

test('a group is found by name and by number', () => {
  assert.equal(native().lookUpGroup('root'), 0);
  assert.equal(native().lookUpGroup('0'), 0);
});

test('the peer of a Unix socket is known, of anything else not', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'taskmaster-peer-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'socket');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.after(() => server.close());
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const client = connect(path);
  t.after(() => client.destroy());
  const peer = native().peerCredentials(fdOf(await accepted));
  const [, own = ''] = /^Groups:[ \t]*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const groups = own.trim() === '' ? [] : own.trim().split(' ').map(Number);
  assert.deepEqual(peer, { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.(), groups });
  assert.equal(native().peerCredentials(-1), null);
  assert.equal(native().peerCredentials(2_000_000), null);
});
