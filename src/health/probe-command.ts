/** A probe that runs a program: as the process's user, with its environment and directory, in a group of its own. */

import { type ExitStatus, exitInWords } from '../exit-status.ts';
import { spawnRequest } from '../supervisor/effects/spawn-request.ts';
import type { Clock } from '../supervisor/ports/clock.ts';
import type { ProbeSubject } from '../supervisor/ports/health.ts';
import type { Kernel, SpawnAnswer, SpawnRequest } from '../supervisor/ports/kernel.ts';
import { MOST_OUTPUT_BYTES, type ProbeResult } from './probe.ts';

/** Reads what a probe prints; the descriptor is its to close. */
export type ReadPipe = (fd: number, onData: (bytes: Uint8Array) => void) => { readonly close: () => void };

export interface CommandProbePorts {
  readonly clock: Pick<Clock, 'soon'>;
  readonly kernel: Kernel;
  readonly readPipe: ReadPipe;
}

export function probeByCommand(
  command: { readonly file: string; readonly args: readonly string[] },
  ports: CommandProbePorts,
): (subject: ProbeSubject, signal: AbortSignal) => Promise<ProbeResult> {
  return async (subject, signal) => {
    const { kernel } = ports;
    const printed = new BoundedText();
    const pipe = { kind: 'pipe' } as const;
    const request = spawnRequest(subject.process, command, subject.environment, {
      stdout: pipe,
      stderr: pipe,
    });
    const exit = Promise.withResolvers<ExitStatus>();
    const spawned = await answerOf(kernel, request, exit.resolve, signal);
    if (spawned.kind === 'failed') return { passed: false, outcome: spawned.failure.message, output: '' };
    const { family } = spawned;
    const readers = [spawned.stdoutFd, spawned.stderrFd].flatMap((fd) =>
      fd === undefined ? [] : [ports.readPipe(fd, (bytes) => printed.add(bytes))],
    );
    const killAll = (): void => void kernel.signalFamily(family, 'SIGKILL', 'all');
    if (signal.aborted) killAll();
    else signal.addEventListener('abort', killAll, { once: true });
    const status = await exit.promise;
    signal.removeEventListener('abort', killAll);
    // What it left running must neither live on nor hold us up by holding its pipes.
    killLeftovers(kernel, family);
    // Its exit may be known before the loop has polled its pipes: what it printed last is read in the turn
    // that follows. Then nobody listens any more, no matter who else may hold them.
    for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => void ports.clock.soon(resolve));
    for (const reader of readers) reader.close();
    return { passed: isPass(status), outcome: exitInWords(status), output: printed.text };
  };
}

/** Gives the program up if it is not executed before the probe's time has passed. */
async function answerOf(
  kernel: Kernel,
  request: SpawnRequest,
  onExit: (status: ExitStatus) => void,
  signal: AbortSignal,
): Promise<SpawnAnswer> {
  const later = Promise.withResolvers<SpawnAnswer>();
  const result = kernel.spawn(request, onExit, later.resolve);
  if (result.kind !== 'pending') return result;
  const abandon = (): void => result.abandon('timed-out');
  signal.addEventListener('abort', abandon, { once: true });
  const answer = await later.promise;
  signal.removeEventListener('abort', abandon);
  return answer;
}

/** Children of what is killed come to light when it is dead: until nobody is left. */
function killLeftovers(kernel: Kernel, family: number): void {
  if (kernel.leftovers(family).length === 0) {
    kernel.release(family);
    return;
  }
  kernel.signalFamily(family, 'SIGKILL', 'all');
  const leave = kernel.onChildCollected(() => {
    if (kernel.leftovers(family).length > 0) {
      kernel.signalNewcomers(family);
      return;
    }
    leave();
    kernel.release(family);
  });
}

function isPass(status: ExitStatus): boolean {
  return status.how === 'exited' && status.code === 0;
}

/** The first bytes, decoded at the end: a character may be split over two reads. */
class BoundedText {
  readonly #parts: Uint8Array[] = [];
  #bytes = 0;

  add(bytes: Uint8Array): void {
    if (this.#bytes >= MOST_OUTPUT_BYTES) return;
    // A copy: the reader's buffer is used again for the next read.
    const kept = Uint8Array.prototype.slice.call(bytes, 0, MOST_OUTPUT_BYTES - this.#bytes);
    this.#parts.push(kept);
    this.#bytes += kept.length;
  }

  get text(): string {
    return Buffer.concat(this.#parts).toString('utf8');
  }
}
