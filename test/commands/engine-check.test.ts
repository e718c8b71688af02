import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../support/temporary-folder.ts';

const taskmaster = resolve(import.meta.dirname, '../../dist/taskmaster');

function check(t: TestContext, document: string): { status: number | null; stdout: string; stderr: string } {
  const file = join(temporaryFolder(t), 'main.toml');
  writeFileSync(file, document);
  return spawnSync(taskmaster, ['engine', 'check', file], { encoding: 'utf8' });
}

test('warnings are shown together with errors, so that both are mended in one go', (t) => {
  const { status, stdout, stderr } = check(
    t,
    '[processes.a]\ncmd = "cd /srv && ./run"\n[processes.b]\ncmd = "x"\nnice = 99\n',
  );
  assert.equal(status, 78);
  assert.equal(stdout, '');
  assert.match(stderr, /^warning: .*main\.toml:2: processes\.a\.cmd: "cd" is a command of the shell/m);
  assert.match(stderr, /^warning: .*main\.toml:2: .*no shell is run, so && is passed on/m);
  assert.match(stderr, /main\.toml:5:8: processes\.b\.nice: found 99/);
  assert.match(stderr, /\n1 problem found\n$/);
});

test('warnings alone are shown, and the configuration is good', (t) => {
  const { status, stdout, stderr } = check(t, '[processes.a]\ncmd = "exit 0"\n');
  assert.equal(status, 0);
  assert.match(stdout, /good, 1 process\n$/);
  assert.match(stderr, /^warning: .*"exit" is a command of the shell.*cmd = \["sh", "-c", "…"\]\n$/);
});
