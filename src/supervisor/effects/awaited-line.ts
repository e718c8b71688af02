/** `ready_log`: a line of a program's output that says that it is ready. */

import type { EventStream } from '../events/event-stream.ts';
import type { Cancel } from '../ports/clock.ts';
import type { SelfReportPort } from '../ports/self-reports.ts';
import { type InstanceRecord, subjectOf } from '../world/instance-record.ts';

/** What comes after that in a line is not looked at. */
const MAX_LINE = 4_096;
/** Lines on which the expression may take too long; then nothing more is looked at. */
const MAX_SLOW = 3;

export function awaitLine(
  record: InstanceRecord,
  expression: string,
  { port, events }: { readonly port: SelfReportPort; readonly events: EventStream },
  onFound: () => void,
): Cancel {
  const matches = port.lineMatcher(expression);
  const streams = new Map<string, { readonly decoder: TextDecoder; rest: string }>();
  let slow = 0;
  const stop = port.followOutput(record.name, (stream, bytes) => {
    const known = streams.get(stream) ?? { decoder: new TextDecoder(), rest: '' };
    streams.set(stream, known);
    const lines = (known.rest + known.decoder.decode(bytes, { stream: true })).split('\n');
    known.rest = (lines.pop() ?? '').slice(0, MAX_LINE);
    if (lines.length === 0) return;
    const found = matches(lines.map((line) => line.slice(0, MAX_LINE)));
    if (found === true) {
      stop();
      onFound();
    }
    if (found !== undefined) return;
    slow += 1;
    if (slow < MAX_SLOW) return;
    stop();
    const message = `ready_log = ${JSON.stringify(expression)} takes too long on its output; write it without repetitions inside repetitions`;
    events.emit('process_said', { message }, subjectOf(record), record.lastEvent);
  });
  return stop;
}
