/**
 * A Kernel driven by hand: nothing is executed, nothing dies, and nobody hears of a death, before the test says so. It is
 * what the supervisor's tests run on, and is held to the same contract as the real one by
 * test/system/kernel-contract.test.ts.
 */

import type { ExitStatus, SpawnFailure } from '../../src/lifecycle/exit-outcome.ts';
import type { SignalName } from '../../src/signals.ts';
import type { Cancel } from '../../src/supervisor/ports/clock.ts';
import type {
  Kernel,
  KnownFamily,
  Leftover,
  PendingSpawn,
  Relation,
  SpawnAnswer,
  SpawnRequest,
} from '../../src/supervisor/ports/kernel.ts';

/** Programs are numbered from the next one on, in the order of their start; what they start is far from those. */
const BEFORE_FIRST_PID = 100;
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

type OnExit = (status: ExitStatus) => void;
type Sent = 'delivered' | 'gone';

interface Program {
  readonly pid: number;
  readonly family: number;
  readonly startTime: number;
  /** Signals that it catches and does nothing about. */
  readonly ignores: Set<SignalName>;
  /** In a session of its own. */
  isDaemon: boolean;
  isZombie: boolean;
}

interface HandFamily {
  leader: number;
  onExit: OnExit | undefined;
  members: number;
}

/** A spawn without an answer, and the ways to give it one. */
export interface HeldSpawn {
  readonly execute: () => void;
  readonly fail: (failure: SpawnFailure) => void;
}

export class HandKernel implements Kernel {
  readonly spawned: SpawnRequest[] = [];
  /** Every signal that was asked for, delivered or not, oldest first; without the CONT that follows. */
  readonly signals: { readonly pid: number; readonly signal: SignalName; readonly to?: string }[] = [];
  /** Programs do what a signal says; else each of them dies by `exit` alone. */
  obeysSignals = false;
  /** From now on spawns have no answer. */
  holdsSpawns = false;
  /** A spawn that is given up has an answer on its way. */
  answersAnyway = false;
  readonly held: HeldSpawn[] = [];
  readonly abandoned: string[] = [];
  /** What processes are to any family; of those that are not named here only programs of a family are known to it. */
  readonly relations = new Map<number, { readonly relation: Relation; readonly uid: number }>();
  orphans: readonly number[] | undefined;
  /** Processes of nobody, beside those of families that were released. */
  strays = 0;
  readonly straySignals: string[] = [];
  /** What they do about TERM. */
  straysIgnoreTerm = false;

  readonly #programs = new Map<number, Program>();
  readonly #families = new Map<number, HandFamily>();
  readonly #dead: { readonly pid: number; readonly status: ExitStatus }[] = [];
  readonly #collected = new Set<number>();
  readonly released = new Set<number>();
  readonly #listeners = new Set<(pid: number) => void>();
  readonly #failures: SpawnFailure[] = [];
  readonly #hadTerm = new Set<number>();
  #lastPid = BEFORE_FIRST_PID;
  #nextFd = FIRST_FD;

  // The port.

  spawn(
    request: SpawnRequest,
    onExit: OnExit,
    onAnswer: (answer: SpawnAnswer) => void,
  ): SpawnAnswer | PendingSpawn {
    const failure = this.#failures.shift();
    if (failure !== undefined) return { kind: 'failed', failure };
    this.spawned.push(request);
    if (!this.holdsSpawns) return this.#execute(request, onExit);
    const held = {
      execute: () => this.#answer(held, () => onAnswer(this.#execute(request, onExit))),
      fail: (failure: SpawnFailure) => this.#answer(held, () => onAnswer({ kind: 'failed', failure })),
    };
    this.held.push(held);
    return {
      kind: 'pending',
      doing: 'change directory to /hung',
      abandon: (why) => {
        if (this.held.includes(held)) this.abandoned.push(why);
        const errno = why === 'cancelled' ? 'ECANCELED' : 'ETIMEDOUT';
        const message = 'cannot change directory to /hung: given up';
        if (!this.answersAnyway) held.fail({ step: 'change directory', errno, message });
      },
    };
  }

