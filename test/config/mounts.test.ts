import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asRoot, loadWeb, problemsOf } from '../support/config-ports.ts';

const capabilities = new Set([...asRoot.capabilities, 'CAP_SYS_ADMIN', 'CAP_SYS_CHROOT']);
const able = { self: { ...asRoot, capabilities } };
const web = (line: string): string => `[processes.web]\ncmd = "x"\n${line}\n`;

test('paths are relative to the file, and may be absent with a `-`', () => {
  const lines =
    'read_only_paths = ["a", "-/b"]\ninaccessible_paths = ["/c"]\nprivate_tmp = true\nchroot = "d"';
  assert.deepEqual(loadWeb(web(lines), able).spawn.mounts, {
    readOnly: ['/etc/tm/a', '-/b'],
    inaccessible: ['/c'],
    privateTmp: true,
    root: '/etc/tm/d',
  });
  assert.equal('mounts' in loadWeb(web('private_tmp = false')).spawn, false);
});

for (const [line, capability] of [
  ['read_only_paths = ["/srv"]', 'SYS_ADMIN'],
  ['inaccessible_paths = ["/srv"]', 'SYS_ADMIN'],
  ['private_tmp = true', 'SYS_ADMIN'],
  ['chroot = "/srv"', 'SYS_CHROOT'],
] as const)
  test(`${line} in a container that cannot give it is refused by line`, () => {
    const [problem, ...more] = problemsOf(web(line));
    assert.deepEqual(more, []);
    assert.equal(problem?.line, 3);
    assert.equal(problem?.message, `cannot be given: taskmaster runs without CAP_${capability}`);
    assert.match(problem?.hint ?? '', new RegExp(`--cap-add ${capability}, or use landlock`));
  });

test('a path that is only a `-` is refused', () => {
  assert.equal(problemsOf(web('read_only_paths = ["-"]'), able)[0]?.message, 'found "-"');
});
