/** A program on a pseudo-terminal, by script(1) of util-linux: typed at, and read as it is shown. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import type { TestContext } from 'node:test';
import { eventually } from './eventually.ts';

export class Terminal {
  readonly #script: ChildProcess;
  readonly #exited: Promise<number>;
  #shown = '';

  constructor(t: TestContext, command: readonly string[]) {
    const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    // --return: the exit code of the program.
    this.#script = spawn('script', ['--quiet', '--return', '--flush', '--command', quoted, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#script.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#shown += text;
    });
    this.#exited = new Promise((done) => this.#script.once('close', (code) => done(code ?? -1)));
    t.after(async () => {
      this.#script.kill('SIGKILL');
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
