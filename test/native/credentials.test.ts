/** Who a child is and what it may do, as the kernel tells it. Needs root, as the engine does for this. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { NativeSpawnRequest } from '../../src/system/native.ts';
import { eventually } from '../support/eventually.ts';
import { NULL_DEVICE, nativeRequest, runChild, spawnFailure, statusFields } from '../support/native-child.ts';

const UNPRIVILEGED = { uid: 54_321, gid: 54_322, groups: [7, 54_323] } as const;
const CAP_KILL = 5;
const CAP_NET_BIND_SERVICE = 10;

function mask(...capabilities: number[]): string {
  return capabilities
    .reduce((bits, bit) => bits | (1n << BigInt(bit)), 0n)
    .toString(16)
    .padStart(16, '0');
}

test('user, group and supplementary groups are changed whole: real, effective, saved and file-system', async () => {
  const fields = await statusFields(UNPRIVILEGED);
  assert.equal(fields.Uid, '54321 54321 54321 54321');
  assert.equal(fields.Gid, '54322 54322 54322 54322');
  assert.equal(fields.Groups, '7 54323');
});

test('an empty list of supplementary groups leaves none of the engine’s', async () => {
  const fields = await statusFields({ ...UNPRIVILEGED, groups: [] });
  assert.equal(fields.Groups, '');
});

test('the largest ids pass unharmed', async () => {
  const fields = await statusFields({ uid: 4_294_967_294, gid: 4_294_967_293, groups: [4_294_967_292] });
  assert.equal(fields.Uid?.split(' ')[0], '4294967294');
  assert.equal(fields.Gid?.split(' ')[0], '4294967293');
  assert.equal(fields.Groups, '4294967292');
});

test('an id that has no room in 32 bits is refused, rather than wrapped round to root', () => {
  for (const id of [2 ** 32, 2 ** 32 - 1, -1, 1.5, Number.NaN]) {
    const { errno, message } = spawnFailure(nativeRequest(['/bin/true'], { uid: id }));
    assert.equal(errno, 'EINVAL', message);
    assert.equal(spawnFailure(nativeRequest(['/bin/true'], { gid: id })).errno, 'EINVAL');
    assert.equal(spawnFailure(nativeRequest(['/bin/true'], { groups: [id] })).errno, 'EINVAL');
  }
  const { message } = spawnFailure(nativeRequest(['/bin/true'], { uid: 2 ** 32 }));
  assert.equal(message, 'cannot change user to 4294967296: Invalid argument');
});

test('a child that leaves root has no capability left', async () => {
  const fields = await statusFields(UNPRIVILEGED);
  for (const set of ['CapPrm', 'CapEff', 'CapAmb']) assert.equal(fields[set], mask(), set);
});

test('listed capabilities, and only those, survive the change of user in every set', async () => {
  const kept = mask(CAP_KILL, CAP_NET_BIND_SERVICE);
  const fields = await statusFields({ ...UNPRIVILEGED, capabilities: [CAP_KILL, CAP_NET_BIND_SERVICE] });
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) assert.equal(fields[set], kept, set);
});

test('root with a list of capabilities has no more than the list', async () => {
  const fields = await statusFields({ capabilities: [CAP_KILL] });
  for (const set of ['CapPrm', 'CapEff', 'CapBnd']) assert.equal(fields[set], mask(CAP_KILL), set);
});

test('an empty list of capabilities takes all, of root too', async () => {
  const fields = await statusFields({ capabilities: [] });
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
    assert.equal(fields[set], mask(), set);
});

test('the bounding set has its own list, whether capabilities are kept or not', async () => {
  const both = await statusFields({
    ...UNPRIVILEGED,
    capabilities: [CAP_KILL],
    bounding: [CAP_KILL, CAP_NET_BIND_SERVICE],
  });
  assert.equal(both.CapBnd, mask(CAP_KILL, CAP_NET_BIND_SERVICE));
  for (const set of ['CapPrm', 'CapEff', 'CapAmb']) assert.equal(both[set], mask(CAP_KILL), set);
  const other = await statusFields({ ...UNPRIVILEGED, bounding: [CAP_KILL] });
  assert.equal(other.CapBnd, mask(CAP_KILL));
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) assert.equal(other[set], mask(), set);
  const root = await statusFields({ bounding: [CAP_KILL] });
  for (const set of ['CapBnd', 'CapPrm', 'CapEff']) assert.equal(root[set], mask(CAP_KILL), set);
});

/** As the kernel answers prctl(2), PR_GET_SECUREBITS, in what the child starts. */
async function securebitsOf(particulars: Partial<NativeSpawnRequest>): Promise<string> {
  const script = 'import ctypes; print(ctypes.CDLL(None).prctl(27, 0, 0, 0, 0))';
  return (await runChild(['/usr/bin/python3', '-c', script], particulars)).text.trim();
}

for (const [who, particulars] of [
  ['root', {}],
  ['another user', UNPRIVILEGED],
  ['another user with a capability', { ...UNPRIVILEGED, capabilities: [CAP_KILL] }],
] as const)
  test(`secure bits of ${who} are set, and leave it no more than it would have`, async () => {
    const securebits = 0b1111;
    assert.equal(await securebitsOf({ ...particulars, securebits }), String(securebits));
    assert.equal(await securebitsOf(particulars), '0');
    const fields = await statusFields({ ...particulars, securebits });
    const kept = 'capabilities' in particulars ? mask(CAP_KILL) : mask();
    for (const set of ['CapPrm', 'CapEff', 'CapAmb']) assert.equal(fields[set], kept, set);
  });

