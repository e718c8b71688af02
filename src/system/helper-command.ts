/**
 * Runs a command of the engine's own (a hook) by execa: as the engine itself, a JSON text on its standard input,
 * bounded in time and output. When its time is over it is killed with all that it has started, which may outlive it
 * until then.
 */

import type { Readable, Writable } from 'node:stream';
import { type AnyExitStatus, exitInWords } from '../exit-status.ts';
import type { LinuxKernel } from './kernel.ts';
import type { Reaper } from './reaper.ts';

const MOST_OUTPUT_BYTES = 4_096;
const LOOK_AGAIN_MS = 100;
/** Noted by the launcher for us; a program of ours that is started by a hook gets a note of its own. */
const PRIVATE_VARIABLES = { TASKMASTER_INHERITED: undefined };

export interface HelperCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly input: string;
  readonly timeoutMs: number;
}

export interface HelperResult {
  readonly passed: boolean;
  /** In words, with the first of what it wrote to standard error where it failed. */
  readonly outcome: string;
  readonly durationMs: number;
}

export interface HelperPorts {
  readonly reaper: Pick<Reaper, 'lend'>;
  readonly kernel: Pick<
    LinuxKernel,
    'markSpawned' | 'refuseDescriptors' | 'signalFamily' | 'leftovers' | 'release'
  >;
}

/** Never rejects. execa is loaded at the first call: 30 ms that a start without hooks does not pay. */
export async function runHelperCommand(
  command: HelperCommand,
  { reaper, kernel }: HelperPorts,
): Promise<HelperResult> {
  let startedAt = performance.now();
  const ended = (passed: boolean, outcome: string): HelperResult => ({
    passed,
    outcome,
    durationMs: Math.round(performance.now() - startedAt),
  });
  try {
    const { execa } = await import('execa');
    startedAt = performance.now();
    const options = {
      detached: true,
      reject: false,
      // execa's own limits are not used: its promise waits for anyone who holds the pipes, its timeout and its clean-up
      // end the program but not what that has started.
      buffer: false,
      cleanup: false,
      input: command.input,
      stdout: 'ignore',
      stderr: 'pipe',
      env: PRIVATE_VARIABLES,
    } as const;
    // execa spawns before it returns.
    const marked = kernel.markSpawned(() => execa(command.file, [...command.args], options));
    const { child: running, family } = marked;
    const { pid } = running;
    if (pid === undefined) return ended(false, couldNotStart(command, await running));
    // Node gives its children sockets for pipes, and a hook may run a program of another user on them.
    for (const stream of [running.stdin, running.stderr]) kernel.refuseDescriptors(descriptorOf(stream));
    // In the tick of the spawn: from here on the reaper leaves this pid to Node.
    const giveBack = reaper.lend(pid);
    const firstWords = collectFirstBytes(running.stderr);
    const end = await new Promise<{ passed: boolean; words: string }>((resolve) => {
      const timer = setTimeout(() => {
        kernel.signalFamily(family, 'SIGKILL', 'all');
        resolve({ passed: false, words: `timed out after ${command.timeoutMs / 1_000}s and was killed` });
      }, command.timeoutMs);
      running.nodeChildProcess.once('exit', (code, signal) => {
        giveBack();
        marked.ended();
        clearTimeout(timer);
        endLeftovers(kernel, family, command.timeoutMs - (performance.now() - startedAt));
        resolve({ passed: code === 0, words: exitInWords(statusOf(code, signal)) });
      });
    });
    const said = firstWords();
    running.stdin?.destroy();
    running.stderr.destroy();
    return ended(end.passed, end.passed || said === '' ? end.words : `${end.words}: ${said}`);
  } catch (error) {
    return ended(false, `could not be started: ${error instanceof Error ? error.message : error}`);
  }
}

/** Of Node, a code or a signal. */
function statusOf(code: number | null, signal: NodeJS.Signals | null): AnyExitStatus {
  return code === null ? { how: 'signalled', signal: String(signal) } : { how: 'exited', code };
}

/** Node gives it no public name. */
function descriptorOf(stream: Readable | Writable): number {
  return (stream as { readonly _handle?: { readonly fd: number } | null })._handle?.fd ?? -1;
}

function couldNotStart(
  command: HelperCommand,
  failure: { readonly originalMessage?: string | undefined },
): string {
  return `could not be started: ${failure.originalMessage ?? command.file}`;
}

/**
 * @returns what gives the beginning of the stream as text. When `exit` is told it is all there: libuv reads pipes
 *   before it looks after children, and what is read in one go is more than what is kept.
 */
function collectFirstBytes(stream: Readable): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    // Read to the end all the same: a full pipe would stop the program.
    if (bytes < MOST_OUTPUT_BYTES) chunks.push(chunk.subarray(0, MOST_OUTPUT_BYTES - bytes));
    bytes += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8').trim();
}

/** What it has left running has the rest of its time. */
function endLeftovers(kernel: HelperPorts['kernel'], family: number, leftMs: number): void {
  if (kernel.leftovers(family).length === 0) {
    kernel.release(family);
    return;
  }
  const timer = setTimeout(
    () => {
      // Children of what is killed are found when it is dead.
      if (kernel.leftovers(family).length > 0) kernel.signalFamily(family, 'SIGKILL', 'all');
      endLeftovers(kernel, family, LOOK_AGAIN_MS);
    },
    Math.max(0, leftMs),
  );
  timer.unref();
}
