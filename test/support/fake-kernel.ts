/**
 * A Kernel driven by hand: nothing dies, and nobody hears of a death, before the test says so. Held to the same
 * contract as the real one by test/system/kernel-contract.test.ts.
 */

import type { ExitStatus, SpawnFailure } from '../../src/lifecycle/exit-outcome.ts';
import type { SignalName } from '../../src/signals.ts';
import type { Cancel } from '../../src/supervisor/ports/clock.ts';
import type {
  Kernel,
  Leftover,
  Relation,
  SpawnAnswer,
  SpawnRequest,
} from '../../src/supervisor/ports/kernel.ts';

/** Pids as fresh containers have them, far from those of the machine that runs the test. */
const FIRST_PID = 4_194_305;
const FIRST_FD = 1_000_000;

/** Signals that end a program that has not asked for them; the others do nothing to it here. */
const DEADLY: ReadonlySet<SignalName> = new Set([
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
]);

export interface FakeChild {
  readonly pid: number;
  readonly group: number;
  /** Undefined for a member of a group that the kernel was told of. */
  readonly request: SpawnRequest | undefined;
  /** Signals that it catches and does nothing about. */
  readonly ignores: Set<SignalName>;
  isZombie: boolean;
}

export class FakeKernel implements Kernel {
  /** Every child ever spawned, oldest first. */
  readonly spawned: FakeChild[] = [];
  /** Every signal that was asked for, delivered or not, oldest first; without the CONT that follows. */
  readonly signals: { readonly pid: number; readonly signal: SignalName }[] = [];
  /** Groups whose members belong to another user. */
  readonly forbiddenGroups = new Set<number>();

  readonly #children = new Map<number, FakeChild>();
  readonly #onExit = new Map<number, (status: ExitStatus) => void>();
  readonly #familyExits = new Map<number, (status: ExitStatus) => void>();
  readonly #leaders = new Map<number, number>();
  readonly #dead: { readonly pid: number; readonly status: ExitStatus }[] = [];
  readonly #listeners = new Set<(pid: number) => void>();
  readonly #failures: SpawnFailure[] = [];
  readonly #released = new Set<number>();
  #nextPid = FIRST_PID;
  #nextFd = FIRST_FD;

  // The port.

  spawn(request: SpawnRequest, onExit: (status: ExitStatus) => void): SpawnAnswer {
    const failure = this.#failures.shift();
    if (failure !== undefined) return { kind: 'failed', failure };
    const pid = this.#nextPid++;
    const child = { pid, group: pid, request, ignores: new Set<SignalName>(), isZombie: false };
    this.#children.set(pid, child);
    this.spawned.push(child);
    this.#onExit.set(pid, onExit);
    this.#familyExits.set(pid, onExit);
    const [stdin, stdout, stderr] = request.descriptors;
    const fdFor = (kind: string | undefined): number | undefined =>
      kind === 'pipe' || kind === 'terminal' ? this.#nextFd++ : undefined;
    return {
      kind: 'spawned',
      pid,
      family: pid,
      stdinFd: fdFor(stdin?.source.kind),
      stdoutFd: fdFor(stdout?.source.kind),
      // A terminal is read in one place.
      stderrFd: stderr?.source.kind === 'terminal' ? undefined : fdFor(stderr?.source.kind),
    };
  }

  signalGroup(pid: number, signal: SignalName): 'delivered' | 'gone' | 'not-permitted' {
    this.signals.push({ pid, signal });
    const members = this.#membersOf(pid);
    if (members.length === 0) return 'gone';
    if (this.forbiddenGroups.has(pid)) return 'not-permitted';
    for (const member of members) this.#receive(member, signal);
    return 'delivered';
  }

  signalProcess(pid: number, signal: SignalName): 'delivered' | 'gone' | 'not-permitted' {
    this.signals.push({ pid, signal });
    const child = this.#children.get(pid);
    if (child === undefined) return 'gone';
    this.#receive(child, signal);
    return 'delivered';
  }

  groupIsAlive(pid: number): boolean {
    return this.#membersOf(pid).length > 0;
  }

