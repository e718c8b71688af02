/** An instance in words, as of now. Pure. */

import { plainLine } from '../../cli/plain-text.ts';
import { exitText, scheduleParts } from '../../cli/render.ts';
import { age } from './figures.ts';
import type { Row, State } from './rows.ts';
import type { Tracked } from './tracked.ts';

/** Why it is in its state, and when something happens next; '' where there is nothing to say. */
export function reasonOf(tracked: Tracked, now: number): string {
  const retryMs = retryIn(tracked, now);
  const retry = retryMs === undefined ? '' : `retry in ${age(retryMs)}`;
  const cause = tracked.instance.state === 'scheduled' ? '' : causeOf(tracked);
  return [retry, cause, ...scheduleTexts(tracked, now)].filter(Boolean).join('; ');
}

/** Milliseconds to its next start, where it waits for one. */
export function retryIn({ instance, receivedAt }: Tracked, now: number): number | undefined {
  return instance.retry_in_ms === null ? undefined : Math.max(0, instance.retry_in_ms - (now - receivedAt));
}

/** When it runs next, and what came of its last run. */
export function scheduleTexts({ instance, receivedAt }: Tracked, now: number): readonly string[] {
  const { schedule } = instance;
  if (schedule === undefined) return [];
  const { next_run_in_ms: inMs } = schedule;
  const next = inMs === null ? null : Math.max(0, Math.round(inMs - (now - receivedAt)));
  return scheduleParts({ ...instance, schedule: { ...schedule, next_run_in_ms: next } });
}

export function causeOf({ instance }: Tracked): string {
  if (instance.reason !== null) return plainLine(instance.reason);
  if (instance.waiting_for.length > 0) return `waits for ${instance.waiting_for.map(plainLine).join(', ')}`;
  if (instance.consecutive_restarts === 0 || instance.last_exit === null) return '';
  const { status, unhealthy } = instance.last_exit;
  if (unhealthy === true) return 'restarted: unhealthy';
  return `restarted after ${exitText(status, 'code ')}`;
}

/** Of a folded process: `1 backoff, 3 healthy`. */
export function statesOf({ members }: Row): string {
  const counts = new Map<State, number>();
  for (const { instance } of members) counts.set(instance.state, (counts.get(instance.state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
}
