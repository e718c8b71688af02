import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CAPABILITY_NAMES,
  capabilitiesOfMask,
  capabilityName,
} from '../../src/config/values/capabilities.ts';
import { asNobody, asRoot, loadWeb, problemsOf } from '../support/config-ports.ts';

const web = (lines: string): string => `[processes.web]\ncmd = "x"\n${lines}\n`;

test('without user, group and groups a process stays what the engine is', () => {
  assert.equal(loadWeb(web('')).spawn.identity, undefined);
  assert.deepEqual(loadWeb(web('')).spawn.environment.set, {});
});

test('a user brings its group, its other groups and its variables', () => {
  const { identity, environment } = loadWeb(web('user = "www"')).spawn;
  assert.deepEqual(identity, { userName: 'www', uid: 33, gid: 33, groups: [33, 44] });
  assert.deepEqual(environment.set, { HOME: '/var/www', USER: 'www', LOGNAME: 'www', SHELL: '/bin/false' });
});

test('user:group is short for both', () => {
  assert.deepEqual(loadWeb(web('user = "www:video"')).spawn.identity, {
    userName: 'www',
    uid: 33,
    gid: 44,
    groups: [33, 44],
  });
});

test('numbers need no entry, but a group', () => {
  const { identity, environment } = loadWeb(web('user = "1234:5678"')).spawn;
  assert.deepEqual(identity, { userName: '1234', uid: 1234, gid: 5678, groups: [] });
  assert.deepEqual(environment.set, { HOME: '/', USER: '1234', LOGNAME: '1234', SHELL: '/bin/sh' });
  assert.equal(problemsOf(web('user = 1234')).length, 1);
});

test('a group alone keeps the user and sets no variables', () => {
  const { identity, environment } = loadWeb(web('group = "video"')).spawn;
  assert.deepEqual(identity, { userName: undefined, uid: 0, gid: 44, groups: [0] });
  assert.deepEqual(environment.set, {});
});

test('groups may be none at all', () => {
  assert.deepEqual(loadWeb(web('user = "www"\ngroups = []')).spawn.identity?.groups, []);
});

test('an engine without privileges can become what it is', () => {
  const { identity, environment } = loadWeb(web('user = "www"\ngroup = "www"'), { self: asNobody }).spawn;
  assert.equal(identity, undefined);
  assert.equal(environment.set.HOME, '/var/www');
});

const DENIED: readonly (readonly [string, RegExp])[] = [
  ['user = "root"', /cannot become user root: taskmaster runs as uid 33 without CAP_SETUID/],
  ['group = "video"', /cannot change to group 44: taskmaster runs as gid 33 without CAP_SETGID/],
  ['groups = ["video"]', /cannot change supplementary groups/],
  ['capabilities = ["NET_BIND_SERVICE"]', /taskmaster itself does not have CAP_NET_BIND_SERVICE/],
];
for (const [line, expected] of DENIED) {
  test(`an engine without privileges finds ${line} at load`, () => {
    const problems = problemsOf(web(line), { self: asNobody });
    assert.equal(problems.length, 1);
    assert.equal(problems[0]?.line, 3);
    assert.match(problems[0]?.message ?? '', expected);
  });
}

test('an engine that cannot drop capabilities says so', () => {
  const self = { ...asRoot, capabilities: new Set(['CAP_NET_BIND_SERVICE']) };
  assert.match(problemsOf(web('capabilities = []'), { self })[0]?.message ?? '', /without CAP_SETPCAP/);
});

test('capabilities have the numbers of linux/capability.h', () => {
  assert.equal(CAPABILITY_NAMES.indexOf('CAP_CHOWN'), 0);
  assert.equal(CAPABILITY_NAMES.indexOf('CAP_NET_BIND_SERVICE'), 10);
  assert.equal(CAPABILITY_NAMES.indexOf('CAP_SYS_ADMIN'), 21);
  assert.equal(CAPABILITY_NAMES.indexOf('CAP_CHECKPOINT_RESTORE'), 40);
  assert.deepEqual([...capabilitiesOfMask('0000000000000401')], ['CAP_CHOWN', 'CAP_NET_BIND_SERVICE']);
  assert.equal(capabilitiesOfMask('000001ffffffffff').size, 41);
  assert.equal(capabilityName('cap-net-raw'), 'CAP_NET_RAW');
});

test('a bounding set has its own list, which contains what is kept', () => {
  const lines = (bounding: string): string =>
    `[processes.web]\ncmd = "x"\ncapabilities = ["CHOWN"]\nbounding_capabilities = ${bounding}\n`;
  assert.deepEqual(loadWeb(lines('["chown", "SETUID"]')).spawn.boundingCapabilities, [
    'CAP_CHOWN',
    'CAP_SETUID',
  ]);
  const [problem, ...more] = problemsOf(lines('["SETUID"]'));
  assert.deepEqual(
    [problem?.line, problem?.message, more],
    [4, 'CAP_CHOWN is in capabilities, but not here', []],
  );
  assert.equal(problemsOf(lines('["CHOWN", "FLY"]'))[0]?.message, 'there is no capability "FLY"');
});

test('secure bits are named, and need CAP_SETPCAP', () => {
  const lines = '[processes.web]\ncmd = "x"\nsecurebits = ["noroot", "noroot-locked"]\n';
  assert.deepEqual(loadWeb(lines).spawn.securebits, ['noroot', 'noroot-locked']);
  assert.equal(
    problemsOf(lines, { self: asNobody })[0]?.message,
    'cannot be set: taskmaster runs without CAP_SETPCAP',
  );
  assert.equal(problemsOf(lines.replace('noroot-locked', 'norot'))[0]?.line, 3);
});
