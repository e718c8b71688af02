/**
 * Runs a command as PID 1 of a PID namespace of its own, as a container engine does, and watches it from outside.
 * Needs root, and unshare of util-linux.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { eventually } from './eventually.ts';
import { type ChildOptions, WatchedChild } from './watched-child.ts';

export interface ProcessInside {
  /** Its pid in the namespace: PID 1 is the command itself. */
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** As in proc_pid_stat(5): `S` sleeps, `Z` is a zombie. */
  readonly state: string;
}

export class PidNamespace extends WatchedChild {
  #outerPid: number | undefined;

  constructor(command: readonly [string, ...string[]], options: ChildOptions = {}) {
    // --kill-child: whatever becomes of a test, its namespace ends with it. unshare(1) itself ends as PID 1 did.
    super('PID 1', ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', '--', ...command], options);
  }

  /** @param signal by name, or by number for those Node cannot name */
  async signal(signal: NodeJS.Signals | number): Promise<void> {
    process.kill(await this.outerPid(), signal);
  }

  /** The pid of PID 1 as seen from outside. */
  async outerPid(): Promise<number> {
    this.#outerPid ??= await eventually(() => {
      const pid = Number(readFileSync(`/proc/${this.child.pid}/task/${this.child.pid}/children`, 'utf8'));
      assert.ok(pid > 0, `unshare has started PID 1; it said: ${this.stderr}`);
      return pid;
    });
    return this.#outerPid;
  }

  /** Everything in the namespace, zombies included. */
  async processes(): Promise<readonly ProcessInside[]> {
    // Its own mount of /proc, looked at from here.
    const proc = `/proc/${await this.outerPid()}/root/proc`;
    return readdirSync(proc)
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => readProcess(proc, pid));
  }

  async zombies(): Promise<readonly ProcessInside[]> {
    return (await this.processes()).filter(({ state }) => state === 'Z');
  }

  /** Ends the namespace with all that is in it. */
  async destroy(): Promise<void> {
    if (this.isRunning) this.child.kill('SIGKILL');
    await this.exited.catch(() => {});
  }
}

function readProcess(proc: string, pid: string): readonly ProcessInside[] {
  try {
    const stat = readFileSync(`${proc}/${pid}/stat`, 'utf8');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const [state = '?', parent = '0'] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [{ pid: Number(pid), parent: Number(parent), name, state }];
  } catch {
    // Gone in the meantime.
    return [];
  }
}
