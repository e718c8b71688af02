/** A person at a shell who stops a job, takes it up again and interrupts it. */

import assert from 'node:assert/strict';
import { CTRL_C, CTRL_Z, type Terminal } from './terminal.ts';

/** To be run on the terminal; its prompt is `prompt> ` where PS1 is. */
export const SHELL = ['bash', '--norc', '--noprofile', '-i'];
export const PS1 = 'prompt> ';

/**
 * One process, for a shell may be stopped between a fork and its exec. It tells that it goes on: only then the terminal
 * is its own again. Words in two, for the terminal shows the line itself as well.
 */
const JOB = `perl -e '$|=1; $SIG{CONT}=sub{print "go"."ing\\n"}; print "be"."gun\\n"; sleep 9 while 1'`;

/** Leaves the shell with exit code 7. */
export async function useJobControl(terminal: Terminal): Promise<void> {
  await terminal.shows(/prompt> $/);
  assert.doesNotMatch(terminal.shown, /job control/);
  terminal.forget();
  terminal.type(`${JOB}\r`);
  await terminal.shows(/begun/);
  terminal.type(CTRL_Z);
  await terminal.shows(/Stopped[\s\S]*prompt> $/);
  terminal.forget();
  terminal.type('fg\r');
  await terminal.shows(/going/);
  terminal.type(CTRL_C);
  await terminal.shows(/prompt> $/);
  terminal.type('exit 7\r');
  assert.equal(await terminal.exitCode(), 7);
}
