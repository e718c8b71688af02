/** The real engine as PID 1 of a PID namespace, on a configuration in a folder of its own, and taskshell beside it. */

import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { PidNamespace } from './pid-namespace.ts';
import { RunningEngine, runToEnd, type ShellResult } from './running-engine.ts';

const repository = resolve(import.meta.dirname, '../..');
const dist = join(repository, 'dist');

export interface EngineRunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Put before the engine's command: `prlimit --nproc=…`, a shell that closes descriptors. */
  readonly wrapper?: readonly [string, ...string[]];
  /** The engine runs as this user, with no capabilities; the folder is its own. */
  readonly uid?: number;
}

export class EngineRun extends RunningEngine {
  readonly folder: string;
  readonly socket: string;
  readonly #config: string;
  readonly #namespace: PidNamespace;

  /** @param config `{folder}` in it stands for the run's own folder. */
  constructor(t: TestContext, config: string, options: EngineRunOptions = {}) {
    super();
    this.folder = mkdtempSync(join(tmpdir(), 'taskmaster-run-'));
    this.socket = join(this.folder, 'tm.sock');
    this.#config = join(this.folder, 'tm.toml');
    this.configure(config);
    const { wrapper = [], uid } = options;
    const program = uid === undefined ? [join(dist, 'taskmaster')] : this.#unprivileged(uid);
    const [first = '', ...rest] = [...wrapper, ...program, 'engine', 'start', this.#config];
    const whole: [string, ...string[]] = [first, ...rest];
    this.#namespace = new PidNamespace(whole, { env: { ...process.env, ...options.env } });
    t.after(async () => {
      await this.#namespace.destroy();
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  /** A checkout in somebody's home is out of others' reach: it is shown to them below the folder. */
  #unprivileged(uid: number): readonly string[] {
    const shown = join(this.folder, 'repository');
    mkdirSync(shown);
    chownSync(this.folder, uid, uid);
    const identity = `--reuid=${uid} --regid=${uid} --clear-groups --inh-caps=-all --bounding-set=-all`;
    const script = `mount --bind '${repository}' '${shown}' && exec setpriv ${identity} '${shown}/dist/taskmaster' "$@"`;
    return ['sh', '-c', script, 'sh'];
  }

  /** Writes the configuration again; a reload takes it over. */
  configure(config: string): void {
    const engine = config.includes('[engine]') ? '' : '[engine]\n';
    const text = `${engine}${config}`.replace('[engine]\n', `[engine]\nsocket = "${this.socket}"\n`);
    writeFileSync(this.#config, text.replaceAll('{folder}', this.folder));
  }

  get stdout(): string {
    return this.#namespace.stdout;
  }

  get log(): string {
    return this.#namespace.stderr;
  }

  shell(...words: readonly string[]): Promise<ShellResult> {
    return runToEnd(join(dist, 'taskshell'), [...words, '--socket', this.socket]);
  }

  signal(signal: NodeJS.Signals | number): Promise<void> {
    return this.#namespace.signal(signal);
  }

  exitCode(): Promise<number> {
    return this.#namespace.exitCode();
  }

  zombies(): ReturnType<PidNamespace['zombies']> {
    return this.#namespace.zombies();
  }

  processes(): ReturnType<PidNamespace['processes']> {
    return this.#namespace.processes();
  }

  enginePid(): Promise<number> {
    return this.#namespace.outerPid();
  }

  /** Kills a process by its pid inside the namespace. */
  kill(pid: number, signal = 'KILL'): Promise<ShellResult> {
    return this.inside('kill', [`-${signal}`, String(pid)]);
  }

  /** Runs a command in the namespace, as `docker exec` does. */
  async inside(file: string, args: readonly string[]): Promise<ShellResult> {
    const target = String(await this.enginePid());
    return runToEnd('nsenter', ['--target', target, '--pid', '--mount', '--', file, ...args]);
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }
}

/** The `cmd` of a process that is a program for sh; `$$` in a configuration is one `$`. */
export function shellCommand(script: string): string {
  return `cmd = ["sh", "-c", ${JSON.stringify(script.replaceAll('$', '$$$$'))}]\n`;
}

/** A TCP port of the loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise<void>((done) => server.close(() => done()));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
