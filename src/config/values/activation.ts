/** Whether a connection starts a process, and when it is stopped again. */

import type { Place } from '../document/place.ts';
import type { ProcessConfig } from '../resolved-config.ts';
import type { ProcessSource } from '../schema/schema.ts';
import { showValue } from '../text/show-value.ts';
import { durationAt } from './durations.ts';

const MIN_IDLE_MS = 1_000;

export function resolveActivation(place: Place, process: ProcessSource): Pick<ProcessConfig, 'activation'> {
  const idle = place.at('idle_stop');
  // Where they are inherited they are for those that have sockets.
  if (process.activate && (process.sockets ?? []).length === 0 && !place.at('activate').isInherited)
    place.at('activate').problem({
      message: 'the process has no sockets, so no connection can start it',
      hint: 'add sockets = ["NAME"], or remove activate',
    });
  if (!process.activate && process.idle_stop !== undefined && !idle.isInherited)
    idle.problem(
      { message: 'nothing would start the process again', hint: 'add activate = true, or remove idle_stop' },
      'key',
    );
  if (!process.activate || (process.sockets ?? []).length === 0) return {};
  return { activation: { idleStopMs: idleStopAt(idle, process) } };
}

function idleStopAt(place: Place, { idle_stop: given, type }: ProcessSource): number | undefined {
  if (given === undefined) return undefined;
  if (type === 'oneshot') {
    const message = 'a one-shot ends by itself';
    if (!place.isInherited) place.problem({ message, hint: 'remove idle_stop' }, 'key');
    return undefined;
  }
  const idleMs = durationAt(place, given, 'more-than-zero');
  if (idleMs > 0 && idleMs < MIN_IDLE_MS)
    place.problem({ message: `found ${showValue(given)}`, expected: 'at least one second' });
  return idleMs;
}
