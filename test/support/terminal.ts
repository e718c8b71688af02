/** A program on a pseudo-terminal, by script(1) of util-linux: typed at, and read as it is shown. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import type { TestContext } from 'node:test';
import { childrenOf } from './children-of.ts';
import { eventually } from './eventually.ts';

export const CTRL_C = '\x03';
export const CTRL_Z = '\x1a';
export const CTRL_BACKSLASH = '\x1c';

export class Terminal {
  readonly #script: ChildProcess;
  readonly #exited: Promise<number>;
  #shown = '';

  constructor(t: TestContext, command: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    // --return: the exit code of the program. exec: it is the program itself that leads the session.
    this.#script = spawn(
      'script',
      ['--quiet', '--return', '--flush', '--command', `exec ${quoted}`, '/dev/null'],
      {
        env: { ...env, SHELL: '/bin/sh' },
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    this.#script.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#shown += text;
    });
    this.#exited = new Promise((done) => this.#script.once('close', (code) => done(code ?? -1)));
    t.after(async () => {
      // Not every program heeds that its terminal hangs up.
      killTree(this.#script.pid);
      await this.#exited;
    });
  }

  /** All that was written to the terminal so far, control sequences included. */
  get shown(): string {
    return this.#shown;
  }

  type(keys: string): void {
    this.#script.stdin?.write(keys);
  }

  /** From here on `shown` begins again. */
  forget(): void {
    this.#shown = '';
  }

  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    return await eventually(() => {
      const match = pattern.exec(this.#shown);
      assert.ok(match, `${pattern} in ${JSON.stringify(this.#shown)}`);
      return match;
    });
  }

  exitCode(): Promise<number> {
    return this.#exited;
  }
}

function killTree(pid: number | undefined): void {
  if (pid === undefined) return;
  const children = childrenOf(pid);
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
  for (const child of children) killTree(child);
}
