/** The keys by which a process says that it is ready, and that it still works. */

import { duration, nonEmptyText, type SchemaRows } from './values.ts';

export const readinessSchema = {
  notify_access: {
    reload: 'live',
    type: 'string',
    enum: ['main', 'all'],
    expected: '"main" or "all"',
    default: 'main',
    description:
      'Whose notifications count, with `type = "notify"`: those of the `main` process only, or of `all` that it has started. Scripts that call `systemd-notify` need `all`.',
  },
  watchdog: {
    reload: 'restart',
    ...duration,
    description:
      'With `type = "notify"`: once it is ready, it has to send WATCHDOG=1 at least this often. It finds the time in WATCHDOG_USEC. Default: no watchdog.',
    examples: ['30s'],
  },
  on_watchdog: {
    reload: 'live',
    type: 'string',
    enum: ['restart', 'exit', 'none'],
    expected: '"restart", "exit" or "none"',
    default: 'restart',
    description:
      'What follows if it has not, or if it sends WATCHDOG=trigger. `restart`: SIGABRT, then the stop sequence, and it counts as a failure. `exit`: end the container with code 11. `none`: only report it.',
  },
  notify_fd: {
    reload: 'restart',
    displaces: ['ready_log'],
    type: 'integer',
    minimum: 3,
    maximum: 20,
    expected: 'a descriptor from 3 to 20',
    description:
      'Ready when it writes a newline to this descriptor, as services of s6 do (`notification-fd`). For `type = "simple"`.',
    examples: [3],
  },
  ready_log: {
    reload: 'next start',
    displaces: ['notify_fd'],
    ...nonEmptyText,
    description:
      'Ready when it prints a line that this regular expression matches (JavaScript, with the flag `u`). For `type = "simple"`. The first 4 KiB of a line are looked at.',
    examples: ['ready to accept connections'],
  },
  pid_file: {
    reload: 'next start',
    ...nonEmptyText,
    perInstance: true,
    description:
      'With `type = "forking"`: the file in which the daemon leaves its pid, relative to the configuration file. It must belong to root or to the process’s user and be written by this start. Default: the daemon is the one process that is left.',
    examples: ['/run/nginx.pid'],
  },
} as const satisfies SchemaRows;
