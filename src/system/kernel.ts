/** The Kernel port on Linux: the addon to spawn and signal, the reaper to collect. */

import { getSystemErrorName } from 'node:util';
import { SystemError, TaskmasterError } from '../errors.ts';
import type { ExitStatus } from '../lifecycle/exit-outcome.ts';
import { type SignalName, signalNumber } from '../signals.ts';
import type { Cancel, Kernel, SpawnRequest, SpawnResult } from '../supervisor/ports.ts';
import type { ContainerMemory } from './container-memory.ts';
import { childPids, otherPids } from './descendants.ts';
import type { InitRole } from './init-role.ts';
import type { NativeAddon } from './native.ts';
import type { Reaper } from './reaper.ts';
import type { LimitPair } from './spawn-limits.ts';
import { spawnProcess } from './spawn-process.ts';

const EPERM = 1;
const ESRCH = 3;
const SIGKILL = 9;
const SIGCONT = 18;
/** kill(2): checks whether anybody is there and sends nothing. */
const NO_SIGNAL = 0;
const EVERYBODY = -1;

/** A CONT after these would undo them, or says the same twice; after KILL nobody is left to hear it. */
const NOT_FOLLOWED_BY_CONT: ReadonlySet<SignalName> = new Set([
  'SIGKILL',
  'SIGCONT',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
]);

export interface LinuxKernelParts {
  readonly addon: NativeAddon;
  readonly reaper: Reaper;
  readonly role: InitRole;
  /** The limit of open files that came from outside (`inheritedOpenFiles`); undefined: leave what we have. */
  readonly openFiles: LimitPair | undefined;
  /** Tells which deaths the lack of memory caused; undefined: nobody can tell. */
  readonly memory?: Pick<ContainerMemory, 'explain' | 'childScoreAdj'>;
}

export class LinuxKernel implements Kernel {
  readonly #parts: LinuxKernelParts;

  constructor(parts: LinuxKernelParts) {
    this.#parts = parts;
  }

  spawn(request: SpawnRequest, onExit: (status: ExitStatus) => void): SpawnResult {
    const { addon, reaper, openFiles, memory } = this.#parts;
    const oomScoreAdj = request.oomScoreAdj ?? memory?.childScoreAdj;
    const result = spawnProcess(addon, { ...request, oomScoreAdj }, openFiles);
    if (result.kind === 'spawned')
      reaper.watch(result.pid, (status) => onExit(memory?.explain(status) ?? status));
    return result;
  }

  signalGroup(pid: number, signal: SignalName): 'delivered' | 'gone' | 'not-permitted' {
    const outcome = this.#killGroup(pid, signalNumber(signal));
    if (outcome === 'delivered' && !NOT_FOLLOWED_BY_CONT.has(signal)) {
      // A stopped process takes no signal but KILL until it is continued (signal(7)).
      this.#killGroup(pid, SIGCONT);
    }
    return outcome;
  }

  signalProcess(pid: number, signal: SignalName): 'delivered' | 'gone' | 'not-permitted' {
    assertNamesOne(pid);
    return this.#kill(pid, signalNumber(signal));
  }

  groupIsAlive(pid: number): boolean {
    return this.#killGroup(pid, NO_SIGNAL) !== 'gone';
  }

  onChildCollected(listener: (pid: number) => void): Cancel {
    return this.#parts.reaper.onCollected(listener);
  }

  killStrays(): number {
    return this.#parts.role === 'pid1' ? this.#killEverybody() : this.#killChildren();
  }

  hasChildren(): boolean {
    return this.#parts.addon.hasChildren();
  }

  #killEverybody(): number {
    // Counted before: afterwards they are gone. The signal itself needs no /proc and misses no fork in between.
    const count = otherPids().length;
    return this.#parts.addon.kill(EVERYBODY, SIGKILL) === 0 ? Math.max(1, count) : 0;
  }

  #killChildren(): number {
    return childPids().filter((pid) => this.#parts.addon.kill(pid, SIGKILL) === 0).length;
  }

  #killGroup(pid: number, signal: number): 'delivered' | 'gone' | 'not-permitted' {
    assertNamesOne(pid);
    return this.#kill(-pid, signal);
  }

  #kill(pid: number, signal: number): 'delivered' | 'gone' | 'not-permitted' {
    const failure = this.#parts.addon.kill(pid, signal);
    if (failure === 0) return 'delivered';
    if (failure === ESRCH) return 'gone';
    if (failure === EPERM) return 'not-permitted';
    const errno = getSystemErrorName(-failure);
    throw new SystemError(errno, `cannot send signal ${signal} to ${pid}: ${errno}`);
  }
}

/** kill(2) takes -1 for everybody, 0 for our own group, and 1 is the init. */
function assertNamesOne(pid: number): void {
  if (!(pid > 1)) throw new TaskmasterError('internal', `there is no process or group ${pid} to signal`);
}
