/** When the container should end by itself, and with which code (SPEC section 7). */

import type { EngineConfig } from '../../config/resolved-config.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { shellCodeOf } from '../../exit-status.ts';
import type { Outcome } from '../../lifecycle/instance.ts';
import { hasEndedForGood, type InstanceRecord, isBlocked } from './instance-record.ts';

export interface ExitVerdict {
  readonly code: number;
  /** One sentence. */
  readonly reason: string;
  /** Id of the event that it comes of. */
  readonly causedBy?: number | undefined;
}

/** @returns what an instance that has just ended for good means for the container; undefined: nothing. */
export function verdictOnEnd(record: InstanceRecord, engine: EngineConfig): ExitVerdict | undefined {
  const isMain = engine.main === record.process.name;
  if (!(isMain || record.process.essential)) return undefined;
  const role = isMain ? 'the main process' : 'essential';
  if (isBlocked(record)) {
    const reason = `${record.name} (${role}) cannot start: ${record.reason ?? ''}`;
    return { code: outcomeCode(record.machine.outcome) || EXIT_CODES.neverRan, reason };
  }
  if (!hasEndedForGood(record)) return undefined;
  return { code: endCode(record, isMain), reason: `${record.name} (${role}) ended: ${record.reason ?? ''}` };
}

function endCode(record: InstanceRecord, isMain: boolean): number {
  const { outcome } = record.machine;
  if (outcome?.kind === 'notStarted') return isMain ? startFailureCode(outcome) : EXIT_CODES.neverRan;
  return outcomeCode(outcome);
}

function outcomeCode(outcome: Outcome | undefined): number {
  if (outcome === undefined) return EXIT_CODES.neverRan;
  if (outcome.kind === 'notStarted') return startFailureCode(outcome);
  if (outcome.ending === 'backgrounded') return EXIT_CODES.backgrounded;
  if (outcome.ending === 'unhealthy' || outcome.ending === 'watchdog') return EXIT_CODES.unhealthy;
  if (outcome.ending === 'start-timeout') return EXIT_CODES.unhealthy;
  return shellCodeOf(outcome.status);
}

const BEFORE_THE_PROGRAM: ReadonlySet<string> = new Set(['read secret', 'change directory']);

/** As shells have it: 127 not found, 126 found but not to be executed; what failed before that is neither. */
function startFailureCode({ failure }: Extract<Outcome, { kind: 'notStarted' }>): number {
  if (failure.step.startsWith('pre_start')) return EXIT_CODES.neverRan;
  if (failure.step.startsWith('open ')) return EXIT_CODES.cannotOpenOutput;
  if (BEFORE_THE_PROGRAM.has(failure.step)) return EXIT_CODES.notExecutable;
  return failure.errno === 'ENOENT' ? EXIT_CODES.notFound : EXIT_CODES.notExecutable;
}

/** `exit_when = "all-done"`: the verdict once nothing is left that could run. */
export function verdictOnAllDone(records: Iterable<InstanceRecord>): ExitVerdict | undefined {
  let firstFailed: InstanceRecord | undefined;
  let blocked: InstanceRecord | undefined;
  let isAnyDone = false;
  for (const record of records) {
    if (!hasEndedForGood(record) && !isBlocked(record)) return undefined;
    isAnyDone = true;
    if (isBlocked(record)) blocked ??= record;
    if (record.machine.monitor !== 'failed') continue;
    if (firstFailed === undefined || (record.restedAt ?? 0) < (firstFailed.restedAt ?? 0))
      firstFailed = record;
  }
  if (!isAnyDone) return undefined;
  if (firstFailed !== undefined) {
    return {
      // A process may fail with an exit code of 0 where 0 is none of its `exit_codes`; the container still failed.
      code: outcomeCode(firstFailed.machine.outcome) || 1,
      reason: `nothing is left to run, and ${firstFailed.name} failed: ${firstFailed.reason ?? ''}`,
    };
  }
  if (blocked !== undefined) {
    const reason = `nothing is left to run, and ${blocked.name} could never start: ${blocked.reason ?? ''}`;
    return { code: EXIT_CODES.neverRan, reason };
  }
  return { code: 0, reason: 'every process has completed' };
}
