/**
 * What programs say of themselves: that they are ready, how they are, that they stop. A program is known by what the
 * kernel says of it, and whatever it says concerns its own incarnation only.
 */

import type { Readiness } from '../../config/resolved-config.ts';
import type { Fact } from '../../lifecycle/events.ts';
import type { EventStream } from '../events/event-stream.ts';
import type { Cancel, Clock } from '../ports/clock.ts';
import type { HealthFact } from '../ports/health.ts';
import type { Kernel, SpawnAnswer, SpawnRequest } from '../ports/kernel.ts';
import type { HeldChannel, NotifyChannel, NotifyMessage, SelfReportPort } from '../ports/self-reports.ts';
import { type About, type InstanceRecord, subjectOf } from '../world/instance-record.ts';
import type { Notice, WorldEvent } from '../world/world-event.ts';
import { awaitLine } from './awaited-line.ts';
import { seekDaemon } from './daemon-search.ts';
import { type MainProcess, moveMainProcess } from './main-process.ts';
import { Pace } from './pace.ts';
import { type Notification, parseNotification } from './sd-notify.ts';
import { Watchdog } from './watchdog.ts';

/** The most refusals and other reports in this time; the next one counts those that were left out. */
const REPORTS_EVERY_MS = 60_000;
const MAX_REFUSALS = 1;
const MAX_REPORTS = 10;
/** The most changes of the main process in this time. */
const MAX_MOVES = 10;
/** At most one new status text is sent to clients in this time. */
const STATUS_EVERY_MS = 1_000;
const NEWLINE = 10;

export interface SelfReportContext {
  readonly clock: Clock;
  readonly kernel: Kernel;
  readonly events: EventStream;
  readonly port: SelfReportPort;
  /** Takes an event into the queue. */
  readonly take: (event: WorldEvent) => void;
}

/** Of one incarnation. */
interface Life {
  readonly incarnation: number;
  readonly channel: NotifyChannel | undefined;
  readonly watchdog: Watchdog;
  /** Ends what belongs to the incarnation. */
  readonly ends: Set<Cancel>;
  /** That readiness is awaited on: the engine's descriptors, by their number in the program. */
  readonly pipes: Map<number, number>;
  /** There while its readiness is awaited. */
  onReady: (() => void) | undefined;
  /** It was ready before anybody waited for that. */
  isReady: boolean;
  reloadingSince: number | undefined;
  readonly refusals: Pace;
  readonly reports: Pace;
  readonly moves: Pace;
  /** Ends the watch over the main process that it has named. */
  cancelMainWatch: Cancel | undefined;
  statusTold: number;
  cancelStatus: Cancel | undefined;
}

type Spawned = Extract<SpawnAnswer, { kind: 'spawned' }>;

/** For another engine in this process to adopt. */
export interface HeldReports {
  readonly channel: HeldChannel | undefined;
  readonly pipes: readonly (readonly [number: number, fd: number])[];
  readonly isReady: boolean;
  readonly watchdogMs: number | undefined;
}

export class SelfReports {
  readonly #context: SelfReportContext;
  readonly #lives = new Map<string, Life>();

  constructor(context: SelfReportContext) {
    this.#context = context;
  }

  /** Called before a spawn. @returns what it needs beside, or why there is none of that. */
  prepare(record: InstanceRecord, request: SpawnRequest): SpawnRequest | string {
    const { readiness, watchdogMs } = record.process;
    const { clock, port } = this.#context;
    this.end(record);
    if (readiness === undefined) return request;
    const channel = readiness.kind === 'notified' ? port.openChannel(record.key) : undefined;
    if (typeof channel === 'string') return channel;
    this.#lives.set(record.key, newLife(record, clock, channel, watchdogMs));
    return withVariables(withDescriptor(request, readiness), channel, watchdogMs);
  }

