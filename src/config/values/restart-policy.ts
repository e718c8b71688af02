/** When and how a process is started again: `autorestart`, `exit_codes`, `backoff`. */

import type { Place } from '../document/place.ts';
import type { BackoffRules, RestartRules } from '../resolved-config.ts';
import type { ProcessSource } from '../schema/schema.ts';
import { durationAt } from './durations.ts';

export type RestartPolicy = Pick<RestartRules, 'policy' | 'maxRestarts'>;

/** @returns the policy of an `autorestart` value; undefined for a text that is none. */
export function parseAutorestart(text: string): RestartPolicy | undefined {
  switch (text) {
    case 'no':
    case 'always':
    case 'unless-stopped':
    case 'on-failure':
      return { policy: text, maxRestarts: undefined };
  }
  const match = /^on-failure(?::(\d{1,9})|\[:(\d{1,9})\])$/.exec(text);
  if (match === null) return undefined;
  return { policy: 'on-failure', maxRestarts: Number(match[1] ?? match[2]) };
}

/** @param place of the process's table */
export function resolveRestart(place: Place, process: ProcessSource): RestartRules {
  const onFailure: RestartPolicy = { policy: 'on-failure', maxRestarts: undefined };
  let policy = parseAutorestart(process.autorestart) ?? onFailure;
  const isForServices = policy.policy === 'always' || policy.policy === 'unless-stopped';
  if (process.type === 'oneshot' && isForServices && place.at('autorestart').isInherited) policy = onFailure;
  else if (process.type === 'oneshot' && isForServices) {
    if (process.schedule !== undefined || process.every !== undefined)
      place.at('autorestart').problem({
        message: `a process with a schedule runs when it is due, and autorestart = "${policy.policy}" is for services`,
        hint: 'use "on-failure:N" to try a failed run again, or remove autorestart',
      });
    else
      place.at('autorestart').problem({
        message: `a one-shot with autorestart = "${policy.policy}" would never be done`,
        hint: 'use "on-failure" or "no", or remove type = "oneshot"',
      });
  }
  return {
    ...policy,
    exitCodes: [...new Set(process.exit_codes)],
    backoff: resolveBackoff(place.at('backoff'), process.backoff),
  };
}

function resolveBackoff(place: Place, backoff: ProcessSource['backoff']): BackoffRules {
  const baseMs = durationAt(place.at('base'), backoff.base, 'zero');
  const maxMs = durationAt(place.at('max'), backoff.max, 'zero');
  if (maxMs < baseMs) {
    // Only the given one of the two may be wrong: a base over a default max raises it.
    const isOwnMax = place.isGiven('max') && (place.at('base').isInherited || !place.at('max').isInherited);
    if (!isOwnMax) return { ...resolveBackoff(place, { ...backoff, max: backoff.base }) };
    place.at('max').problem({ message: `max is less than base, which is ${JSON.stringify(backoff.base)}` });
  }
  return {
    baseMs,
    factor: backoff.factor,
    maxMs,
    resetMs: durationAt(place.at('reset'), backoff.reset, 'zero'),
  };
}
