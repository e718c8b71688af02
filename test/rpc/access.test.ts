import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Grant, type PeerCredentials, rightsOf } from '../../src/rpc/access/peer.ts';
import { type AccessLevel, METHODS } from '../../src/rpc/contract/contract.ts';
import { eventually } from '../support/eventually.ts';
import { startRig } from '../support/rpc-rig.ts';

const ENGINE_UID = 1000;
const GRANTS: readonly Grant[] = [
  { level: 'read', uid: 2000, gid: undefined },
  { level: 'control', uid: 3000, gid: undefined },
  { level: 'read', uid: undefined, gid: 500 },
  { level: 'control', uid: undefined, gid: 600 },
];
const peer = (uid: number, gid = uid, groups: number[] = []): PeerCredentials => ({
  pid: 1,
  uid,
  gid,
  groups,
});

const TABLE: readonly [who: string, peer: PeerCredentials | undefined, level: AccessLevel | undefined][] = [
  ['root', peer(0), 'owner'],
  ["the engine's own user", peer(ENGINE_UID), 'owner'],
  ['a user granted read', peer(2000), 'read'],
  ['a user granted control', peer(3000), 'control'],
  ['a member of a group granted read, by its first group', peer(4000, 500), 'read'],
  ['a member of a group granted control, by another group', peer(4000, 4000, [7, 600]), 'control'],
  ['one granted twice: the higher counts', peer(2000, 500, [600]), 'control'],
  ['a stranger', peer(4000), undefined],
  ['a stranger whose group has the number of a granted user', peer(4000, 2000), undefined],
  ['one whom the kernel does not name', undefined, undefined],
];

for (const [who, credentials, level] of TABLE) {
  test(`${who}: ${level ?? 'nothing'}`, () => {
    assert.equal(rightsOf(credentials, { engineUid: ENGINE_UID, grants: GRANTS })?.level, level);
  });
}

test('each level opens its methods and those below, over the wire', async (t) => {
  const rig = await startRig(t, { grants: GRANTS });
  const ranks: readonly (AccessLevel | undefined)[] = ['read', 'control', 'owner'];
  const peers = [peer(2000), peer(3000), peer(ENGINE_UID)];
  for (const [held, credentials] of peers.entries()) {
    rig.peer = credentials;
    const client = await rig.connect();
    for (const [method, { access }] of Object.entries(METHODS)) {
      const { error } = await client.ask(method, { nonsense: true });
      const isOpen = ranks.indexOf(access) <= held;
      // With access, the nonsense is what is complained about.
      assert.equal(
        error.data.code,
        isOpen ? 'bad-arguments' : 'not-permitted',
        `${method} for level ${held}`,
      );
    }
  }
  assert.deepEqual(rig.rejected, []);
});

test('who may only look may attach, but not with stdin', async (t) => {
  const rig = await startRig(t, { grants: GRANTS });
  rig.peer = peer(2000);
  const client = await rig.connect();
  assert.equal((await client.ask('attach', { name: 'web' })).error, undefined);
  const { error } = await client.ask('attach', { name: 'web', stdin: true });
  assert.equal(error.data.code, 'not-permitted');
  assert.match(
    error.message,
    /cannot attach with stdin: uid 2000 has only "read" access; it takes "control"/,
  );
  assert.equal(rig.engine.holders.size, 0);
});

test('a refusal says who asked, what they hold and what it takes', async (t) => {
  const rig = await startRig(t, { grants: GRANTS });
  rig.peer = peer(2000);
  const { error } = await (await rig.connect()).ask('stop', { names: ['web'] });
  assert.match(error.message, /cannot stop: uid 2000 has only "read" access; it takes "control"/);
  assert.deepEqual(rig.engine.calls, []);
});

test('new grants count at once for those connected', async (t) => {
  const rig = await startRig(t, { grants: [{ level: 'read', uid: 2000, gid: undefined }] });
  rig.peer = peer(2000);
  const client = await rig.connect();
  assert.equal((await client.ask('stop', { names: ['web'] })).error.data.code, 'not-permitted');
  rig.server.setGrants([{ level: 'control', uid: 2000, gid: undefined }]);
  assert.equal((await client.ask('stop', { names: ['web'] })).error, undefined);
});

test('who has lost the access hears no more of what was followed', async (t) => {
  const rig = await startRig(t, { grants: GRANTS });
  rig.peer = peer(2000);
  const client = await rig.connect();
  await client.ask('events.subscribe');
  await client.ask('attach', { name: 'web' });
  rig.server.setGrants([]);
  rig.engine.emit('engine_notice', { message: 'secret' });
  await eventually(() => assert.ok(client.hasEnded));
  assert.doesNotMatch(JSON.stringify(client.messages), /secret/);
  assert.equal(rig.engine.listenerCount, 0);
});

test('a kernel that fails to tell is a stranger at the door, not a crash', async (t) => {
  const rig = await startRig(t, {
    peerOf: () => {
      throw new Error('getsockopt failed');
    },
  });
  const [refusal] = await (await rig.connect()).received(1);
  assert.equal(refusal.error.data.code, 'not-permitted');
});
