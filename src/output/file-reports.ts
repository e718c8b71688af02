/** How the engine's events tell of files that cannot be written to. */

import type { EventStream } from '../supervisor/event-stream.ts';
import type { OutputStream } from './instance-output.ts';
import type { FileReports } from './output-file.ts';

/** The first instance that prints to a path; a shared file fails for all of them alike. */
export interface FileOwner {
  readonly instance: string;
  readonly stream: OutputStream;
}

export function fileReports(
  events: EventStream,
  path: string,
  ownerOf: (path: string) => FileOwner | undefined,
): FileReports {
  const about = (): { stream: OutputStream; subject: { instance?: string; process?: string } } => {
    const owner = ownerOf(path);
    if (owner === undefined) return { stream: 'stdout', subject: {} };
    const { instance, stream } = owner;
    return { stream, subject: { process: processOf(instance), instance } };
  };
  return {
    onFailed: (message) => {
      const { stream, subject } = about();
      events.emit('error', 'output_failed', { stream, path, message }, subject);
    },
    onRestored: () => {
      const { stream, subject } = about();
      events.emit('info', 'output_restored', { stream, path }, subject);
    },
    onDropped: (bytes, reason) => {
      const { stream, subject } = about();
      events.emit('warn', 'output_dropped', { stream, bytes, reason }, subject);
    },
  };
}

/** `web` for `web:2`: names of processes have no colon. */
export function processOf(instance: string): string {
  return instance.replace(/:\d+$/, '');
}
