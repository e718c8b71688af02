/** How an engine goes on with a world that another one wrote: what is to be held again, timed again and watched again. */

import { followsSchedule, type InstanceRecord } from '../world/instance-record.ts';
import type { WorldEffect, WorldEvent } from '../world/world-event.ts';
import type { Circumstances, Known, Step } from './step-types.ts';
import { watchOf } from './watching.ts';

export function resume({ world }: Known, { now }: Circumstances): Step {
  return {
    records: [],
    effects: world.instances.flatMap((record) => toDo(record, now)),
    next: world.instances.flatMap(toLookInto),
  };
}

function toDo(record: InstanceRecord, now: number): readonly WorldEffect[] {
  const { key, machine, deadline, step, enteredAt } = record;
  const watch = watchOf(record, now - enteredAt);
  return [
    ...(machine.leader === 'none' ? [] : [{ kind: 'adopt', key } as const]),
    ...(step === undefined ? [] : [{ kind: 'adoptStep', key } as const]),
    ...(machine.leader === 'dead' ? [{ kind: 'awaitLeftovers', key } as const] : []),
    ...(machine.leader === 'dead' && machine.monitor === 'healthcheck'
      ? [{ kind: 'seekDaemon', key } as const]
      : []),
    ...(deadline === undefined ? [] : [timerOf(key, deadline, now)]),
    ...(watch === undefined ? [] : [watch]),
    ...(followsSchedule(record) ? [{ kind: 'followSchedule', key, resumes: true } as const] : []),
  ];
}

function timerOf(
  key: string,
  { number, at }: NonNullable<InstanceRecord['deadline']>,
  now: number,
): WorldEffect {
  return { kind: 'startTimer', key, number, afterMs: Math.max(0, at - now) };
}

function toLookInto(record: InstanceRecord): readonly WorldEvent[] {
  const { key, machine, lastEvent: causedBy } = record;
  if (machine.monitor !== 'starting') return [];
  // A spawn without an answer cannot be handed over: the engine before has killed the child.
  const message = 'the engine was replaced before the program was executed';
  const failure = { step: 'execute', errno: 'ECANCELED', message, isPassing: true } as const;
  const about = { incarnation: machine.incarnation };
  return [{ type: 'fact', key, fact: { kind: 'spawnFailed', failure }, about, causedBy }];
}