test('no_new_privs is set when asked for, and not otherwise', async () => {
  assert.equal((await statusFields({ noNewPrivs: true })).NoNewPrivs, '1');
  assert.equal((await statusFields()).NoNewPrivs, '0');
});

test('a child leads a session and a process group of its own, and what it starts stays in them', async () => {
  const script = 'cut -d " " -f 5,6 /proc/$$/stat; cut -d " " -f 5,6 /proc/self/stat';
  const { pid, text } = await runChild(['/bin/sh', '-c', script]);
  assert.equal(text, `${pid} ${pid}\n${pid} ${pid}\n`);
});

test('umask, directory, nice and oom_score_adj are as asked for', async () => {
  assert.equal((await statusFields({ umask: 0o027 })).Umask, '0027');
  assert.equal((await runChild(['/bin/pwd'], { cwd: '/usr' })).text, '/usr\n');
  assert.equal((await runChild(['/usr/bin/nice'], { nice: 7 })).text, '7\n');
  assert.equal((await runChild(['/usr/bin/nice'], { nice: -7 })).text, '-7\n');
  assert.equal(
    (await runChild(['/bin/cat', '/proc/self/oom_score_adj'], { oomScoreAdj: 321 })).text,
    '321\n',
  );
  assert.notEqual(
    readFileSync('/proc/self/oom_score_adj', 'utf8'),
    '321\n',
    'the engine, in the same memory, keeps its own',
  );
});

test('limits are set soft and hard, a size beyond 32 bits and unlimited included', async () => {
  const { text } = await runChild(['/bin/cat', '/proc/self/limits'], {
    limits: [7, 100, 200, 4, 0, -1, 1, 2 ** 40, -1],
  });
  assert.match(text, /^Max open files\s+100\s+200\s/m);
  assert.match(text, /^Max core file size\s+0\s+unlimited\s/m);
  assert.match(text, /^Max file size\s+1099511627776\s+unlimited\s/m);
});

test('a limit of open files below the engine’s own descriptors does not stop the spawn', async () => {
  const { status } = await runChild(['/bin/true'], {
    limits: [7, 3, 3],
    descriptors: [NULL_DEVICE, NULL_DEVICE, NULL_DEVICE],
  });
  // The dynamic loader needs a fourth descriptor: it was executed, and ends by itself.
  assert.equal(status & 0x7f, 0);
});

test('a program that has become another user can open its own pipe again by the name /dev/stdout', async () => {
  const { text } = await runChild(['/bin/sh', '-c', 'echo again > /dev/stdout'], UNPRIVILEGED);
  assert.equal(text, 'again\n');
});

/** Runs a script in a process of its own that setpriv(1) has prepared. */
async function below(setpriv: readonly string[], script: string): Promise<string> {
  const modules = `
    import { statSync } from 'node:fs';
    import { native } from '${resolve(import.meta.dirname, '../../src/system/native.ts')}';
    import { nativeRequest, readToEnd, runChild } from '${resolve(import.meta.dirname, '../support/native-child.ts')}';
  `;
  const node = [process.execPath, '--input-type=module', '-e', `${modules}${script}`];
  return (await promisify(execFile)('setpriv', [...setpriv, '--', ...node])).stdout;
}

const CAP_INH = `
  const { text } = await runChild(['grep', '-E', 'CapInh|CapAmb', '/proc/self/status'], PARTICULARS);
  console.log(text.replaceAll(/\\s+/g, ' ').trim());
`;

test('inheritable and ambient capabilities of the engine do not go to another user', async () => {
  const privileged = ['--inh-caps=+kill,+chown', '--ambient-caps=+kill'];
  const changed = CAP_INH.replace('PARTICULARS', '{ uid: 54321, gid: 54321, groups: [] }');
  assert.equal((await below(privileged, changed)).trim(), `CapInh: ${mask()} CapAmb: ${mask()}`);
  const unchanged = CAP_INH.replace('PARTICULARS', '{}');
  assert.match(await below(privileged, unchanged), /CapInh: 0*21 /, 'without a change they are left');
});

test('a child of another user leaves the engine as dumpable as it was', async () => {
  const caps = '+setuid,+setgid';
  const asUser = [
    '--reuid=54321',
    '--regid=54321',
    '--clear-groups',
    `--inh-caps=${caps}`,
    `--ambient-caps=${caps}`,
  ];
  const script = `
    await runChild(['true'], { uid: 54322, gid: 54322, groups: [] });
    // Of a process that is not dumpable these belong to root (proc(5)).
    console.log(statSync('/proc/self/environ').uid);
  `;
  assert.equal((await below(asUser, script)).trim(), '54321');
});

test('the parent-death signal comes when the engine dies, after a change of user too', async () => {
  const script = `
    const particulars = { parentDeathSignal: 9, uid: 54321, gid: 54321, groups: [], descriptors: [-1, -1, -1] };
    const child = native().spawn(nativeRequest(['sleep', '1000'], particulars), 30_000, () => {});
    console.log(child.pid);
    process.kill(process.pid, 'SIGKILL');
  `;
  const stdout = await below([], script).catch((error: { stdout: string }) => error.stdout);
  assert.match(stdout, /^\d+\n$/);
  await eventually(() => assert.ok(!existsSync(`/proc/${stdout.trim()}`) || isZombie(stdout.trim())));
});

function isZombie(pid: string): boolean {
  return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

test('a child has its family’s mark, and so has all that it starts, whatever becomes of its environment', async () => {
  const script = 'env -i setsid /bin/sh -c "grep locks /proc/self/limits"';
  const { text } = await runChild(['/bin/sh', '-c', script], { mark: 2 ** 40 + 7 });
  assert.match(text, /^Max file locks +1099511627783 +unlimited/);
});
