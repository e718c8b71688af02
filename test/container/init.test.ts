/** `taskmaster init` in real containers, under both of its names. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { PS1, SHELL, useJobControl } from '../support/job-control.ts';
import { Terminal } from '../support/terminal.ts';
import { dockerSays, testImage } from '../support/test-image.ts';

const image = testImage();

function containerName(t: TestContext): string {
  const name = `taskmaster-test-init-${randomUUID().slice(0, 8)}`;
  t.after(() => dockerSays('rm', '--force', name));
  return name;
}

for (const [called, entrypoint, words] of [
  ['taskmaster init', 'taskmaster', ['init', '--']],
  ['tini', 'tini', ['--']],
] as const) {
  test(`docker stop ends the program under ${called} at once; its exit code is the container’s`, async (t) => {
    const name = containerName(t);
    const options = ['--detach', '--network', 'none', '--name', name, '--entrypoint', entrypoint];
    const script = 'trap "exit 7" TERM; echo up; while :; do sleep 0.05; done';
    dockerSays('run', ...options, image, ...words, 'sh', '-c', script);
    await eventually(() => assert.equal(dockerSays('logs', name), 'up'));
    dockerSays('stop', '--time', '20', name);
    assert.equal(dockerSays('inspect', '--format', '{{.State.ExitCode}}', name), '7');
  });

  test(`docker run -it under ${called}: a shell stops, resumes and interrupts its jobs`, async (t) => {
    const options = ['-it', '--network', 'none', '--name', containerName(t), '--env', `PS1=${PS1}`];
    const command = ['--entrypoint', entrypoint, image, ...words, ...SHELL];
    await useJobControl(new Terminal(t, ['docker', 'run', ...options, ...command]));
  });
}
