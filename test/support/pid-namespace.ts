/**
 * Runs a command as PID 1 of a PID namespace of its own, as a container engine does, and watches it from outside.
 * Needs root, and unshare of util-linux.
 */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { eventually } from './eventually.ts';

export interface ProcessInside {
  /** Its pid in the namespace: PID 1 is the command itself. */
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** As in proc_pid_stat(5): `S` sleeps, `Z` is a zombie. */
  readonly state: string;
}

export class PidNamespace {
  readonly #unshare: ChildProcess;
  readonly #exited: Promise<number>;
  #outerPid: number | undefined;
  #stdout = '';
  #stderr = '';

  constructor(
    command: readonly [string, ...string[]],
    options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string; readonly input?: string } = {},
  ) {
    // --kill-child: whatever becomes of a test, its namespace ends with it.
    this.#unshare = spawn('unshare', ['--pid', '--fork', '--kill-child', '--mount-proc', '--', ...command], {
      env: options.env ?? process.env,
      cwd: options.cwd,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    this.#unshare.stdin?.end(options.input);
    this.#unshare.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.#unshare.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#exited = new Promise((resolve, reject) => {
      this.#unshare.once('error', reject);
      this.#unshare.once('close', (code, signal) => {
        // unshare(1) ends as its child did.
        if (code !== null) resolve(code);
        else reject(new Error(`PID 1 was killed by ${signal}; it said: ${this.#stderr}`));
      });
    });
    // A test that ends early does not ask for it.
    this.#exited.catch(() => {});
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** @returns the exit code of PID 1; rejects where a signal killed it. */
  exitCode(): Promise<number> {
    return this.#exited;
  }

  /** @param signal by name, or by number for those Node cannot name */
  async signal(signal: NodeJS.Signals | number): Promise<void> {
    process.kill(await this.outerPid(), signal);
  }

  /** The pid of PID 1 as seen from outside. */
  async outerPid(): Promise<number> {
    this.#outerPid ??= await eventually(() => {
      const pid = Number(
        readFileSync(`/proc/${this.#unshare.pid}/task/${this.#unshare.pid}/children`, 'utf8'),
      );
      assert.ok(pid > 0, `unshare has started PID 1; it said: ${this.#stderr}`);
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

  /** Waits for a line on standard output that matches. */
  async printed(pattern: RegExp, withinMs = 10_000): Promise<RegExpExecArray> {
    return await eventually(
      () => {
        const match = pattern.exec(this.#stdout);
        assert.ok(match, `${pattern} in ${JSON.stringify(this.#stdout)}; on stderr: ${this.#stderr}`);
        return match;
      },
      { withinMs },
    );
  }

  /** Ends the namespace with all that is in it. */
  async destroy(): Promise<void> {
    if (this.#unshare.exitCode === null && this.#unshare.signalCode === null) this.#unshare.kill('SIGKILL');
    await this.#exited.catch(() => {});
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
