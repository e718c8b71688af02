/** An engine that runs somewhere, asked by taskshell as a person would; how to reach it is its heirs' part. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { eventually } from './eventually.ts';

export interface ShellResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** As `status --json` tells it; the fields the tests look at. */
export interface SeenInstance {
  readonly name: string;
  readonly state: string;
  readonly pid: number | null;
  readonly reason: string | null;
  readonly restarts: number;
  readonly consecutive_restarts: number;
  readonly incarnation: number;
  readonly listening_on?: readonly { readonly socket: string; readonly address: string }[];
  readonly activated_by?: string;
}

export abstract class RunningEngine {
  /** What came on its standard error so far. */
  abstract get log(): string;
  abstract shell(...words: readonly string[]): Promise<ShellResult>;

  /** The engine's log lines so far, of one kind of event. */
  events(name: string): readonly Readonly<Record<string, unknown>>[] {
    return this.log
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line))
      .filter(({ event }) => event === name);
  }

  async see(name: string): Promise<SeenInstance> {
    const { stdout, stderr } = await this.shell('status', name, '--json');
    assert.notEqual(stdout, '', `status of ${name}: ${stderr}\n${this.log}`);
    const found = JSON.parse(stdout).instances?.[0];
    assert.ok(found, `status of ${name}: ${stdout}`);
    return found;
  }

  /** Waits until the instance is in the state. */
  async reaches(name: string, state: string, withinMs = 15_000): Promise<SeenInstance> {
    return await eventually(
      async () => {
        const seen = await this.see(name);
        assert.equal(seen.state, state, `${name}: ${JSON.stringify(seen)}\n${this.log}`);
        return seen;
      },
      { withinMs },
    );
  }

  /** Waits for the control socket. */
  async ready(): Promise<this> {
    await eventually(async () => assert.equal((await this.shell('version')).code, 0, this.log), {
      withinMs: 15_000,
    });
    return this;
  }
}

/** Runs a program to its end. */
export function runToEnd(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<ShellResult> {
  return new Promise((done) => {
    execFile(file, args, { maxBuffer: 64 * 1_048_576, env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      done({ code, stdout, stderr });
    });
  });
}