  onChildCollected(listener: (pid: number) => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  signalFamily(
    family: number,
    signal: SignalName,
    to: 'group' | 'others' | 'outsiders' | 'all',
  ): 'delivered' | 'gone' | 'not-permitted' {
    if (to === 'group' || to === 'all') return this.signalGroup(family, signal);
    this.signals.push({ pid: family, signal });
    const others = this.#membersOf(family).filter(({ pid }) => pid !== family && to === 'others');
    for (const member of others) this.#receive(member, signal);
    return others.length > 0 ? 'delivered' : 'gone';
  }

  relationOf(family: number, pid: number): { readonly relation: Relation; readonly uid: number } {
    const child = this.#children.get(pid);
    if (child === undefined) return { relation: 'gone', uid: -1 };
    const leader = this.#leaders.get(family) ?? family;
    if (pid === leader) return { relation: 'leader', uid: 0 };
    return { relation: child.group === family ? 'member' : 'stranger', uid: 0 };
  }

  orphansOf(family: number): readonly number[] {
    return this.leftovers(family).map(({ pid }) => pid);
  }

  moveLeader(family: number, pid: number): boolean {
    const child = this.#children.get(pid);
    if (child === undefined || child.isZombie || child.group !== family) return false;
    const onExit = this.#familyExits.get(family);
    this.#onExit.delete(this.#leaders.get(family) ?? family);
    this.#leaders.set(family, pid);
    if (onExit !== undefined) this.#onExit.set(pid, onExit);
    return true;
  }

  remember(): void {}

  signalNewcomers(): void {}

  leftovers(family: number): readonly Leftover[] {
    const leader = this.#leaders.get(family) ?? family;
    const alive = this.#membersOf(family).filter(({ pid, isZombie }) => pid !== leader && !isZombie);
    return alive.map(({ pid }) => ({ pid, isDaemon: false }));
  }

  leftRunning(family: number): readonly { readonly pid: number; readonly command: string }[] {
    return this.leftovers(family).map(({ pid }) => ({ pid, command: 'member' }));
  }

  letDaemonsGo(): void {}

  release(family: number): void {
    this.#released.add(family);
  }

  /** As for a stray: every child whose family nobody asks for any more. */
  signalStrays(signal: 'SIGTERM' | 'SIGKILL'): number {
    const strays = [...this.#children.values()].filter(
      ({ group, isZombie }) => !isZombie && this.#released.has(group),
    );
    for (const child of strays) this.#receive(child, signal);
    return strays.length;
  }

  hasChildren(): boolean {
    return this.#children.size > 0;
  }

  // The hands.

  /** The child spawned last; throws where there is none. */
  get last(): FakeChild {
    const child = this.spawned.at(-1);
    if (child === undefined) throw new Error('nothing was spawned');
    return child;
  }

  /** Children that were spawned and have not died. */
  get running(): readonly FakeChild[] {
    return this.spawned.filter((child) => this.#children.get(child.pid) === child && !child.isZombie);
  }

  /** The next spawn that has not been told otherwise fails like this. */
  failNextSpawn(failure: Partial<SpawnFailure> = {}): void {
    this.#failures.push({
      step: 'execute',
      errno: 'ENOENT',
      message: 'cannot execute it: No such file or directory',
      ...failure,
    });
  }

  /** A process that the child started stays in its group: it dies of signals to the group, or by `exit`. */
  addGroupMember(group: number): FakeChild {
    const pid = this.#nextPid++;
    const member = { pid, group, request: undefined, ignores: new Set<SignalName>(), isZombie: false };
    this.#children.set(pid, member);
    return member;
  }

  /** It dies by itself, and is collected at once with all that died before. */
  exit(pid: number, status: ExitStatus | number = 0): void {
    const child = this.#children.get(pid);
    if (child === undefined || child.isZombie) throw new Error(`${pid} is not alive`);
    this.#die(child, typeof status === 'number' ? { how: 'exited', code: status } : status);
    this.deliver();
  }

  /** Collects all that is dead, until nothing is. @returns how many. */
  deliver(): number {
    let count = 0;
    for (let dead = this.#dead.shift(); dead !== undefined; dead = this.#dead.shift()) {
      const { pid, status } = dead;
      count += 1;
      this.#children.delete(pid);
      const onExit = this.#onExit.get(pid);
      this.#onExit.delete(pid);
      onExit?.(status);
      for (const listener of this.#listeners) listener(pid);
    }
    return count;
  }

  #membersOf(group: number): readonly FakeChild[] {
    return [...this.#children.values()].filter((child) => child.group === group);
  }

  #receive(child: FakeChild, signal: SignalName): void {
    if (child.isZombie) return;
    const isDeadly = signal === 'SIGKILL' || (DEADLY.has(signal) && !child.ignores.has(signal));
    if (isDeadly) this.#die(child, { how: 'signalled', signal, core: false });
  }

  #die(child: FakeChild, status: ExitStatus): void {
    child.isZombie = true;
    this.#dead.push({ pid: child.pid, status });
  }
}
