/** A shared stream that leads to a function, with a clock that a test may move by hand. */

import type { SlowReaderRules } from '../../src/config/resolved-config.ts';
import type { Sink } from '../../src/output/sinks/descriptor-sink.ts';
import { SharedStream, type StreamReports } from '../../src/output/streams/shared-stream.ts';
import type { Clock } from '../../src/supervisor/ports/clock.ts';
import { SystemClock } from '../../src/system/clock.ts';

export const WAIT: SlowReaderRules = { whenSlow: 'wait', stuckAfterMs: 5_000 };
export const DROP: SlowReaderRules = { whenSlow: 'drop', stuckAfterMs: 5_000 };

export interface StreamToOptions {
  readonly rules?: SlowReaderRules;
  readonly reports?: Partial<StreamReports>;
  readonly clock?: Pick<Clock, 'now' | 'after'>;
  /** What the reader has not taken of a write under way. */
  readonly unread?: () => number;
}

export function streamTo(write: Sink, options: StreamToOptions = {}): SharedStream {
  const { rules = WAIT, reports, clock = new SystemClock(), unread = () => 0 } = options;
  const none = { onStuck: () => {}, onFlowing: () => {}, onDropped: () => {} };
  const sink = { write, unread, close: () => {} };
  return new SharedStream(sink, rules, { clock, reports: { ...none, ...reports } });
}
