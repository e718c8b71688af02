/** The two clients of the engine's commands: the launcher, which has the engine run them, and the one that Node runs. */

import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { runVerb } from '../../src/commands/shell.ts';
import { anInstance, FakeEngine } from './fake-engine.ts';
import { type Rig, startRig } from './rpc-rig.ts';

const root = resolve(import.meta.dirname, '../..');
const dist = join(root, 'dist');

/** Where a client would start Node, this stands in: it says so. */
const NO_NODE = join(root, 'test/fixtures/no-node');
export const WENT_TO_NODE = 'Node was started\n';

export type Client = 'launcher' | 'node';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** Instead of `dist/taskmaster`. */
  readonly launcher?: string;
  /** What comes on standard input; it stays open where nothing is said. */
  readonly input?: string;
}

/** A rig whose engine runs commands for its clients, and has the version of the launcher. */
export async function startBoth(
  t: TestContext,
  engine = new FakeEngine(
    anInstance('web'),
    anInstance('api', { state: 'failed', reason: 'exited with code 3' }),
  ),
): Promise<Rig> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  engine.version = version;
  return await startRig(
    t,
    { loadVerbs: async () => runVerb, onFault: (error) => console.error(error) },
    engine,
  );
}

export function commandOf(
  client: Client,
  words: readonly string[],
  launcher?: string,
): [string, ...string[]] {
  if (client === 'launcher') return [launcher ?? join(dist, 'taskshell'), ...words];
  return [process.execPath, join(dist, 'main.cjs'), 'taskshell', ...words];
}

export function environmentOf(
  rig: { readonly path: string },
  client: Client,
  env: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const node = client === 'launcher' ? { TASKMASTER_NODE: NO_NODE } : {};
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', TASKMASTER_SOCKET: rig.path, ...node, ...env };
}

/** A client under way, with pipes. */
export function begin(
  rig: { readonly path: string },
  client: Client,
  words: readonly string[],
  { env, launcher }: Surroundings = {},
) {
  const [file, ...args] = commandOf(client, words, launcher);
  const child = spawn(file, args, { env: environmentOf(rig, client, env), stdio: ['pipe', 'pipe', 'pipe'] });
  // It may have ended before it has read anything.
  child.stdin.on('error', () => {});
  return child;
}

/** Runs it to its end. */
export function runOne(
  rig: { readonly path: string },
  client: Client,
  words: readonly string[],
  surroundings: Surroundings = {},
): Promise<Ended> {
  const child = begin(rig, client, words, surroundings);
  if (surroundings.input !== undefined) child.stdin.end(surroundings.input);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  return new Promise((done) => {
    child.on('close', (code, signal) => {
      child.stdin.destroy();
      done({ code, signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) });
    });
  });
}

/** All that a terminal is given, and the exit code. */
export async function onTerminal(
  rig: { readonly path: string },
  client: Client,
  words: readonly string[],
  { columns, env = {} }: { columns: number; env?: Readonly<Record<string, string>> },
): Promise<{ readonly written: string; readonly code: number | null }> {
  const quoted = commandOf(client, words).map((word) => `'${word}'`);
  const command = `stty cols ${columns} rows 24 && exec ${quoted.join(' ')}`;
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    env: { ...environmentOf(rig, client, { TERM: 'xterm', ...env }), SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let written = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written += text;
  });
  return await new Promise((done) => child.on('close', (code) => done({ written, code })));
}

/** Compiles the launcher's sources as the build does, but with the sanitizers. @returns undefined where there are none */
export function sanitizedLauncher(folder: string): string | undefined {
  const out = join(folder, 'taskshell');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const flags = [
    '-fsanitize=address,undefined',
    '-fno-sanitize-recover=all',
    '-g',
    '-O1',
    '-Wall',
    '-Wextra',
  ];
  const sources = execFileSync('sh', ['-c', `ls ${join(root, 'native/launcher')}/*.c`], { encoding: 'utf8' });
  const defines = ['-D_GNU_SOURCE', `-DTASKMASTER_VERSION="${version}"`];
  try {
    execFileSync('gcc', [...flags, ...defines, '-o', out, ...sources.trim().split('\n')], { stdio: 'pipe' });
    return out;
  } catch (error) {
    if (/libasan|libubsan/.test(String(error))) return undefined;
    throw error;
  }
}
