/** What is waited for, on one row of the terminal that is gone when it is over. */

import type { RpcClient } from '../rpc/client/client.ts';
import type { WireInstance } from '../rpc/contract/contract.ts';
import { shortDuration } from '../units.ts';
import { FailedChecks } from './failed-checks.ts';
import { type CliIo, canMoveCursor } from './io.ts';
import { plainLine } from './plain-text.ts';
import { FollowedStatus } from './status/followed-status.ts';

/** What is over sooner needs no telling. */
const FIRST_AFTER_MS = 300;
const REDRAW_MS = 200;
const MOST_NAMED = 2;
/** Back to the beginning of the row, and the rest of it cleared (ECMA-48: EL). */
const NOTHING = '\r\u001b[K';

/** Does the work, and shows how far it is where standard error is a terminal. */
export async function withProgress<T>(
  client: RpcClient,
  names: readonly string[],
  io: CliIo,
  work: () => Promise<T>,
): Promise<T> {
  if (io.stderr.isTTY !== true || !canMoveCursor(io)) return work();
  const followed = await FollowedStatus.open(client, names, () => {});
  const checks = await FailedChecks.open(client, names);
  const begun = performance.now();
  const timer = setInterval(() => {
    if (performance.now() - begun < FIRST_AFTER_MS || io.stderr.writableNeedDrain) return;
    const text = progressText(followed.instances, checks, io.stderr.columns ?? 80);
    io.stderr.write(`${NOTHING}${text}`);
  }, REDRAW_MS);
  const leave = (): void => {
    clearInterval(timer);
    undo();
    io.stderr.write(NOTHING);
  };
  const undo = io.onInterrupt(() => {
    leave();
    io.dieOfInterrupt();
  });
  try {
    return await work();
  } finally {
    leave();
    if (client.isOpen) await Promise.all([followed.close(), checks.close()]);
  }
}

/** `stopping web… 3s of 5s, then SIGKILL; starting api… 2s; and 4 more` */
function progressText(instances: readonly WireInstance[], checks: FailedChecks, columns: number): string {
  const under = instances
    .map((instance) => underWay(instance, checks.of(instance)))
    .filter((text) => text !== undefined);
  const named = under.slice(0, MOST_NAMED);
  if (under.length > named.length) named.push(`and ${under.length - named.length} more`);
  const text = named.join('; ');
  return text.length < columns ? text : `${text.slice(0, Math.max(0, columns - 2))}…`;
}

function underWay(instance: WireInstance, failedCheck: string | undefined): string | undefined {
  const name = plainLine(instance.name);
  const age = seconds(instance.state_age_ms);
  switch (instance.state) {
    case 'stopping': {
      const { deadline } = instance;
      if (deadline === undefined) return `killing ${name}… ${age}`;
      const gone = seconds(deadline.of_ms - deadline.in_ms);
      return `stopping ${name}… ${gone} of ${shortDuration(deadline.of_ms)}, then ${deadline.action}`;
    }
    case 'preparing':
    case 'poststart':
    case 'cleaning':
      return `${name} runs ${stepText(instance)}`;
    case 'starting':
      return `starting ${name}… ${age}`;
    case 'running':
      return `${name} runs… ${age}`;
    case 'healthcheck':
      return `waiting for ${name} to be healthy… ${age}${failedCheck === undefined ? '' : `, ${failedCheck}`}`;
    case 'waiting':
      return `${name} waits for ${instance.waiting_for.map(plainLine).join(', ')}`;
    case 'backoff': {
      const reason = instance.reason === null ? '' : ` (${plainLine(instance.reason)})`;
      return `${name} failed${reason}, next try in ${seconds(instance.retry_in_ms ?? 0)}`;
    }
    default:
      return undefined;
  }
}

/** `pre_start 2 of 3… 4s of 1m30s` */
function stepText({ step }: WireInstance): string {
  if (step === undefined) return 'a step…';
  const key = plainLine(step.name).replace(/\[\d+\]$/, '');
  const place = step.of === 1 ? '' : ` ${step.number} of ${step.of}`;
  return `${key}${place}… ${seconds(step.age_ms)} of ${shortDuration(step.timeout_ms)}`;
}

/** Whole ones: tenths would flicker. */
function seconds(milliseconds: number): string {
  return shortDuration(Math.floor(milliseconds / 1_000) * 1_000);
}
