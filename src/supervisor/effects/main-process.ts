/** Another process leads an incarnation. */

import type { EventStream } from '../events/event-stream.ts';
import type { Cancel, Clock } from '../ports/clock.ts';
import type { Kernel } from '../ports/kernel.ts';
import { type InstanceRecord, subjectOf } from '../world/instance-record.ts';
import type { Notice, WorldEvent } from '../world/world-event.ts';

/** Nobody tells the engine of the end of a process that is not its child. */
const LOOK_EVERY_MS = 1_000;

export interface MainProcess {
  readonly pid: number;
  readonly by: 'MAINPID' | 'pid file' | 'only descendant';
}

interface Context {
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly events: EventStream;
  readonly take: (event: WorldEvent) => void;
}

/** @returns what ends the watch over it; undefined if it has gone. */
export function moveMainProcess(
  record: InstanceRecord,
  { pid, by }: MainProcess,
  { kernel, clock, events, take }: Context,
): Cancel | undefined {
  const { family = 0, pid: was = 0 } = record;
  if (!kernel.moveLeader(family, pid)) return undefined;
  const { key, machine } = record;
  const notice = (found: Notice): void =>
    take({ type: 'noticed', key, incarnation: machine.incarnation, notice: found });
  const subject = { ...subjectOf(record), pid };
  const event = events.emit('main_process_changed', { was, by }, subject, record.lastEvent);
  notice({ pid, startTime: kernel.startTimeOf(family), lastEvent: event });
  if (kernel.orphansOf(family).includes(pid)) return () => {};
  let cancel: Cancel;
  const look = (): void => {
    cancel = clock.after(LOOK_EVERY_MS, look);
    if (record.pid !== pid || kernel.relationOf(family, pid).relation !== 'gone') return;
    cancel();
    // Its parent has collected it. What led before it does so again, and its end is seen.
    if (kernel.moveLeader(family, was)) notice({ pid: was, startTime: kernel.startTimeOf(family) });
  };
  cancel = clock.after(LOOK_EVERY_MS, look);
  return () => cancel();
}
