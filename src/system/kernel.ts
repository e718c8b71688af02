/** The Kernel port on Linux: the addon to spawn and signal, the reaper to collect. */

import { getSystemErrorName } from 'node:util';
import { SystemError, TaskmasterError } from '../errors.ts';
import type { ExitStatus } from '../lifecycle/exit-outcome.ts';
import { type SignalName, signalNumber } from '../signals.ts';
import type { Cancel } from '../supervisor/ports/clock.ts';
import type {
  Kernel,
  KnownFamily,
  Leftover,
  PendingSpawn,
  Relation,
  SpawnAnswer,
  SpawnRequest,
} from '../supervisor/ports/kernel.ts';
import type { LeftProcess } from '../wire/snapshot.ts';
import type { ContainerMemory } from './container-memory.ts';
import { otherPids } from './descendants.ts';
import type { InitRole } from './init-role.ts';
import type { NativeAddon } from './native.ts';
import type { ProcessSighting } from './process-sighting.ts';
import { type Family, ProcessTree } from './process-tree.ts';
import type { Reaper } from './reaper.ts';
import type { LimitPair } from './spawn-limits.ts';
import { pendingSpawn, type SpawnProcessAnswer, spawnProcess } from './spawn-process.ts';

const EPERM = 1;
const ESRCH = 3;
const SIGKILL = 9;
const SIGCONT = 18;
/** kill(2): checks whether anybody is there and sends nothing. */
const NO_SIGNAL = 0;
const EVERYBODY = -1;
/** A process may start others while we look: at the last look there is nobody new. */
const MAX_LOOKS = 8;
/** Of what was left running, to show to people. */
const MAX_DESCRIBED = 20;
const MAX_COMMAND = 200;
/** A mark is the engine's number and that of the family. */
const FAMILIES = 2 ** 24;

/** A CONT after these would undo them, or says the same twice; after KILL nobody is left to hear it. */
const NOT_FOLLOWED_BY_CONT: ReadonlySet<SignalName> = new Set([
  'SIGKILL',
  'SIGCONT',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
]);

/** @returns the number of the engine whose family it is. */
export function engineOfMark(mark: number): number {
  return Math.floor(mark / FAMILIES);
}

export interface LinuxKernelParts {
  readonly addon: NativeAddon;
  readonly reaper: Reaper;
  readonly role: InitRole;
  /** The limit of open files that came from outside (`inheritedOpenFiles`); undefined: leave what we have. */
  readonly openFiles: LimitPair | undefined;
  /** Tells which deaths the lack of memory caused; undefined: nobody can tell. */
  readonly memory?: Pick<ContainerMemory, 'explain' | 'childScoreAdj'>;
  /** How long a spawn may keep the engine waiting before it is pending. */
  readonly patienceMs?: number;
  /** Tells our families from those of another engine: the same number for the same configuration. */
  readonly engineNumber?: number;
}

interface LastSignal {
  readonly signal: SignalName;
  readonly toGroup: boolean;
  readonly pids: Set<number>;
}

export class LinuxKernel implements Kernel {
  readonly #parts: LinuxKernelParts;
  readonly #tree: ProcessTree;
  readonly #signals = new Map<number, LastSignal>();
  readonly #hadTerm = new Set<number>();
  /** Of families whose leader may change. */
  readonly #onExit = new Map<number, (status: ExitStatus) => void>();
  #lastFamily = Math.floor(Math.random() * (FAMILIES / 2));