  /** Its program is executed. */
  begin(record: InstanceRecord, { otherPipes = new Map() }: Pick<Spawned, 'otherPipes'>): void {
    const { readiness } = record.process;
    const life = this.#lives.get(record.key);
    if (life === undefined || readiness === undefined) return;
    life.channel?.listen((message) => this.#take(record, life, message));
    if (readiness.kind === 'line') life.ends.add(this.#awaitLine(record, life, readiness.expression));
    for (const [number, fd] of otherPipes) this.#awaitNewline(record, life, number, fd);
  }

  /** Undefined for a process that says nothing of itself. */
  held(key: string): HeldReports | undefined {
    const life = this.#lives.get(key);
    if (life === undefined) return undefined;
    const { channel, pipes, isReady, watchdog } = life;
    return { channel: channel?.held, pipes: [...pipes], isReady, watchdogMs: watchdog.periodMs };
  }

  /** Goes on with what another engine has begun. */
  adopt(record: InstanceRecord, held: HeldReports): void {
    const { clock, port } = this.#context;
    const channel = held.channel && port.adoptChannel(record.key, held.channel);
    const life = newLife(record, clock, channel, held.watchdogMs);
    life.isReady = held.isReady;
    this.#lives.set(record.key, life);
    this.begin(record, { otherPipes: new Map(held.pipes) });
  }

  /** The incarnation is over: whatever comes now is nobody's. */
  end(record: InstanceRecord): void {
    const life = this.#lives.get(record.key);
    if (life === undefined) return;
    this.#lives.delete(record.key);
    for (const end of life.ends) end();
    life.cancelStatus?.();
    life.cancelMainWatch?.();
    life.watchdog.stop();
    life.channel?.close();
  }

  /** Whether nothing but the program says when it is ready. */
  proves({ key, process, machine }: InstanceRecord): boolean {
    // Started before a reload gave it such a key.
    if (!this.#lives.has(key)) return false;
    if (process.readiness?.kind !== 'forked') return process.readiness !== undefined;
    return !machine.isAdopted || process.health.probe.kind === 'uptime';
  }

  /** The work of a state that waits until it is ready. */
  awaitReadiness(record: InstanceRecord, report: (fact: HealthFact) => void): Cancel {
    const life = this.#lives.get(record.key);
    const ready = (): void => report({ kind: 'becameHealthy' });
    if (record.process.readiness?.kind === 'forked') {
      if (record.machine.isAdopted && this.proves(record)) ready();
      return () => {};
    }
    if (life === undefined) return () => {};
    life.onReady = ready;
    if (life.isReady) ready();
    return () => {
      life.onReady = undefined;
    };
  }

  /** The work of the states after that: its watchdog. */
  guard(record: InstanceRecord): Cancel {
    const life = this.#lives.get(record.key);
    if (life === undefined) return () => {};
    life.watchdog.start(
      () => life.channel?.catchUp(),
      (afterMs) => this.#expire(record, `it has not said for ${afterMs} ms that it works (watchdog)`),
    );
    return () => life.watchdog.stop();
  }

  /** The process that was spawned has left something that leads the incarnation from now on. */
  seekDaemon(record: InstanceRecord): void {
    const life = this.#lives.get(record.key);
    const { readiness } = record.process;
    if (life === undefined || readiness?.kind !== 'forked') return;
    const { incarnation } = record.machine;
    const about = { incarnation, activity: record.activity?.number ?? 0 };
    const stop = seekDaemon(record, readiness.pidFile, this.#context, (found) => {
      const isSought = record.activity?.number === about.activity && record.machine.leader === 'dead';
      if (!isSought || !this.#move(record, found)) return false;
      life.ends.delete(stop);
      this.#fact(record, { kind: 'leaderFound' }, about);
      return true;
    });
    life.ends.add(stop);
  }

  #take(record: InstanceRecord, life: Life, message: NotifyMessage): void {
    const refusal = message.isCut ? 'it is longer than 4096 bytes' : this.#refusal(record, message);
    if (refusal !== undefined) this.#refuse(record, life, refusal);
    else this.#apply(record, life, parseNotification(message.text));
  }

  /** @returns undefined if what this sender says counts. */
  #refusal(record: InstanceRecord, { pid, uid }: NotifyMessage): string | undefined {
    if (pid === record.pid) return undefined;
    const { readiness } = record.process;
    const { relation } = this.#context.kernel.relationOf(record.family ?? 0, pid);
    const isOfUser = uid === this.#uidOf(record);
    // Those that nobody vouches for but themselves are taken at their word by their user only: it could do worse.
    const isOurs = relation === 'leader' || relation === 'member' || (isOfUser && relation !== 'stranger');
    if (!isOurs) return `pid ${pid} (uid ${uid}) is not one of its processes`;
    if (readiness?.kind === 'notified' && readiness.access === 'all') return undefined;
    return `pid ${pid} is not its main process, which is ${record.pid}; notify_access = "all" takes it`;
  }

  #uidOf({ process }: InstanceRecord): number {
    return process.spawn.identity?.uid ?? this.#context.port.ownUid;
  }

