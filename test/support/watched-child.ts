/** A program of the test's own: what it prints, and how it ends. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { eventually } from './eventually.ts';

export interface ChildOptions {
  /** Without: the test's own. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** All of its standard input. Without: none. */
  readonly input?: string;
  /** latin1 where what is printed need not be UTF-8: byte for byte. */
  readonly encoding?: 'utf8' | 'latin1';
}

export class WatchedChild {
  protected readonly child: ChildProcess;
  protected readonly exited: Promise<number>;
  #stdout = '';
  #stderr = '';

  /** @param what it is, for the error where a signal kills it */
  constructor(what: string, [file, ...args]: readonly [string, ...string[]], options: ChildOptions) {
    const { env = process.env, cwd, input, encoding = 'utf8' } = options;
    const stdin = input === undefined ? 'ignore' : 'pipe';
    this.child = spawn(file, args, { env, cwd, stdio: [stdin, 'pipe', 'pipe'] });
    this.child.stdin?.end(input);
    this.child.stdout?.setEncoding(encoding).on('data', (text: string) => {
      this.#stdout += text;
    });
    this.child.stderr?.setEncoding(encoding).on('data', (text: string) => {
      this.#stderr += text;
    });
    this.exited = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => {
        if (code !== null) resolve(code);
        else reject(new Error(`${what} was killed by ${signal}; it said: ${this.#stderr}`));
      });
    });
    // A test that ends early does not ask for it.
    this.exited.catch(() => {});
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** @returns its exit code; rejects where a signal killed it. */
  exitCode(): Promise<number> {
    return this.exited;
  }

  /** Waits for something on standard output that matches. */
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

  protected get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }
}
