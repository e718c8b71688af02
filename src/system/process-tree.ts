/**
 * Which processes belong to which family: all that a program of ours (an incarnation, a probe, a hook) has started,
 * whatever session it left to, whatever it did to its environment.
 *
 * While a parent lives its children are found below it. An orphan is a child of the engine, as PID 1 or subreaper, and
 * says by its mark whose it was: a number in the soft limit of file locks (RLIMIT_LOCKS), which has meant nothing since
 * Linux 2.4.25, is inherited by fork(2) and kept by execve(2), and shown to everybody by /proc/PID/limits. An
 * orphan's answer is kept until it was collected: its pid is not given to another before that.
 */

import { readdirSync, readFileSync } from 'node:fs';
import type { KnownFamily, Relation } from '../supervisor/ports/kernel.ts';
import { type ProcessSighting, type ReadMark, readMark, sightingOf } from './process-sighting.ts';

/** At one look; those beyond are found at the next, when these are gone. */
const MAX_MEMBERS = 1_000;

export interface Family {
  readonly mark: number;
  /** The program that we spawned, or the member that leads it since. */
  leader: number;
  group: number;
  session: number;
  isLeaderAlive: boolean;
  /** Undefined until somebody asks for it. */
  leaderStartTime: number | undefined;
  /** Of members that were seen. PAM (su, sudo, cron) gives programs the limits of PID 1, and takes the mark with it. */
  readonly sessions: Set<number>;
  /** What is left of it is a stray. */
  isOver: boolean;
  /** Members in sessions of their own are not to be stopped with it. */
  sparesDaemons: boolean;
}

const MAX_GENERATIONS = 256;

export interface ProcessTreePorts {
  readonly readMark: ReadMark;
  /** Children of ours that somebody else looks after. */
  readonly isLent: (pid: number) => boolean;
  readonly proc?: string;
}

export class ProcessTree {
  readonly #ports: ProcessTreePorts;
  readonly #proc: string;
  readonly #families = new Map<number, Family>();
  readonly #leaders = new Map<number, Family>();
  /** All that was spawned and not collected; the kernel lists them under the thread that spawned each. */
  readonly #spawned = new Set<number>();
  /** What each orphan says that was looked at; mark 0: nothing. */
  readonly #orphans = new Map<number, { readonly mark: number; readonly session: number }>();
  /** Children of the engine, as they were read in this turn of the event loop. */
  #children: ReadonlySet<number> | undefined;
  /** For kernels that were built without CONFIG_PROC_CHILDREN: who is whose child, as of this turn. */
  #byParent: Map<number, number[]> | undefined;
  #members = new Map<number, Map<number, ProcessSighting>>();
  #isReset = true;

  constructor(ports: ProcessTreePorts) {
    this.#ports = ports;
    this.#proc = ports.proc ?? '/proc';
  }

  /** False where /proc is not mounted: then nothing can be found. */
  get canSee(): boolean {
    return this.#see(process.pid) !== undefined;
  }

  add(mark: number, leader: number): Family {
    const family = this.#make(mark, leader);
    this.#lead(family);
    return family;
  }

