/** How the engine's events tell of files that cannot be written to. */

import type { EventStream } from '../../supervisor/events/event-stream.ts';
import type { EventSubject } from '../../wire/events.ts';
import type { OutputSource, OutputStream } from '../instance-output.ts';
import type { FileReports } from './output-file.ts';

/** The first instance that prints to a path; a shared file fails for all of them alike. */
export type FileOwner = Pick<OutputSource, 'instance' | 'stream'>;

/** @param ownerOf whom a report is about that names nobody. */
export function fileReports(
  events: EventStream,
  path: string,
  ownerOf: (path: string) => FileOwner | undefined,
): FileReports {
  const about = (source = ownerOf(path)): { stream: OutputStream; subject: EventSubject } => {
    if (source === undefined) return { stream: 'stdout', subject: {} };
    const { instance, stream } = source;
    return { stream, subject: { process: processOf(instance), instance } };
  };
  return {
    onFailed: (message, source) => {
      const { stream, subject } = about(source);
      events.emit('output_failed', { stream, path, message }, subject);
    },
    onRestored: (source) => {
      const { stream, subject } = about(source);
      events.emit('output_restored', { stream, path }, subject);
    },
    onDropped: (bytes, reason, source) => {
      const { stream, subject } = about(source);
      events.emit('output_dropped', { stream, bytes, reason }, subject);
    },
  };
}

/** `web` for `web:2`: names of processes have no colon. */
export function processOf(instance: string): string {
  return instance.replace(/:\d+$/, '');
}
