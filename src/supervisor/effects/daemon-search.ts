/** The daemon that a program has left when it exited: by its pid file, or as the only one that is left. */

import type { EventStream } from '../events/event-stream.ts';
import type { Cancel, Clock } from '../ports/clock.ts';
import type { Kernel } from '../ports/kernel.ts';
import type { PidFile, SelfReportPort } from '../ports/self-reports.ts';
import { type InstanceRecord, subjectOf } from '../world/instance-record.ts';
import type { WorldEvent } from '../world/world-event.ts';
import type { MainProcess } from './main-process.ts';
import { Pace } from './pace.ts';

/** Programs write their pid file a moment after their starter has exited. */
const LOOK_EVERY_MS = 50;
/** Daemons fork twice: one that only starts another is gone by then, also on a busy machine. */
const LOOKS_AT_ONE = 4;
const LOOKS_AT_SEVERAL = 20;
/** Clocks of file systems are coarse. */
const MAX_CLOCK_ERROR_MS = 2_000;
/** A pid file may be another one at each look. */
const MAX_REPORTS = 10;
const REPORTS_EVERY_MS = 60_000;
const ROOT = 0;

interface Context {
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly events: EventStream;
  readonly port: SelfReportPort;
  readonly take: (event: WorldEvent) => void;
}

type Look = { readonly found: MainProcess } | { readonly why: string };

/** @param take returns false if what was found has gone meanwhile. */
export function seekDaemon(
  record: InstanceRecord,
  pidFile: string | undefined,
  context: Context,
  take: (found: MainProcess) => boolean,
): Cancel {
  const { clock, events } = context;
  const reports = new Pace(clock, MAX_REPORTS, REPORTS_EVERY_MS);
  let isOver = false;
  let before = '';
  let looksAlike = 0;
  let cancel: Cancel = () => {};
  const conclude = (look: Look): void => {
    if (isOver) return;
    if ('found' in look) {
      isOver = take(look.found);
      if (isOver) return;
    } else if (record.healthReason !== look.why) {
      const more = reports.next();
      if (more !== undefined)
        events.emit('process_said', { message: look.why, ...more }, subjectOf(record), record.lastEvent);
      const { key, machine } = record;
      const notice = { healthReason: look.why };
      context.take({ type: 'noticed', key, incarnation: machine.incarnation, notice, isShown: true });
    }
    cancel = clock.after(LOOK_EVERY_MS, search);
  };
  const search = (): void => {
    if (pidFile !== undefined) {
      void context.port.readPidFile(pidFile).then((file) => {
        if (!isOver) conclude(judgePidFile(record, pidFile, file, context));
      });
      return;
    }
    const left = context.kernel.orphansOf(record.family ?? 0);
    const [first] = left;
    const all = context.kernel.leftovers(record.family ?? 0).map(({ pid }) => pid);
    looksAlike = all.join() === before ? looksAlike + 1 : 1;
    before = all.join();
    const enough = all.length === 1 ? LOOKS_AT_ONE : LOOKS_AT_SEVERAL;
    if (left.length === 1 && first !== undefined && looksAlike >= enough) {
      conclude({ found: { pid: first, by: 'only descendant' } });
      return;
    }
    if (left.length < 2) cancel = clock.after(LOOK_EVERY_MS, search);
    else
      conclude({
        why: `it left ${left.length} processes (pid ${left.join(', ')}), and no pid_file says which one leads`,
      });
  };
  search();
  return () => {
    isOver = true;
    cancel();
  };
}

function judgePidFile(record: InstanceRecord, path: string, file: PidFile, { kernel, port }: Context): Look {
  const refused = (why: string): Look => ({ why: `pid file ${path}: ${why}` });
  if (file.kind === 'missing') return { why: `it waits for the pid file ${path}` };
  if (file.kind === 'refused') return refused(file.message);
  const user = record.process.spawn.identity?.uid ?? port.ownUid;
  if (![ROOT, port.ownUid, user].includes(file.uid)) return refused(`it belongs to uid ${file.uid}`);
  const digits = /^\s*(\d{1,10})\s*(\n|$)/.exec(file.text)?.[1];
  if (digits === undefined) return refused('its first line is not a pid');
  const pid = Number(digits);
  if (file.changedAt < record.spawnedWall - MAX_CLOCK_ERROR_MS)
    return refused(`it is older than this start, so pid ${pid} is that of an earlier one`);
  const { relation } = kernel.relationOf(record.family ?? 0, pid);
  if (relation === 'gone') return refused(`pid ${pid} does not exist`);
  if (relation === 'stranger') return refused(`pid ${pid} is not one of its processes`);
  return { found: { pid, by: 'pid file' } };
}
