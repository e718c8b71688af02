/** What carrying out an effect may need. */

import type { EventStream } from '../events/event-stream.ts';
import type { Clock } from '../ports/clock.ts';
import type { HealthMonitor } from '../ports/health.ts';
import type { InputPort } from '../ports/input.ts';
import type { Kernel } from '../ports/kernel.ts';
import type { OutputPort } from '../ports/output.ts';
import type { SocketPort } from '../ports/sockets.ts';
import type { InstanceRecord } from '../world/instance-record.ts';
import type { WorldEvent } from '../world/world-event.ts';
import type { Handles } from './handles.ts';
import type { Held } from './handover.ts';
import type { LeftoverWatch } from './leftover-watch.ts';
import type { SelfReports } from './self-reports.ts';
import type { SpawnTurns } from './spawn-turns.ts';
import type { StepRunner } from './step-runner.ts';
import type { Timetable } from './timetable.ts';

export interface PerformContext {
  readonly clock: Clock;
  readonly kernel: Kernel;
  readonly health: HealthMonitor;
  readonly output: OutputPort;
  readonly input: InputPort;
  readonly sockets: Pick<SocketPort, 'descriptorsOf' | 'awaitArrival' | 'awaitIdle'>;
  readonly events: EventStream;
  readonly spawnTurns: SpawnTurns;
  readonly leftovers: LeftoverWatch<InstanceRecord>;
  readonly selfReports: SelfReports;
  readonly steps: StepRunner;
  readonly handles: Handles;
  /** What another engine has held of an instance, by its key, until it is adopted. */
  readonly handover: Map<string, Held>;
  readonly timetable: Timetable;
  /** Takes an event into the queue. */
  readonly take: (event: WorldEvent) => void;
}
