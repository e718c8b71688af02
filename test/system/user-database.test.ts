import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownPrivileges, systemUsers } from '../../src/system/user-database.ts';

test('a user is found by name and by number, with home, shell and groups', () => {
  const root = systemUsers.user('root');
  assert.equal(root?.uid, 0);
  assert.equal(root.gid, 0);
  assert.match(root.home, /^\//);
  assert.ok(root.groups.includes(0));
  assert.deepEqual(systemUsers.user('0'), root);
});

test('a group is found by name and by number', () => {
  assert.equal(systemUsers.group('root'), 0);
  assert.equal(systemUsers.group('0'), 0);
});

test('who does not exist is undefined, be it by name or by number', () => {
  for (const name of ['no-such-user-here', '', '4123456789', '-1', 'root\n']) {
    assert.equal(systemUsers.user(name), undefined, name);
    assert.equal(systemUsers.group(name), undefined, name);
  }
});

test("the engine's own ids and capabilities are those of the process", () => {
  const self = ownPrivileges();
  assert.equal(self.uid, process.geteuid?.());
  assert.equal(self.gid, process.getegid?.());
  for (const name of self.capabilities) assert.match(name, /^CAP_[A-Z_]+$/);
  if (self.uid === 0) assert.ok(self.capabilities.has('CAP_KILL'));
});