  constructor(parts: LinuxKernelParts) {
    this.#parts = parts;
    const { addon, reaper } = parts;
    this.#tree = new ProcessTree({
      readMark: (pid) => addon.readMark(pid),
      isLent: (pid) => reaper.isLent(pid),
    });
    reaper.beforeDelivery((pid) => this.#tree.collected(pid));
  }

  spawn(
    request: SpawnRequest,
    onExit: (status: ExitStatus) => void,
    onAnswer: (answer: SpawnAnswer) => void,
  ): SpawnAnswer | PendingSpawn {
    const { addon, openFiles, memory, patienceMs } = this.#parts;
    const oomScoreAdj = request.oomScoreAdj ?? memory?.childScoreAdj;
    const mark = this.#newMark();
    const known = (answer: SpawnProcessAnswer): SpawnAnswer => {
      if (answer.kind === 'failed') return answer;
      this.#tree.add(mark, answer.pid);
      this.#onExit.set(mark, onExit);
      this.#watch(mark, answer.pid, onExit);
      return { ...answer, family: mark };
    };
    const result = spawnProcess(
      addon,
      { ...request, oomScoreAdj },
      { openFiles, mark, patienceMs, onAnswer: (answer) => onAnswer(known(answer)) },
    );
    return result.kind === 'pending' ? pendingSpawn(addon, result, onAnswer) : known(result);
  }

  adopt({ family: mark, ...known }: KnownFamily, onExit: (status: ExitStatus) => void): boolean {
    const family = this.#tree.adopt(known, mark);
    if (family === undefined) return false;
    this.#onExit.set(mark, onExit);
    if (family.isLeaderAlive) this.#watch(mark, known.pid, onExit);
    return true;
  }

  startTimeOf(mark: number): number {
    const family = this.#tree.family(mark);
    return family === undefined ? 0 : this.#tree.startTimeOf(family);
  }

  signalGroup(pid: number, signal: SignalName): 'delivered' | 'gone' | 'not-permitted' {
    if (!this.#tree.mayBeSignalled(pid)) return 'gone';
    const outcome = this.#killGroup(pid, signalNumber(signal));
    if (outcome === 'delivered' && !NOT_FOLLOWED_BY_CONT.has(signal)) {
      // A stopped process takes no signal but KILL until it is continued (signal(7)).
      this.#killGroup(pid, SIGCONT);
    }
    return outcome;
  }

  signalProcess(pid: number, signal: SignalName): 'delivered' | 'gone' | 'not-permitted' {
    assertNamesOne(pid);
    if (!this.#tree.mayBeSignalled(pid)) return 'gone';
    const outcome = this.#kill(pid, signalNumber(signal));
    if (outcome === 'delivered' && !NOT_FOLLOWED_BY_CONT.has(signal)) this.#kill(pid, SIGCONT);
    return outcome;
  }

  signalFamily(
    mark: number,
    signal: SignalName,
    to: 'group' | 'others' | 'outsiders' | 'all',
  ): 'delivered' | 'gone' | 'not-permitted' {
    const family = this.#tree.family(mark);
    if (family === undefined) return 'gone';
    const last: LastSignal = { signal, toGroup: to === 'group' || to === 'outsiders', pids: new Set() };
    this.#signals.set(mark, last);
    // First, while who has which parent can be seen.
    this.#tree.lookAgain(family);
    // While the leader lives its number is its group's, and nobody else's.
    const isLeaderThere = family.isLeaderAlive && this.#tree.mayBeSignalled(family.leader);
    const mayBeItsGroup = isLeaderThere || !this.#tree.canSee;
    const reachesGroup = mayBeItsGroup && (to === 'group' || to === 'all');
    const group = reachesGroup ? this.signalGroup(family.group, signal) : 'gone';
    if (to === 'group') return group;
    const others = this.#signalNew(family, last);
    return group === 'delivered' || others === 'gone' ? group : others;
  }

  relationOf(mark: number, pid: number): { readonly relation: Relation; readonly uid: number } {
    const family = this.#tree.family(mark);
    return family === undefined ? { relation: 'stranger', uid: -1 } : this.#tree.relationOf(family, pid);
  }

  orphansOf(mark: number): readonly number[] {
    const family = this.#tree.family(mark);
    if (family === undefined) return [];
    return this.#tree.lookAgain(family).flatMap(({ pid, parent }) => (parent === process.pid ? [pid] : []));
  }

  moveLeader(mark: number, pid: number): boolean {
    const family = this.#tree.family(mark);
    if (family === undefined || this.#tree.relationOf(family, pid).relation === 'stranger') return false;
    const onExit = this.#onExit.get(mark);
    if (onExit === undefined || !this.#tree.moveLeader(family, pid)) return false;
    this.#watch(mark, pid, onExit);
    return true;
  }

  /** Nothing is reported of one that does not lead its family any more. */
  #watch(mark: number, pid: number, onExit: (status: ExitStatus) => void): void {
    const { reaper, memory } = this.#parts;
    reaper.watch(pid, (status) => {
      const leader = this.#tree.family(mark)?.leader ?? pid;
      if (leader === pid) onExit(memory?.explain(status) ?? status);
    });
  }

  remember(mark: number): void {
    const family = this.#tree.family(mark);
    if (family !== undefined) this.#tree.lookAgain(family);
  }

  signalNewcomers(mark: number): void {
    const family = this.#tree.family(mark);
    const last = this.#signals.get(mark);
    if (family !== undefined && last !== undefined) this.#signalNew(family, last);
  }

  leftovers(mark: number): readonly Leftover[] {
    const family = this.#tree.family(mark);
    if (family === undefined) return [];
    const isBlind = !family.isLeaderAlive && !this.#tree.canSee && this.groupIsAlive(family.group);
    if (isBlind) return [{ pid: family.group, isDaemon: false }];
    return this.#tree.members(family).map((sighting) => describe(sighting, family));
  }

  leftRunning(mark: number): readonly LeftProcess[] {
    const family = this.#tree.family(mark);
    if (family === undefined) return [];
    const described = this.#tree.everyone(family).slice(0, MAX_DESCRIBED);
    return described.map(({ pid }) => ({ pid, command: this.#tree.commandOf(pid).slice(0, MAX_COMMAND) }));
  }

  letDaemonsGo(mark: number): void {
    const family = this.#tree.family(mark);
    if (family !== undefined) Object.assign(family, { isOver: true, sparesDaemons: true });
  }

  /**
   * Makes a family whose leader is spawned by Node, within the call, and collected by it.
   * @returns what was spawned, its family's number, and what to call when Node has told its exit.
   */
  markSpawned<Child extends { readonly pid?: number | undefined }>(
    start: () => Child,
  ): { readonly child: Child; readonly family: number; readonly ended: () => void } {
    const { addon } = this.#parts;
    const mark = this.#newMark();
    addon.sealDescriptors();
    addon.markSelf(mark);
    try {
      const child = start();
      const { pid } = child;
      const family = pid === undefined ? undefined : this.#tree.add(mark, pid);
      const ended = (): void => {
        if (pid !== undefined) this.#tree.collected(pid);
        if (family !== undefined) family.isOver = true;
      };
      return { child, family: mark, ended };
    } finally {
      addon.markSelf(0);
    }
  }

  /** Of one of our ends of a socket that a child has the other end of. */
  refuseDescriptors(fd: number): void {
    this.#parts.addon.refuseDescriptors(fd);
  }

  release(mark: number): void {
    this.#tree.remove(mark);
    this.#signals.delete(mark);
    this.#onExit.delete(mark);
  }

  groupIsAlive(pid: number): boolean {
    return this.#killGroup(pid, NO_SIGNAL) !== 'gone';
  }

  onChildCollected(listener: (pid: number) => void): Cancel {
    return this.#parts.reaper.onCollected(listener);
  }

  signalStrays(signal: 'SIGTERM' | 'SIGKILL', hooksToo = false): number {
    if (signal === 'SIGKILL' && hooksToo && this.#parts.role === 'pid1') return this.#killEverybody();
    const strays = this.#strays(hooksToo);
    for (const pid of strays) {
      if (signal === 'SIGTERM' && this.#hadTerm.has(pid)) continue;
      this.#hadTerm.add(pid);
      this.signalProcess(pid, signal);
    }
    return strays.length;
  }

  hasChildren(): boolean {
    return this.#parts.addon.hasChildren();
  }

  #newMark(): number {
    do this.#lastFamily = (this.#lastFamily + 1) % FAMILIES;
    while (this.#tree.family(this.#mark) !== undefined);
    return this.#mark;
  }

  get #mark(): number {
    return (this.#parts.engineNumber ?? 1) * FAMILIES + this.#lastFamily;
  }

  #signalNew(family: Family, last: LastSignal): 'delivered' | 'gone' | 'not-permitted' {
    let outcome: 'delivered' | 'gone' | 'not-permitted' = 'gone';
    for (let look = 0; look < MAX_LOOKS; look++) {
      const members = this.#tree.lookAgain(family);
      const fresh = members.filter(
        ({ pid, group }) => !last.pids.has(pid) && !(last.toGroup && group === family.group),
      );
      if (fresh.length === 0) break;
      for (const { pid } of fresh) {
        last.pids.add(pid);
        const answer = this.signalProcess(pid, last.signal);
        if (answer === 'delivered' || outcome === 'gone') outcome = answer;
      }
      // Only KILL is a race with those who start others.
      if (last.signal !== 'SIGKILL') break;
    }
    return outcome;
  }

  /** Counted before: afterwards they are gone. The signal itself needs no /proc, and no fork outruns it. */
  #killEverybody(): number {
    const count = this.#strays(true).length;
    return this.#parts.addon.kill(EVERYBODY, SIGKILL) === 0 ? Math.max(1, count) : 0;
  }

  /** As PID 1 anyone who is in our namespace, children of `docker exec` included; else only our own descendants. */
  #strays(hooksToo: boolean): readonly number[] {
    if (this.#parts.role !== 'pid1') return this.#tree.strays(hooksToo);
    const kept = this.#tree.kept(hooksToo);
    return otherPids().filter((pid) => !kept.has(pid) && this.#tree.isAlive(pid));
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

function describe({ pid, session }: ProcessSighting, family: Family): Leftover {
  return { pid, isDaemon: session !== family.session };
}

/** kill(2) takes -1 for everybody, 0 for our own group, and 1 is the init. */
function assertNamesOne(pid: number): void {
  if (!(pid > 1)) throw new TaskmasterError('internal', `there is no process or group ${pid} to signal`);
}