  #make(mark: number, leader: number): Family {
    const family = {
      mark,
      leader,
      group: leader,
      session: leader,
      isLeaderAlive: true,
      leaderStartTime: undefined,
      sessions: new Set<number>([leader]),
      isOver: false,
      sparesDaemons: false,
    };
    this.#families.set(mark, family);
    return family;
  }

  #lead(family: Family): void {
    this.#leaders.set(family.leader, family);
    this.#spawned.add(family.leader);
    this.#forget();
  }

  /**
   * One that another engine has spawned in this process.
   * @returns undefined if its leader should be alive, and is another process or none.
   */
  adopt(known: Omit<KnownFamily, 'family'>, mark: number): Family | undefined {
    const { pid, startTime, isLeaderAlive, sparesDaemons } = known;
    // A dead child that nobody has collected is still there.
    const leader = this.#look(pid);
    // 0: hidden from us (proc(5), hidepid) when it started.
    const isSame = startTime === 0 || leader?.startTime === startTime;
    if (isLeaderAlive && !isSame && this.canSee) return undefined;
    const family = this.#make(mark, pid);
    Object.assign(family, { isLeaderAlive, leaderStartTime: startTime });
    if (isSame && leader !== undefined) {
      Object.assign(family, { group: leader.group, session: leader.session });
      family.sessions.add(leader.session);
    }
    if (isLeaderAlive) this.#lead(family);
    if (isLeaderAlive && leader !== undefined && leader.parent !== process.pid) this.#spawned.delete(pid);
    if (sparesDaemons) Object.assign(family, { isOver: true, sparesDaemons });
    return family;
  }

  /** 0 if it has gone, or cannot be seen. */
  startTimeOf(family: Family): number {
    family.leaderStartTime ??= this.#look(family.leader)?.startTime ?? 0;
    return family.leaderStartTime;
  }

  /**
   * False for a number whose process is not the leader that it was: nobody tells the engine of the end of a process that is
   * not its child, and its number may be another's since.
   */
  mayBeSignalled(pid: number): boolean {
    const family = this.#leaders.get(pid);
    if (family === undefined || this.#spawned.has(pid) || !family.leaderStartTime) return true;
    const now = this.#look(pid);
    return now === undefined || now.startTime === family.leaderStartTime;
  }

  family(mark: number): Family | undefined {
    return this.#families.get(mark);
  }

  /** A child was collected: its number may be another's from now on. */
  collected(pid: number): void {
    const family = this.#leaders.get(pid);
    if (family !== undefined) family.isLeaderAlive = false;
    this.#leaders.delete(pid);
    this.#spawned.delete(pid);
    this.#orphans.delete(pid);
    for (const members of this.#members.values()) members.delete(pid);
    if (family !== undefined) this.#forget();
  }

  /** Nobody asks for it any more. */
  remove(mark: number): void {
    const family = this.#families.get(mark);
    if (family?.isLeaderAlive) this.#leaders.delete(family.leader);
    this.#families.delete(mark);
  }

  /** What of the family is alive, without its leader, parents before their children. */
  members(family: Family): readonly ProcessSighting[] {
    const all = this.#membersOf(family);
    return family.sparesDaemons ? all.filter(({ session }) => session === family.session) : all;
  }

  /** Those that were let go included. */
  everyone(family: Family): readonly ProcessSighting[] {
    return this.#membersOf(family);
  }

  #membersOf(family: Family): readonly ProcessSighting[] {
    const known = this.#members.get(family.mark);
    if (known !== undefined && known.size > 0) return [...known.values()];
    if (known !== undefined) this.#forget();
    const found = this.#find(family);
    this.#resetAtEndOfTurn();
    this.#members.set(family.mark, found);
    return [...found.values()];
  }

  /** What a process is to the family, dead ones that were not collected included; see `Relation`. */
  relationOf(family: Family, pid: number): { readonly relation: Relation; readonly uid: number } {
    const status = this.#read(`${pid}/status`);
    const uid = Number(/^Uid:\s+(\d+)/m.exec(status ?? '')?.[1] ?? -1);
    if (status === undefined) return { relation: 'gone', uid };
    if (pid === family.leader && family.isLeaderAlive)
      return this.mayBeSignalled(pid) ? { relation: 'leader', uid } : { relation: 'gone', uid: -1 };
    let relation: Relation = 'stranger';
    let at = pid;
    for (let generation = 0; at > 1 && generation < MAX_GENERATIONS; generation++) {
      if (at === family.leader && family.isLeaderAlive) return { relation: 'member', uid };
      const parent = Number(/^PPid:\s+(\d+)/m.exec(this.#read(`${at}/status`) ?? '')?.[1] ?? 0);
      if (parent === process.pid) {
        if (!this.#leaders.has(at) && !this.#ports.isLent(at) && this.#markOf(at) === family.mark)
          relation = 'orphan';
        break;
      }
      at = parent;
    }
    return { relation, uid };
  }

  /** @returns false if it has gone. */
  moveLeader(family: Family, pid: number): boolean {
    const sighting = this.#see(pid);
    if (sighting === undefined) return false;
    this.#leaders.delete(family.leader);
    family.leader = pid;
    family.leaderStartTime = sighting.startTime;
    family.group = sighting.group;
    family.session = sighting.session;
    family.sessions.add(sighting.session);
    family.isLeaderAlive = true;
    this.#leaders.set(pid, family);
    this.#forget();
    return true;
  }

  /** What is in the family since it was last looked at. */
  lookAgain(family: Family): readonly ProcessSighting[] {
    this.#forget();
    return this.members(family);
  }

  /** Below the engine, but in no family whose leader lives or that is being stopped. */
  strays(hooksToo: boolean): readonly number[] {
    this.#forget();
    const found = new Map<number, ProcessSighting>();
    for (const pid of this.#ownChildren()) {
      if (this.#leaders.has(pid) || (this.#ports.isLent(pid) && !hooksToo)) continue;
      const family = this.#families.get(this.#markOf(pid));
      if (family !== undefined && !family.isOver) continue;
      const sighting = this.#see(pid);
      if (sighting !== undefined) this.#descend(sighting, found);
    }
    return [...found.keys()];
  }

  /** No strays: all that belongs to a family which is not let go, and to the engine's hooks. */
  kept(hooksToo: boolean): ReadonlySet<number> {
    this.#forget();
    const found = new Map<number, ProcessSighting>();
    for (const pid of this.#ownChildren()) {
      const family = this.#leaders.get(pid) ?? this.#families.get(this.#markOf(pid));
      const isKept = (this.#ports.isLent(pid) && !hooksToo) || (family !== undefined && !family.isOver);
      const sighting = isKept ? this.#see(pid) : undefined;
      if (sighting !== undefined) this.#descend(sighting, found);
    }
    return new Set(found.keys());
  }

  /** False for what has gone, or is dead and waits to be collected. */
  isAlive(pid: number): boolean {
    return this.#see(pid) !== undefined;
  }

  /** What a process is called by, for people. */
  commandOf(pid: number): string {
    const words = this.#read(`${pid}/cmdline`)?.replaceAll('\0', ' ').trim();
    if (words) return words;
    return this.#read(`${pid}/comm`)?.trim() ?? '?';
  }

  #find(family: Family): Map<number, ProcessSighting> {
    const found = new Map<number, ProcessSighting>();
    if (family.isLeaderAlive) {
      const leader = {
        pid: family.leader,
        parent: process.pid,
        group: family.group,
        session: family.session,
        startTime: 0,
        isDead: false,
      };
      this.#descend(leader, found);
      found.delete(family.leader);
    }
    for (const pid of this.#ownChildren()) {
      if (this.#leaders.has(pid) || this.#ports.isLent(pid) || this.#markOf(pid) !== family.mark) continue;
      const sighting = this.#see(pid);
      if (sighting === undefined) continue;
      this.#descend(sighting, found);
    }
    for (const { session } of found.values()) family.sessions.add(session);
    return found;
  }

  #descend(from: ProcessSighting, found: Map<number, ProcessSighting>): void {
    if (found.size > MAX_MEMBERS || found.has(from.pid)) return;
    found.set(from.pid, from);
    for (const thread of this.#list(`${from.pid}/task`)) {
      for (const child of this.#childrenOf(from.pid, thread)) {
        const sighting = this.#see(child);
        if (sighting !== undefined) this.#descend(sighting, found);
      }
    }
  }

  /** Orphans come to the main thread. */
  #ownChildren(): Iterable<number> {
    this.#children ??= new Set([...this.#childrenOf(process.pid, String(process.pid)), ...this.#spawned]);
    this.#resetAtEndOfTurn();
    return this.#children;
  }

  /** @param thread that of the process which started them. */
  #childrenOf(pid: number, thread: string): readonly number[] {
    const listed = this.#read(`${pid}/task/${thread}/children`);
    if (listed !== undefined) return listed.split(' ').filter(Boolean).map(Number);
    if (String(pid) !== thread) return [];
    this.#byParent ??= this.#readParents();
    return this.#byParent.get(pid) ?? [];
  }

  #readParents(): Map<number, number[]> {
    this.#resetAtEndOfTurn();
    const byParent = new Map<number, number[]>();
    for (const pid of this.#list('.')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)) {
      const parent = this.#see(pid)?.parent;
      if (parent !== undefined) byParent.set(parent, [...(byParent.get(parent) ?? []), pid]);
    }
    return byParent;
  }

  /** Asked again each time: the family that it is of may not have been looked at before. */
  #markOf(orphan: number): number {
    let said = this.#orphans.get(orphan);
    if (said === undefined) {
      const mark = readMark(orphan, this.#ports.readMark, this.#proc);
      said = { mark, session: this.#see(orphan)?.session ?? 0 };
      this.#orphans.set(orphan, said);
    }
    const { mark, session } = said;
    if (this.#families.has(mark)) return mark;
    // A program whose limits were set again: it is known by a session that was seen when its parent lived.
    const family = [...this.#families.values()].findLast(({ sessions }) => sessions.has(session));
    return family?.mark ?? mark;
  }

  /** @returns undefined for what has gone, and for what is dead and only waits to be collected. */
  #see(pid: number): ProcessSighting | undefined {
    const found = this.#look(pid);
    return found?.isDead === false ? found : undefined;
  }

  #look(pid: number): ProcessSighting | undefined {
    const stat = this.#read(`${pid}/stat`);
    return stat === undefined ? undefined : sightingOf(pid, stat);
  }

  #read(path: string): string | undefined {
    try {
      return readFileSync(`${this.#proc}/${path}`, 'utf8');
    } catch {
      // Gone in the meantime, or hidden from us.
      return undefined;
    }
  }

  #list(path: string): readonly string[] {
    try {
      return readdirSync(`${this.#proc}/${path}`);
    } catch {
      return [];
    }
  }

  #resetAtEndOfTurn(): void {
    if (!this.#isReset) return;
    this.#isReset = false;
    setImmediate(() => {
      this.#isReset = true;
      this.#forget();
    });
  }

  #forget(): void {
    this.#children = undefined;
    this.#byParent = undefined;
    this.#members.clear();
  }
}
