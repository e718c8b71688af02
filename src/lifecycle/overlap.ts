/** A run is due while the one before is under way. */

import { endStep, type Step } from './enter.ts';
import type { Instance } from './instance.ts';
import type { Rules } from './rules.ts';
import { halt } from './stopping.ts';

/** At most one run is queued: a schedule that is faster than its program must not grow a queue. */
export function overlap(instance: Instance, rules: Rules): Step {
  const how = rules.schedule?.overlap ?? 'skip';
  if (how === 'skip') return { next: instance, effects: [{ kind: 'skipRun', because: 'running' }] };
  if (instance.isRunDue) return { next: instance, effects: [{ kind: 'skipRun', because: 'queued' }] };
  const queued: Instance = { ...instance, isRunDue: true };
  return how === 'kill' ? endRun(queued, rules) : { next: queued, effects: [] };
}

/** One whose program is about to start is not: a spawn without an answer is given up in time. */
function endRun(instance: Instance, rules: Rules): Step {
  switch (instance.monitor) {
    case 'running':
      return halt(instance, 'overlap', 0, rules);
    case 'preparing':
      return endStep(instance, 'cancelled');
    default:
      return { next: instance, effects: [] };
  }
}
