/** How a process says that it is ready, and that it still works. */

import { dirname, resolve } from 'node:path';
import type { Place } from '../document/place.ts';
import type { ProcessConfig, Readiness } from '../resolved-config.ts';
import type { ProcessSource } from '../schema/schema.ts';
import { durationAt } from './durations.ts';

type Key = 'notify_access' | 'watchdog' | 'on_watchdog' | 'notify_fd' | 'ready_log' | 'pid_file';

/** Of which type a process with this key is. */
const TYPE_OF: Readonly<Record<Key, ProcessSource['type']>> = {
  notify_access: 'notify',
  watchdog: 'notify',
  on_watchdog: 'notify',
  notify_fd: 'simple',
  ready_log: 'simple',
  pid_file: 'forking',
};
/** Of an expression. */
const MAX_EXPRESSION = 1_000;
const MIN_WATCHDOG_MS = 100;

export function resolveReadiness(
  place: Place,
  process: ProcessSource,
): Pick<ProcessConfig, 'readiness' | 'watchdogMs' | 'onWatchdog'> {
  for (const key of Object.keys(TYPE_OF) as Key[]) checkType(place.at(key), key, process);
  if (place.isGiven('notify_fd') && place.isGiven('ready_log'))
    place
      .at('ready_log')
      .problem({ message: 'notify_fd and ready_log cannot be used together', hint: 'leave one out' }, 'key');
  if (process.type === 'forking') checkForking(place, process);
  const readiness = readinessOf(place, process);
  if (
    readiness !== undefined &&
    place.isGiven('healthcheck', 'uptime') &&
    !place.at('healthcheck').isInherited
  )
    place.at('healthcheck', 'uptime').warning('has no effect: the process says itself when it is ready');
  if (readiness === undefined) return {};
  if (process.type !== 'notify') return { readiness };
  const watchdogMs = watchdogAt(place.at('watchdog'), process.watchdog);
  return { readiness, onWatchdog: process.on_watchdog, ...(watchdogMs !== undefined && { watchdogMs }) };
}

/** Where it is inherited it is for those of this type. */
function checkType(place: Place, key: Key, { type }: ProcessSource): void {
  const needed = TYPE_OF[key];
  if (!place.isGiven() || place.isInherited || type === needed) return;
  const message = `${key} is for type = "${needed}"; this process has type = "${type}"`;
  place.problem({ message, hint: `write type = "${needed}", or leave ${key} out` }, 'key');
}

function checkForking(place: Place, process: ProcessSource): void {
  if (process.leave_running && !place.at('leave_running').isInherited)
    place.at('leave_running').problem({
      message: 'type = "forking" and leave_running = true cannot be used together',
      hint: 'with type = "forking" the engine takes over the daemon; leave leave_running out',
    });
  if (process.tty)
    place.at('tty').problem({
      message: 'type = "forking" and tty = true cannot be used together',
      hint: 'the terminal goes with the process that was started; leave tty out',
    });
}

function readinessOf(place: Place, process: ProcessSource): Readiness | undefined {
  switch (process.type) {
    case 'notify':
      return { kind: 'notified', access: process.notify_access };
    case 'forking':
      return { kind: 'forked', pidFile: pidFileAt(place.at('pid_file'), process.pid_file) };
    case 'simple':
      if (process.notify_fd !== undefined) return { kind: 'descriptor', fd: process.notify_fd };
      return process.ready_log === undefined ? undefined : lineAt(place.at('ready_log'), process.ready_log);
    case 'oneshot':
      return undefined;
  }
}

function pidFileAt(place: Place, path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(dirname(place.source.path), path);
}

function lineAt(place: Place, expression: string): Readiness {
  if (expression.length > MAX_EXPRESSION)
    place.problem({
      message: `the expression has ${expression.length} characters`,
      expected: `at most ${MAX_EXPRESSION}`,
    });
  try {
    new RegExp(expression, 'u');
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    place.problem({ message, hint: 'a backslash is written twice in "…", once in \'…\'; $ is written $$' });
  }
  return { kind: 'line', expression };
}

function watchdogAt(place: Place, value: string | number | undefined): number | undefined {
  if (value === undefined) return undefined;
  const periodMs = durationAt(place, value, 'zero');
  if (periodMs > 0 && periodMs < MIN_WATCHDOG_MS)
    place.problem({ message: 'a watchdog needs more time', expected: 'at least 100ms, or 0 for none' });
  return periodMs || undefined;
}