  #refuse(record: InstanceRecord, life: Life, reason: string): void {
    const more = life.refusals.next();
    if (more === undefined) return;
    const { events } = this.#context;
    events.emit('notification_refused', { reason, ...more }, subjectOf(record), record.lastEvent);
  }

  #apply(record: InstanceRecord, life: Life, told: Notification): void {
    if (told.status !== undefined) this.#setStatus(record, life, told.status);
    if (told.mainPid !== undefined && told.mainPid !== record.pid)
      this.#takeMainPid(record, life, told.mainPid);
    if (told.watchdogMs !== undefined) life.watchdog.setPeriod(told.watchdogMs);
    if (told.watchdog === 'alive') life.watchdog.feed();
    if (told.extendMs !== undefined) {
      const { incarnation } = record.machine;
      this.#context.take({ type: 'extend', key: record.key, incarnation, ms: told.extendMs });
    }
    if (told.errno !== undefined && told.errno !== 0)
      this.#say(record, life, `it reports errno ${told.errno}`);
    if (told.isReloading) this.#beginReload(record, life, told.monotonicMs);
    if (told.isReady) this.#ready(record, life);
    if (told.watchdog === 'trigger' && life.reports.next() !== undefined)
      this.#expire(record, 'it said that it does not work (WATCHDOG=trigger)');
    if (told.isStopping) this.#tell(record, { kind: 'stopAnnounced' });
  }

  #ready(record: InstanceRecord, life: Life): void {
    life.isReady = true;
    life.onReady?.();
    const { reloadingSince } = life;
    if (reloadingSince === undefined) return;
    life.reloadingSince = undefined;
    this.#say(
      record,
      life,
      `it has reloaded in ${Math.round(this.#context.clock.now() - reloadingSince)} ms`,
    );
  }

  #beginReload(record: InstanceRecord, life: Life, monotonicMs: number | undefined): void {
    if (life.reloadingSince !== undefined) return;
    const now = this.#context.clock.now();
    life.reloadingSince = monotonicMs !== undefined && monotonicMs <= now ? monotonicMs : now;
    this.#say(record, life, 'it reloads');
  }

  #setStatus(record: InstanceRecord, life: Life, text: string): void {
    if (record.statusText === text) return;
    this.#notice(record, { statusText: text });
    if (life.cancelStatus !== undefined) return;
    const { clock, events } = this.#context;
    const waitMs = Math.max(0, life.statusTold + STATUS_EVERY_MS - clock.now());
    const tell = (): void => {
      life.cancelStatus = undefined;
      life.statusTold = clock.now();
      this.#notice(record, {}, true);
      events.emit('process_status', { status: record.statusText ?? '' }, subjectOf(record), record.lastEvent);
    };
    if (waitMs === 0) tell();
    else life.cancelStatus = clock.after(waitMs, tell);
  }

  #takeMainPid(record: InstanceRecord, life: Life, pid: number): void {
    const { relation, uid } = this.#context.kernel.relationOf(record.family ?? 0, pid);
    const isOurs = relation === 'member' || (relation === 'orphan' && uid === this.#uidOf(record));
    const isTooOften = isOurs && life.moves.next() === undefined;
    if (isOurs && !isTooOften && this.#move(record, { pid, by: 'MAINPID' })) return;
    const why = relation === 'gone' ? 'does not exist' : 'is not one of its processes';
    const reason = isTooOften ? `it has named ${MAX_MOVES} others within a minute` : `pid ${pid} ${why}`;
    this.#refuse(record, life, `MAINPID=${pid}, but ${reason}`);
  }

  #move(record: InstanceRecord, main: MainProcess): boolean {
    const life = this.#lives.get(record.key);
    const watched = moveMainProcess(record, main, this.#context);
    if (watched === undefined || life === undefined) return false;
    life.cancelMainWatch?.();
    life.cancelMainWatch = watched;
    return true;
  }

  #awaitLine(record: InstanceRecord, life: Life, expression: string): Cancel {
    return awaitLine(record, expression, this.#context, () => this.#ready(record, life));
  }

  /** As s6 has it: what comes before the newline means nothing. */
  #awaitNewline(record: InstanceRecord, life: Life, number: number, fd: number): void {
    life.pipes.set(number, fd);
    const over = (): void => {
      life.ends.delete(close);
      life.pipes.delete(number);
    };
    const close = this.#context.port.readPipe(
      fd,
      (bytes) => {
        if (!bytes.includes(NEWLINE)) return;
        over();
        close();
        this.#ready(record, life);
      },
      () => {
        over();
        if (!life.isReady) this.#say(record, life, `it closed descriptor ${number} without a newline`);
      },
    );
    life.ends.add(close);
  }

  #expire(record: InstanceRecord, reason: string): void {
    this.#tell(record, { kind: 'watchdogExpired', reason });
  }

  /** A fact about one that runs; of one that is being stopped already, nothing follows. */
  #tell(record: InstanceRecord, fact: Fact): void {
    const { activity, machine } = record;
    if (activity === undefined) return;
    const about = { incarnation: machine.incarnation, activity: activity.number };
    this.#fact(record, fact, about);
  }

  #fact({ key, lastEvent }: InstanceRecord, fact: Fact, about: About): void {
    this.#context.take({ type: 'fact', key, fact, about, causedBy: lastEvent });
  }

  #notice({ key, machine }: InstanceRecord, notice: Notice, isShown = false): void {
    const { incarnation } = machine;
    this.#context.take({ type: 'noticed', key, incarnation, notice, ...(isShown && { isShown }) });
  }

  #say(record: InstanceRecord, life: Life, message: string): void {
    const more = life.reports.next();
    if (more === undefined) return;
    this.#context.events.emit('process_said', { message, ...more }, subjectOf(record), record.lastEvent);
  }
}

