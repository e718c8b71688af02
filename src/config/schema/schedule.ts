/** The keys by which a process runs at set times. */

import { duration, flag, nonEmptyText, type SchemaRows } from './values.ts';

export const scheduleSchema = {
  schedule: {
    reload: 'live',
    displaces: ['every'],
    ...nonEmptyText,
    expected: 'a cron expression, such as "30 2 * * *"',
    description:
      'When to run it: a cron expression of five fields (minute, hour, day of month, month, day of week), or of six with seconds first; or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`. It is a one-shot then (`type = "oneshot"`), and `autorestart` is `"no"` unless it is given. See [Schedules](#schedules).',
    examples: ['30 2 * * *', '@daily'],
  },
  every: {
    reload: 'live',
    displaces: ['schedule', 'timezone'],
    ...duration,
    description:
      'Run it once in each period, from start to start, at least `"1s"`. The first run comes one period after the start. Clock changes do not matter to it, and the time of a suspend does not count.',
    examples: ['10s'],
  },
  timezone: {
    reload: 'live',
    ...nonEmptyText,
    description:
      'The time zone of `schedule`, by its IANA name. Default: the engine’s own (TZ, /etc/localtime).',
    examples: ['Europe/Berlin'],
  },
  overlap: {
    reload: 'live',
    type: 'string',
    enum: ['skip', 'queue', 'kill'],
    expected: '"skip", "queue" or "kill"',
    default: 'skip',
    description:
      'When a run is due while the one before is under way. `skip`: it does not take place. `queue`: it follows that one; at most one is queued. `kill`: that one is stopped, and it follows.',
  },
  run_on_start: {
    reload: 'live',
    ...flag,
    default: false,
    description: 'Run it as well when it is started, and so with the engine.',
  },
  missed: {
    reload: 'live',
    type: 'string',
    enum: ['run-once', 'skip'],
    expected: '"run-once" or "skip"',
    default: 'run-once',
    description:
      'When runs were missed because the machine was suspended, the container was paused or the clock was set forward: `run-once` makes up for all of them with one run, `skip` waits for the next time.',
  },
  splay: {
    reload: 'live',
    ...duration,
    default: 0,
    description:
      'Delay each run by a random time up to this, so that not all containers run at the same moment.',
    examples: ['5m'],
  },
} as const satisfies SchemaRows;
