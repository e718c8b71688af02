/** taskmaster in a real container of a real Docker engine. No network but its own loopback. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { eventually } from './eventually.ts';
import { RunningEngine, runToEnd, type ShellResult } from './running-engine.ts';
import { dockerSays, testImage } from './test-image.ts';

export interface ContainerOptions {
  /** For `docker run`: `--read-only`, `--user 1000`, …. */
  readonly flags?: readonly string[];
  /** In place of the image's own entry point: program and arguments. */
  readonly command?: readonly [string, ...string[]];
  readonly image?: string;
  /** More files for /etc/taskmaster, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

export class Container extends RunningEngine {
  readonly name: string;
  readonly #folder: string;

  /** @param config the engine's configuration, bind-mounted as /etc/taskmaster/tm.toml */
  constructor(t: Pick<TestContext, 'after'>, config: string, options: ContainerOptions = {}) {
    super();
    const { flags = [], command, image = testImage() } = options;
    this.#folder = mkdtempSync(join(tmpdir(), 'taskmaster-container-'));
    chmodSync(this.#folder, 0o755);
    this.name = `taskmaster-test-${process.pid}-${this.#folder.slice(-6)}`;
    this.configure(config);
    for (const [name, text] of Object.entries(options.files ?? {})) this.write(name, text);
    t.after(() => {
      dockerSays('rm', '--force', '--volumes', this.name);
      rmSync(this.#folder, { recursive: true, force: true });
    });
    const entry = command === undefined ? [] : ['--entrypoint', command[0]];
    dockerSays(
      ...[
        'run',
        '--detach',
        '--name',
        this.name,
        '--network',
        'none',
        '--volume',
        `${this.#folder}:/etc/taskmaster`,
      ],
      ...flags,
      ...entry,
      image,
      ...(command?.slice(1) ?? []),
    );
  }

  configure(config: string): void {
    this.write('tm.toml', config);
  }

  /** Into /etc/taskmaster, executable. */
  write(name: string, text: string): void {
    const path = join(this.#folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: 0o755 });
  }

  get log(): string {
    return this.#logs('2>&1 >/dev/null');
  }

  get stdout(): string {
    return this.#logs('2>/dev/null');
  }

  /** `docker logs` tells the two streams apart as the engine wrote them; not every log driver can be read. */
  #logs(redirection: string): string {
    return execFileSync('sh', ['-c', `docker logs "$0" ${redirection} || true`, this.name], {
      encoding: 'utf8',
      maxBuffer: 256 * 1_048_576,
    });
  }

  shell(...words: readonly string[]): Promise<ShellResult> {
    return this.exec('taskshell', ...words);
  }

  exec(...command: readonly string[]): Promise<ShellResult> {
    return runToEnd('docker', ['exec', this.name, ...command]);
  }

  /** @param field a path of `docker inspect`, such as `.State.Running` */
  inspect(field: string): string {
    return dockerSays('inspect', '--format', `{{${field}}}`, this.name);
  }

  /** `docker kill --signal`. */
  signal(signal: string): void {
    dockerSays('kill', '--signal', signal, this.name);
  }

  /** Waits for its end. @returns its exit code */
  async exitCode(withinMs = 30_000): Promise<number> {
    await eventually(() => assert.equal(this.inspect('.State.Running'), 'false', this.log), { withinMs });
    return Number(this.inspect('.State.ExitCode'));
  }

  /**
   * `docker stop`: the stop signal, and KILL when the seconds are over.
   * @returns its exit code: 137 where the KILL was needed
   */
  async stop(seconds = 10): Promise<number> {
    dockerSays('stop', '--time', String(seconds), this.name);
    return await this.exitCode();
  }

  restart(): void {
    dockerSays('restart', this.name);
  }

  /** Processes and threads that count against `--pids-limit`; asked from outside, where a process can be made. */
  pidsCurrent(): number {
    const [line = ''] = dockerSays('stats', '--no-stream', '--format', '{{.PIDs}}', this.name).split('\n');
    return Number(line);
  }

  /** Everything in the container, as proc_pid_stat(5) tells: `Z` is a zombie. */
  async processes(): Promise<
    readonly { readonly pid: number; readonly name: string; readonly state: string }[]
  > {
    const { stdout } = await this.exec('sh', '-c', 'cat /proc/[0-9]*/stat 2>/dev/null; true');
    return stdout
      .trim()
      .split('\n')
      .flatMap((line) => {
        const [, pid, name = '', state = ''] = /^(\d+) \((.*)\) (\w)/s.exec(line) ?? [];
        return pid === undefined ? [] : [{ pid: Number(pid), name, state }];
      });
  }
}
