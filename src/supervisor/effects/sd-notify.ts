/** The text of a notification, sd_notify(3). Pure. */

/** Assignments in one message; those beyond are not looked at. */
const MAX_FIELDS = 64;
/** Of STATUS. */
const MAX_STATUS = 400;
/** Of EXTEND_TIMEOUT_USEC and WATCHDOG_USEC: a timer takes no more. */
const MAX_MS = 2 ** 31 - 1;
const NUMBER = /^\d{1,20}$/;

export interface Notification {
  readonly isReady: boolean;
  readonly isReloading: boolean;
  readonly isStopping: boolean;
  readonly status: string | undefined;
  readonly mainPid: number | undefined;
  readonly errno: number | undefined;
  readonly extendMs: number | undefined;
  readonly watchdog: 'alive' | 'trigger' | undefined;
  /** 0: no watchdog any more. */
  readonly watchdogMs: number | undefined;
  /** CLOCK_MONOTONIC. */
  readonly monotonicMs: number | undefined;
}

export function parseNotification(text: string): Notification {
  const fields = new Map<string, string>();
  for (const line of text.split('\n', MAX_FIELDS)) {
    const equals = line.indexOf('=');
    if (equals > 0) fields.set(line.slice(0, equals), line.slice(equals + 1));
  }
  const number = (name: string): number | undefined => {
    const value = fields.get(name);
    return value !== undefined && NUMBER.test(value) ? Number(value) : undefined;
  };
  const milliseconds = (name: string): number | undefined => {
    const microseconds = number(name);
    return microseconds === undefined ? undefined : Math.min(MAX_MS, Math.ceil(microseconds / 1_000));
  };
  const watchdog = fields.get('WATCHDOG');
  const monotonic = number('MONOTONIC_USEC');
  return {
    isReady: fields.get('READY') === '1',
    isReloading: fields.get('RELOADING') === '1',
    isStopping: fields.get('STOPPING') === '1',
    status: fields.get('STATUS')?.slice(0, MAX_STATUS),
    mainPid: number('MAINPID'),
    errno: number('ERRNO'),
    extendMs: milliseconds('EXTEND_TIMEOUT_USEC'),
    watchdog: watchdog === '1' ? 'alive' : watchdog === 'trigger' ? 'trigger' : undefined,
    watchdogMs: milliseconds('WATCHDOG_USEC'),
    monotonicMs: monotonic === undefined ? undefined : monotonic / 1_000,
  };
}
