/** Programs that start with the first connection to their sockets, and stop when nobody uses these. */

import type { Fact } from '../../lifecycle/events.ts';
import { shortDuration } from '../../units.ts';
import type { Cancel } from '../ports/clock.ts';
import type { InstanceRecord } from '../world/instance-record.ts';
import type { PerformContext } from './perform-context.ts';

type Context = Pick<PerformContext, 'events' | 'handles' | 'sockets' | 'take'>;
export type Idle = Extract<Fact, { kind: 'becameIdle' }>;

/** @param number of the activity that this is the work of. */
export function awaitArrival(record: InstanceRecord, number: number, context: Context): void {
  const { events, handles, sockets, take } = context;
  const { key } = record;
  const about = { incarnation: record.machine.incarnation, activity: number };
  const report = (socket: string | undefined): void =>
    take({ type: 'fact', key, fact: { kind: 'connectionCame', socket }, about, causedBy: record.lastEvent });
  const cancel = sockets.awaitArrival(record.process, report);
  if (typeof cancel !== 'string') {
    handles.holdWatch(key, cancel);
    return;
  }
  // A program that runs without need is better than a connection that nobody answers.
  const message = `${record.name} starts without a connection, because its sockets cannot be watched: ${cancel}`;
  events.emitAs('warn', 'engine_notice', { message });
  report(undefined);
}

export function awaitIdle(
  record: InstanceRecord,
  idleMs: number,
  report: (fact: Idle) => void,
  { events, sockets }: Context,
): Cancel {
  return sockets.awaitIdle(
    record.process,
    idleMs,
    () => report({ kind: 'becameIdle' }),
    (why) => {
      const message = `cannot tell whether ${record.name} is idle (${why}); it is not stopped after ${shortDuration(idleMs)}`;
      events.emitAs('warn', 'engine_notice', { message });
    },
  );
}
