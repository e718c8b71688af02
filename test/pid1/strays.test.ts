import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { PidNamespace } from '../support/pid-namespace.ts';

const fixture = resolve(import.meta.dirname, '../fixtures/kill-strays.ts');

for (const [role, command] of [
  ['pid1', [process.execPath, fixture]],
  // A shell that stays is PID 1 then, and the fixture its child.
  ['subreaper', ['/bin/sh', '-c', '"$0" "$1"; exit $?', process.execPath, fixture]],
] as const) {
  test(`as ${role}, daemons that left their group and their session get TERM, then KILL, and are collected`, async (t) => {
    const inside = new PidNamespace(command);
    t.after(() => inside.destroy());
    assert.equal(await inside.exitCode(), 0, inside.stderr);
    assert.match(inside.stdout, new RegExp(`^role ${role}$`, 'm'));
    assert.match(inside.stdout, /^4 daemons$/m);
    assert.match(inside.stdout, /^ended$/m);
    assert.match(inside.stdout, /^nothing is left$/m);
  });
}