  adopt({ family, pid, startTime, isLeaderAlive }: KnownFamily, onExit: OnExit): boolean {
    if (isLeaderAlive && this.#programs.get(pid)?.startTime !== startTime) return false;
    const { members = 0 } = this.#families.get(family) ?? {};
    this.#families.set(family, { leader: pid, onExit, members });
    return true;
  }

  startTimeOf(family: number): number {
    return this.#programs.get(this.#families.get(family)?.leader ?? 0)?.startTime ?? 0;
  }

  signalGroup(pid: number, signal: SignalName): Sent {
    this.signals.push({ pid, signal });
    return this.#send(this.#programsOf(pid), signal);
  }

  signalProcess(pid: number, signal: SignalName): Sent {
    this.signals.push({ pid, signal, to: 'leader' });
    const program = this.#programs.get(pid);
    return this.#send(program === undefined ? [] : [program], signal);
  }

  signalFamily(family: number, signal: SignalName, to: string): Sent {
    this.signals.push({ pid: family, signal, to });
    const all = this.#programsOf(family);
    if (to === 'group' || to === 'all') return this.#send(all, signal);
    const leader = this.#families.get(family)?.leader;
    const others = all.filter(({ pid }) => pid !== leader && to === 'others');
    this.#send(others, signal);
    // The supervisor has to be told who has others; without obedience all that lives is reached.
    return (this.obeysSignals ? others : all).length > 0 ? 'delivered' : 'gone';
  }

  relationOf(family: number, pid: number): { readonly relation: Relation; readonly uid: number } {
    const program = this.#programs.get(pid);
    const said = this.relations.get(pid);
    const isLeader = pid === this.#families.get(family)?.leader && program?.isZombie === false;
    if (isLeader && said?.relation !== 'gone') return { relation: 'leader', uid: 0 };
    if (said !== undefined) return said;
    if (program?.family === family) return { relation: 'member', uid: 0 };
    return this.#collected.has(pid) ? { relation: 'gone', uid: -1 } : { relation: 'stranger', uid: 0 };
  }

  orphansOf(family: number): readonly number[] {
    return this.orphans ?? this.leftovers(family).map(({ pid }) => pid);
  }

  moveLeader(family: number, pid: number): boolean {
    const known = this.#families.get(family);
    const isThere = this.#programs.get(pid)?.isZombie === false || this.relations.has(pid);
    if (known === undefined || !isThere) return false;
    if (!this.#programs.has(pid)) this.#add(pid, family);
    known.leader = pid;
    return true;
  }

  remember(): void {}

  signalNewcomers(): void {}

  leftovers(family: number): readonly Leftover[] {
    const leader = this.#families.get(family)?.leader;
    return this.#programsOf(family)
      .filter(({ pid, isZombie }) => pid !== leader && !isZombie)
      .map(({ pid, isDaemon }) => ({ pid, isDaemon }));
  }

  leftRunning(family: number): readonly { readonly pid: number; readonly command: string }[] {
    return this.leftovers(family).map(({ pid }) => ({ pid, command: 'sleep 1000' }));
  }

  letDaemonsGo(family: number): void {
    for (const { pid, isDaemon } of this.leftovers(family)) {
      if (!isDaemon) continue;
      this.#programs.delete(pid);
      this.strays += 1;
    }
  }

  release(family: number): void {
    this.released.add(family);
  }

  groupIsAlive(pid: number): boolean {
    return this.#programsOf(pid).length > 0;
  }

  onChildCollected(listener: (pid: number) => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  signalStrays(signal: 'SIGTERM' | 'SIGKILL'): number {
    const released = [...this.#programs.values()].filter(
      ({ family, isZombie }) => !isZombie && this.released.has(family),
    );
    for (const program of released) {
      if (signal === 'SIGTERM' && this.#hadTerm.has(program.pid)) continue;
      this.#hadTerm.add(program.pid);
      this.#send([program], signal);
    }
    const found = this.strays;
    if (found > 0 && this.straySignals.at(-1) !== signal) this.straySignals.push(signal);
    if (found > 0 && !(this.straysIgnoreTerm && signal === 'SIGTERM')) {
      this.strays = 0;
      queueMicrotask(() => this.#tellCollected(9_999));
    }
    return found + released.length;
  }

  hasChildren(): boolean {
    return this.strays > 0 || this.#programs.size > 0;
  }

  // The hands.

  /** Another engine goes on in this process: this one hears nothing any more. */
  handOver(): void {
    this.#listeners.clear();
    this.#families.clear();
  }

  /** The next spawn that was not told otherwise fails like this. */
  failNextSpawn(errno = 'ENOENT', more: Partial<SpawnFailure> = {}): void {
    this.#failures.push({ step: 'execute', errno, message: `cannot execute it: ${errno}`, ...more });
  }

  /** It catches the signal and does nothing. */
  ignore(pid: number, signal: SignalName): void {
    this.#program(pid).ignores.add(signal);
  }

  /** It dies by itself, with all that died before; others of its family live on, daemons in sessions of their own. */
  exit(pid: number, status: ExitStatus, leaving = 0, daemons = 0): void {
    const program = this.#program(pid);
    for (let count = 0; count < leaving; count += 1) this.addMember(program.family, false);
    for (let count = 0; count < daemons; count += 1) this.addMember(program.family, true);
    this.#die(program, status);
    this.deliver();
  }

  /** Something that a program has started. @returns its pid. */
  addMember(family: number, isDaemon = false): number {
    const known = this.#families.get(family);
    if (known === undefined) throw new Error(`no family ${family}`);
    known.members += 1;
    const pid = family * 1_000 + known.members;
    this.#add(pid, family).isDaemon = isDaemon;
    return pid;
  }

  /** All but the leader die. */
  emptyGroup(family: number): void {
    for (const { pid } of this.leftovers(family))
      this.#die(this.#program(pid), { how: 'signalled', signal: 'SIGKILL', core: false });
    this.deliver();
  }

  /** A child of a dead leader shows late. */
  showChild(family: number): void {
    this.addMember(family, true);
  }

  /** What is left of the family calls setsid(2). */
  becomeDaemons(family: number): void {
    for (const { pid } of this.leftovers(family)) this.#program(pid).isDaemon = true;
  }

  /** Collects all that is dead, until nothing is. */
  deliver(): void {
    for (let dead = this.#dead.shift(); dead !== undefined; dead = this.#dead.shift()) {
      const { pid, status } = dead;
      const family = this.#families.get(this.#programs.get(pid)?.family ?? 0);
      this.#programs.delete(pid);
      this.#collected.add(pid);
      if (family?.leader === pid) family.onExit?.(status);
      this.#tellCollected(pid);
    }
  }

  #execute(request: SpawnRequest, onExit: OnExit): SpawnAnswer {
    this.#lastPid += 1;
    const pid = this.#lastPid;
    this.#add(pid, pid);
    this.#families.set(pid, { leader: pid, onExit, members: 0 });
    const [stdin, stdout, stderr] = request.descriptors.map(({ source }) => source.kind);
    const others = request.descriptors.slice(3).filter(({ source }) => source.kind === 'pipe');
    const fdFor = (kind: string | undefined): number | undefined =>
      kind === 'pipe' || kind === 'terminal' ? this.#nextFd++ : undefined;
    return {
      kind: 'spawned',
      pid,
      family: pid,
      stdinFd: fdFor(stdin),
      stdoutFd: fdFor(stdout),
      // A terminal is read in one place.
      stderrFd: stderr === 'terminal' ? undefined : fdFor(stderr),
      ...(others.length > 0 && { otherPipes: new Map(others.map(({ target }) => [target, this.#nextFd++])) }),
    };
  }

  #add(pid: number, family: number): Program {
    const program = {
      pid,
      family,
      startTime: 7_000_000 + pid,
      ignores: new Set<SignalName>(),
      isDaemon: false,
      isZombie: false,
    };
    this.#programs.set(pid, program);
    return program;
  }

  #answer(held: HeldSpawn, answer: () => void): void {
    const index = this.held.indexOf(held);
    if (index < 0) return;
    this.held.splice(index, 1);
    answer();
  }

  #program(pid: number): Program {
    const program = this.#programs.get(pid);
    if (program === undefined) throw new Error(`no program ${pid}`);
    return program;
  }

  #programsOf(family: number): readonly Program[] {
    return [...this.#programs.values()].filter((program) => program.family === family);
  }

  #send(programs: readonly Program[], signal: SignalName): Sent {
    for (const program of programs) {
      const isDeadly = signal === 'SIGKILL' || (DEADLY.has(signal) && !program.ignores.has(signal));
      if (this.obeysSignals && isDeadly && !program.isZombie)
        this.#die(program, { how: 'signalled', signal, core: false });
    }
    return programs.length > 0 ? 'delivered' : 'gone';
  }

  #die(program: Program, status: ExitStatus): void {
    program.isZombie = true;
    this.#dead.push({ pid: program.pid, status });
  }

  #tellCollected(pid: number): void {
    for (const listener of this.#listeners) listener(pid);
  }
}
