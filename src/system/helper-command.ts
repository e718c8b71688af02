/**
 * Runs a command of the engine's own (a hook) by execa: as the engine itself, a JSON text on its standard input,
 * bounded in time and output. It leads a process group of its own, which is killed whole when its time is over.
 */

import type { ResultPromise } from 'execa';
import type { Reaper } from './reaper.ts';

const MOST_OUTPUT_BYTES = 4_096;

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

/** Never rejects. execa is loaded at the first call: 30 ms that a start without hooks does not pay. */
export async function runHelperCommand(command: HelperCommand, reaper: Reaper): Promise<HelperResult> {
  const { execa } = await import('execa');
  const startedAt = performance.now();
  const child = execa(command.file, [...command.args], {
    detached: true,
    reject: false,
    // Not buffered by execa, whose promise waits for whoever holds the pipes: a grandchild could hold it for good.
    buffer: false,
    input: command.input,
    stdout: 'ignore',
    stderr: 'pipe',
  });
  // In the tick of the spawn: from here on the reaper leaves this pid to Node.
  const giveBack = child.pid === undefined ? () => {} : reaper.lend(child.pid);
  const outcome = await outcomeOf(child, command.timeoutMs);
  giveBack();
  return { ...outcome, durationMs: Math.round(performance.now() - startedAt) };
}

function outcomeOf(child: ResultPromise, timeoutMs: number): Promise<{ passed: boolean; outcome: string }> {
  const printed: Buffer[] = [];
  let printedBytes = 0;
  child.stderr?.on('data', (chunk: Buffer) => {
    if (printedBytes < MOST_OUTPUT_BYTES) printed.push(chunk.subarray(0, MOST_OUTPUT_BYTES - printedBytes));
    printedBytes += chunk.length;
  });
  return new Promise((resolve) => {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child.pid);
    }, timeoutMs);
    const settle = (passed: boolean, words: string): void => {
      clearTimeout(timer);
      child.stderr?.destroy();
      child.stdin?.destroy();
      const said = Buffer.concat(printed).toString('utf8').trim();
      resolve({ passed, outcome: passed || said === '' ? words : `${words}: ${said}` });
    };
    // `exit`, not `close`: only the command itself is waited for.
    child.once('exit', (code, signal) => {
      if (timedOut) settle(false, `timed out after ${timeoutMs} ms and was killed`);
      else if (code === 0) settle(true, 'exited with code 0');
      else settle(false, code === null ? `killed by ${signal}` : `exited with code ${code}`);
    });
    child.then(
      (result) => {
        // A command that could not be started has no exit.
        if (child.pid === undefined) settle(false, result.shortMessage ?? 'could not be started');
      },
      (error: unknown) => settle(false, String(error)),
    );
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}
