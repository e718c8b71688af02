/** On a terminal, as with `docker run -it`: the keys go to the command, and a shell has its job control. */

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { compileFixture } from '../support/compile.ts';
import { OURS, plainEnvironment, REAL_TINI } from '../support/init-run.ts';
import { PS1, SHELL, useJobControl } from '../support/job-control.ts';
import { CTRL_BACKSLASH, CTRL_C, CTRL_Z, Terminal } from '../support/terminal.ts';

const recorder = compileFixture('signal-recorder');
after(() => recorder.remove());

const env = plainEnvironment({ PS1, TERM: 'dumb' });

/** A runtime makes PID 1 the leader of a session with the terminal as its own. */
const AS_PID_1 = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', 'setsid', '--ctty'];

for (const [name, program] of [
  ['tini of Debian', REAL_TINI],
  ['taskmaster init', OURS],
] as const) {
  for (const [place, before] of [
    ['as PID 1', AS_PID_1],
    ['not as PID 1', []],
  ] as const) {
    const words = [...before, ...program, '-s', '--'];
    describe(`${name} ${place}`, () => {
      test('what is typed goes to the command, once', async (t) => {
        const terminal = new Terminal(t, [...words, recorder.path], env);
        await terminal.shows(/ready/);
        for (const [key, number] of [
          [CTRL_C, 2],
          [CTRL_BACKSLASH, 3],
          [CTRL_Z, 20],
          [CTRL_C, 2],
        ] as const) {
          terminal.forget();
          terminal.type(key);
          await terminal.shows(new RegExp(`got ${number}`));
          assert.equal(terminal.shown.match(/got/g)?.length, 1);
        }
      });

      test('a job of a shell is stopped by Ctrl-Z, goes on by fg, ends by Ctrl-C; the exit code is passed on', async (t) => {
        await useJobControl(new Terminal(t, [...words, ...SHELL], env));
      });
    });
  }
}

test('started in the background, taskmaster init leaves the terminal to whom it belongs', async (t) => {
  const terminal = new Terminal(t, SHELL, env);
  await terminal.shows(/prompt> $/);
  terminal.type(
    `${OURS.join(' ')} -s -- sh -c 'ps -o pgid=,tpgid= -p $$; exec sleep 1000' & echo shell-$$\r`,
  );
  const [, shell] = await terminal.shows(/shell-(\d+)\r/);
  const [, group, foreground] = await terminal.shows(/(?:^| )(\d+) +(\d+)\r$/m);
  assert.equal(foreground, shell);
  assert.notEqual(group, foreground);
  terminal.type('kill %1; wait; exit 5\r');
  assert.equal(await terminal.exitCode(), 5);
});
