/**
 * When runs of schedules are due. One alarm of the wall clock for all cron expressions and one monotonic timer for all
 * periods, each set for the next time of any: however many schedules wait, nothing runs meanwhile.
 */

import type { ScheduleConfig } from '../../config/resolved-config.ts';
import { cronTimes, type NextTime } from '../../schedule/cron.ts';
import type { Reporter } from '../events/reports.ts';
import type { Cancel, Clock, WallAlarm } from '../ports/clock.ts';
import { type InstanceRecord, subjectOf } from '../world/instance-record.ts';
import type { WorldEvent } from '../world/world-event.ts';

/** A run that comes later than this was missed: the machine slept, the engine was stopped, or the clock was set. */
const MISSED_AFTER_MS = 10_000;
/** If the clock is set back by no more than this, times that have been taken do not come again; cron does the same. */
const MAX_CORRECTION_MS = 3 * 3_600_000;
/** Missed times that are counted one by one. */
const MAX_COUNTED = 1_000;

export interface TimetablePorts {
  readonly clock: Pick<Clock, 'after' | 'alarm' | 'now' | 'wallTime'>;
  readonly random: () => number;
  readonly events: Reporter;
  readonly take: (event: WorldEvent) => void;
}

interface Row {
  readonly record: InstanceRecord;
  readonly schedule: ScheduleConfig;
  /** When its next run is due, without splay and with it, by the clock of its kind; undefined: never again. */
  due: number | undefined;
  at: number;
  /** Of `every`: undefined. */
  readonly next: NextTime | undefined;
  /** All times until this one have been taken. */
  takenUntil: number;
}

export class Timetable {
  readonly #ports: TimetablePorts;
  readonly #rows = new Map<string, Row>();
  #alarm: WallAlarm | undefined;
  #timer: Cancel | undefined;
  /** What the wall clock showed when it was last looked at. */
  #seenWall = Number.NEGATIVE_INFINITY;

  constructor(ports: TimetablePorts) {
    this.#ports = ports;
  }

  /** From now on, or by another schedule from now on. @param resumes another engine has planned its next run */
  follow(record: InstanceRecord, resumes = false): void {
    const { nextRunAt } = record;
    const { schedule } = record.process;
    if (schedule === undefined) return;
    const { times } = schedule;
    const next = times.kind === 'cron' ? cronTimes(times.expression, times.timezone) : undefined;
    const row: Row = { record, schedule, due: undefined, at: 0, next, takenUntil: this.#timeOf(schedule) };
    this.#rows.set(record.key, row);
    if (resumes && nextRunAt !== undefined) this.#resume(row, nextRunAt);
    else this.#plan(row);
    this.#arm();
  }

  leave(key: string): void {
    if (this.#rows.delete(key)) this.#arm();
  }

  /** What came due meanwhile comes at once. */
  #resume(row: Row, nextRunAt: number): void {
    const { clock } = this.#ports;
    row.at = row.next === undefined ? clock.now() + nextRunAt - clock.wallTime() : nextRunAt;
    row.due = row.at;
  }

  /** By the clock that the schedule goes by. */
  #timeOf({ times }: ScheduleConfig): number {
    const { clock } = this.#ports;
    return times.kind === 'cron' ? clock.wallTime() : clock.now();
  }

  #plan(row: Row): void {
    const { clock, random, take } = this.#ports;
    const { times, splayMs } = row.schedule;
    row.due = this.#nextTime(row, Math.max(row.takenUntil, this.#timeOf(row.schedule)));
    row.at = (row.due ?? Number.POSITIVE_INFINITY) + Math.floor(random() * splayMs);
    const isWall = times.kind === 'cron';
    const nextRunAt =
      row.due === undefined
        ? undefined
        : isWall
          ? row.at
          : Math.round(clock.wallTime() + row.at - clock.now());
    take({ type: 'planned', key: row.record.key, nextRunAt });
  }

  /** A period counts from the start of the one before, whenever that run took place. */
  #nextTime({ schedule: { times }, next, due, takenUntil }: Row, after: number): number | undefined {
    if (next !== undefined) return next(after);
    if (times.kind !== 'every') return undefined;
    const from = due ?? takenUntil;
    return from + times.periodMs * Math.max(1, Math.floor((after - from) / times.periodMs) + 1);
  }

  #arm(): void {
    const { clock } = this.#ports;
    const rows = [...this.#rows.values()].filter(({ due }) => due !== undefined);
    const wall = earliest(rows.filter(({ next }) => next !== undefined));
    const monotonic = earliest(rows.filter(({ next }) => next === undefined));
    this.#seenWall = clock.wallTime();
    if (wall === undefined) this.#alarm?.stop();
    else {
      this.#alarm ??= clock.alarm(() => this.#look());
      this.#alarm.set(wall);
    }
    this.#timer?.();
    this.#timer = undefined;
    if (monotonic !== undefined)
      this.#timer = clock.after(Math.max(0, monotonic - clock.now()), () => this.#look());
  }

  #look(): void {
    const wall = this.#ports.clock.wallTime();
    const isSetBack = wall < this.#seenWall;
    const isOtherTime = wall < this.#seenWall - MAX_CORRECTION_MS;
    for (const row of [...this.#rows.values()]) {
      if (this.#rows.get(row.record.key) !== row) continue;
      if (row.next !== undefined && isSetBack) {
        if (isOtherTime) row.takenUntil = wall;
        this.#plan(row);
      }
      if (row.due !== undefined && row.at <= this.#timeOf(row.schedule)) this.#takeUp(row, row.due);
    }
    this.#arm();
  }

  /** Its time has come, or passed. */
  #takeUp(row: Row, due: number): void {
    const { clock, events, take } = this.#ports;
    const { record, schedule } = row;
    const now = this.#timeOf(schedule);
    const lateMs = now - row.at;
    const dueWall = row.next === undefined ? clock.wallTime() - (now - due) : due;
    const missed = lateMs > MISSED_AFTER_MS ? this.#countUntil(row, due, now) : undefined;
    row.takenUntil = now;
    this.#plan(row);
    const at = timeText(dueWall);
    if (missed !== undefined && schedule.missed === 'skip') {
      events.emit('run_missed', { at, missed }, subjectOf(record));
      return;
    }
    const about = { incarnation: record.machine.incarnation };
    const evidence = { due: { at, ...(missed !== undefined && { missed }) } };
    take({ type: 'fact', key: record.key, fact: { kind: 'due' }, evidence, about, causedBy: undefined });
  }

  /** How many times have passed, the one that is due included. */
  #countUntil({ next, schedule: { times } }: Row, due: number, now: number): number {
    if (times.kind === 'every') return Math.floor((now - due) / times.periodMs) + 1;
    let count = 1;
    for (
      let time = next?.(due);
      time !== undefined && time <= now && count < MAX_COUNTED;
      time = next?.(time)
    )
      count += 1;
    return count;
  }
}

function earliest(rows: readonly Row[]): number | undefined {
  return rows.length === 0
    ? undefined
    : rows.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
}

/** `2026-03-01T02:30:00Z`. */
function timeText(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