function newLife(
  record: InstanceRecord,
  clock: Clock,
  channel: NotifyChannel | undefined,
  watchdogMs: number | undefined,
): Life {
  return {
    incarnation: record.machine.incarnation,
    channel,
    watchdog: new Watchdog(watchdogMs, clock),
    ends: new Set(),
    pipes: new Map(),
    onReady: undefined,
    isReady: false,
    reloadingSince: undefined,
    refusals: new Pace(clock, MAX_REFUSALS, REPORTS_EVERY_MS),
    reports: new Pace(clock, MAX_REPORTS, REPORTS_EVERY_MS),
    moves: new Pace(clock, MAX_MOVES, REPORTS_EVERY_MS),
    cancelMainWatch: undefined,
    statusTold: Number.NEGATIVE_INFINITY,
    cancelStatus: undefined,
  };
}

function withVariables(
  request: SpawnRequest,
  channel: NotifyChannel | undefined,
  watchdogMs: number | undefined,
): SpawnRequest {
  if (channel === undefined) return request;
  const { environment } = request;
  const own = {
    NOTIFY_SOCKET: channel.address,
    ...(watchdogMs !== undefined && { WATCHDOG_USEC: String(watchdogMs * 1_000) }),
  };
  const filled = { ...request, environment: { ...environment, set: { ...environment.set, ...own } } };
  // As systemd does: a child that has inherited the variables is not meant (sd_watchdog_enabled(3)).
  return watchdogMs === undefined ? filled : { ...filled, pidVariables: ['WATCHDOG_PID'] };
}

/** Numbers below it that nothing else has lead nowhere. */
function withDescriptor(request: SpawnRequest, readiness: Readiness): SpawnRequest {
  if (readiness.kind !== 'descriptor') return request;
  const descriptors = [...request.descriptors];
  while (descriptors.length < readiness.fd)
    descriptors.push({ target: descriptors.length, source: { kind: 'null' } });
  descriptors[readiness.fd] = { target: readiness.fd, source: { kind: 'pipe' } };
  return { ...request, descriptors };
}
