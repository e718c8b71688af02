/** An init under test, the real tini or ours, as PID 1 of a namespace of its own or as an ordinary process. */

import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { childrenOf } from './children-of.ts';
import { PidNamespace } from './pid-namespace.ts';
import { type ChildOptions, WatchedChild } from './watched-child.ts';

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

export type RunOptions = Pick<ChildOptions, 'env' | 'cwd' | 'input'>;

export const PLACES = {
  'as PID 1': (command: Command, options: RunOptions): RunningInit => new PidNamespace(command, options),
  'not as PID 1': (command: Command, options: RunOptions): RunningInit => new OrdinaryRun(command, options),
} as const;

/** What tini looks at must not come from anyone who runs the tests. */
export function plainEnvironment(env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('TINI_'));
  return { ...Object.fromEntries(own), ...env };
}

class OrdinaryRun extends WatchedChild implements RunningInit {
  constructor(command: Command, options: RunOptions) {
    super('the init', command, { ...options, encoding: 'latin1' });
  }

  async signal(signal: NodeJS.Signals | number): Promise<void> {
    process.kill(await this.outerPid(), signal);
  }

  async outerPid(): Promise<number> {
    return this.child.pid ?? assert.fail('it was not started');
  }

  async destroy(): Promise<void> {
    if (!this.isRunning) return;
    // The command leads a group of its own and would outlive its init.
    for (const pid of childrenOf(await this.outerPid())) process.kill(-pid, 'SIGKILL');
    this.child.kill('SIGKILL');
    await this.exited.catch(() => {});
  }
}
