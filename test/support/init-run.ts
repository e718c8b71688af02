/** An init under test, the real tini or ours, as PID 1 of a namespace of its own or as an ordinary process. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { childrenOf } from './children-of.ts';
import { eventually } from './eventually.ts';
import { PidNamespace } from './pid-namespace.ts';

const dist = resolve(import.meta.dirname, '../../dist');

export type Command = readonly [string, ...string[]];

export const REAL_TINI: Command = ['/usr/bin/tini'];
export const OURS: Command = [resolve(dist, 'taskmaster'), 'init'];
export const OUR_LINK: Command = [resolve(dist, 'tini')];

export interface RunningInit {
  readonly stdout: string;
  readonly stderr: string;
  exitCode(): Promise<number>;
  signal(signal: NodeJS.Signals | number): Promise<void>;
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  /** The init's pid as seen from here. */
  outerPid(): Promise<number>;
  destroy(): Promise<void>;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** All of its standard input. Without: none. */
  readonly input?: string;
}

export const PLACES = {
  'as PID 1': (command: Command, options: RunOptions): RunningInit => new PidNamespace(command, options),
  'not as PID 1': (command: Command, options: RunOptions): RunningInit => new OrdinaryRun(command, options),
} as const;

/** What tini looks at must not come from whoever runs the tests. */
export function plainEnvironment(env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('TINI_'));
  return { ...Object.fromEntries(own), ...env };
}

class OrdinaryRun implements RunningInit {
  readonly #child: ChildProcess;
  readonly #exited: Promise<number>;
  #stdout = '';
  #stderr = '';

  constructor([file, ...args]: Command, { env, cwd, input }: RunOptions) {
    this.#child = spawn(file, args, {
      env,
      cwd,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    this.#child.stdin?.end(input);
    // Byte for byte: not all that is printed is UTF-8.
    this.#child.stdout?.setEncoding('latin1').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.#child.stderr?.setEncoding('latin1').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#exited = new Promise((done, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        if (code !== null) done(code);
        else reject(new Error(`the init was killed by ${signal}; it said: ${this.#stderr}`));
      });
    });
    this.#exited.catch(() => {});
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  exitCode(): Promise<number> {
    return this.#exited;
  }

  async signal(signal: NodeJS.Signals | number): Promise<void> {
    process.kill(await this.outerPid(), signal);
  }

  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    return await eventually(() => {
      const match = pattern.exec(this.#stdout);
      assert.ok(match, `${pattern} in ${JSON.stringify(this.#stdout)}; on stderr: ${this.#stderr}`);
      return match;
    });
  }

  async outerPid(): Promise<number> {
    return this.#child.pid ?? assert.fail('it was not started');
  }

  async destroy(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    // The command leads a group of its own and would outlive its init.
    for (const pid of childrenOf(await this.outerPid())) process.kill(-pid, 'SIGKILL');
    this.#child.kill('SIGKILL');
    await this.#exited.catch(() => {});
  }
}
