/** What becomes of an instance whose incarnation ended without being asked to. */

import { mayHeal } from './exit-outcome.ts';
import type { Instance, Outcome } from './instance.ts';
import type { Rules } from './rules.ts';

/** `listen`: the next connection starts it again. `await`: its schedule does. */
export type Verdict = 'retry' | 'listen' | 'await' | 'rest' | 'giveUp';

/** A failure, as SPEC section 4 has it: a wrong exit code, a signal not ours, an unhealthy verdict, or a start that took too long. */
export function isFailure(outcome: Outcome, rules: Rules): boolean {
  if (outcome.kind === 'notStarted') return true;
  if (outcome.ending === 'requested' || outcome.ending === 'idle') return false;
  if (outcome.ending !== 'by-itself') return true;
  return outcome.status.how === 'signalled' || !rules.restart.exitCodes.includes(outcome.status.code);
}

export function judge(instance: Instance, rules: Rules): Verdict {
  const { outcome, restarts } = instance;
  const { policy, maxRestarts } = rules.restart;
  const mayRetry = maxRestarts === undefined || restarts < maxRestarts;
  if (outcome === undefined) return 'giveUp';
  if (rules.schedule !== undefined) return judgeRun(instance, outcome, rules);
  if (isTriggeredTooOften(instance, rules)) return 'giveUp';
  if (outcome.kind === 'notStarted') {
    // Steps did run: to run them again is a restart.
    if (policy === 'no' && outcome.failure.stepStatus !== undefined) return 'giveUp';
    // Nothing ran, so even `autorestart = "no"` has nothing it would be restarting: only the start is tried again.
    return mayHeal(outcome.failure) && mayRetry ? 'retry' : 'giveUp';
  }
  // The next one would go to the background as well.
  if (outcome.ending === 'backgrounded') return 'giveUp';
  const failed = isFailure(outcome, rules);
  // However it is configured now: who stopped it for want of connections is not to leave it down.
  if (outcome.ending === 'idle' || (rules.isActivated && !failed)) return 'listen';
  switch (policy) {
    case 'no':
      return failed ? 'giveUp' : 'rest';
    case 'on-failure':
      if (!failed) return 'rest';
      return mayRetry ? 'retry' : 'giveUp';
    case 'always':
    case 'unless-stopped':
      return mayRetry ? 'retry' : 'giveUp';
  }
}

/** Only a failure that may heal is tried again; anything else has its next chance when it is due. */
function judgeRun({ isRunDue, restarts }: Instance, outcome: Outcome, rules: Rules): Verdict {
  const { policy, maxRestarts } = rules.restart;
  const mayRetry = policy === 'on-failure' && (maxRestarts === undefined || restarts < maxRestarts);
  if (isRunDue || !mayRetry || !isFailure(outcome, rules)) return 'await';
  return outcome.kind === 'notStarted' && !mayHeal(outcome.failure) ? 'await' : 'retry';
}

/** Connections start it again and again, and each time it ends at once: the next one would start it as well. */
export function isTriggeredTooOften({ briefLives, outcome }: Instance, rules: Rules): boolean {
  const isIdle = outcome?.kind === 'ended' && outcome.ending === 'idle';
  return rules.isActivated && !isIdle && briefLives >= rules.maxActivations;
}
