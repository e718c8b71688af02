/** The engine's own standard output and error, as streams that processes and the engine's log share. */

import { fstatSync } from 'node:fs';
import type { SlowReaderRules } from '../../config/resolved-config.ts';
import type { EventStream } from '../../supervisor/events/event-stream.ts';
import type { Clock } from '../../supervisor/ports/clock.ts';
import type { OutputStream } from '../instance-output.ts';
import { descriptorSink, type UnreadBytes } from '../sinks/descriptor-sink.ts';
import { fileReports } from '../sinks/file-reports.ts';
import { SharedStream } from './shared-stream.ts';
import { streamReports } from './stream-reports.ts';

const DROP_REASON = "nobody read the container's output";

export interface StandardStreamsPorts {
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly events: EventStream;
  readonly unreadBytes: UnreadBytes;
}

/** Both are the same one if they lead to the same pipe, terminal or file: two would write into each other's lines. */
export function standardStreams(
  rules: SlowReaderRules,
  { clock, events, unreadBytes }: StandardStreamsPorts,
): Readonly<Record<OutputStream, SharedStream>> {
  const open = (fd: number, name: string): SharedStream => {
    const reports = streamReports(
      fileReports(events, name, () => undefined),
      DROP_REASON,
    );
    return new SharedStream(descriptorSink(fd, clock, unreadBytes), rules, { clock, reports });
  };
  if (isSameFile(1, 2)) {
    const both = open(1, "the container's stdout and stderr");
    return { stdout: both, stderr: both };
  }
  return { stdout: open(1, "the container's stdout"), stderr: open(2, "the container's stderr") };
}

function isSameFile(one: number, other: number): boolean {
  try {
    const [left, right] = [fstatSync(one), fstatSync(other)];
    return left.dev === right.dev && left.ino === right.ino;
  } catch {
    // One of them is closed.
    return false;
  }
}
