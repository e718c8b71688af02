/** Has programs read their own configuration again: by `reload`, a command, or by `reload_signal`. */

import { TaskmasterError } from '../../errors.ts';
import { isAtWork } from '../../lifecycle/states.ts';
import type { ProgramReload } from '../../wire/snapshot.ts';
import type { EventStream } from '../events/event-stream.ts';
import type { Supervisor } from '../supervisor.ts';
import type { InstanceRecord } from '../world/instance-record.ts';

interface Ports {
  readonly events: EventStream;
  readonly supervisor: Supervisor;
}

/**
 * Those that can be reloaded. Throws if one of `required` cannot, and if there is none: nothing is done then.
 * @param required those that were asked for by their name, and not by a pattern.
 */
export function reloadable(
  records: readonly InstanceRecord[],
  required: ReadonlySet<string>,
): readonly InstanceRecord[] {
  const named = records.filter(({ name }) => required.has(name));
  const without = named.filter((record) => !hasReload(record));
  if (without.length > 0)
    throw cannot(without, `${WITHOUT}; set reload = "COMMAND" or reload_signal = "HUP"`);
  const down = named.filter(({ machine }) => !isAtWork(machine.monitor));
  if (down.length > 0) {
    const states = new Set(down.map(({ machine }) => machine.monitor));
    throw cannot(
      down,
      `${[...states].join(', ')}; a program reads its configuration when it starts`,
      'not-running',
    );
  }
  const found = records.filter((record) => hasReload(record) && isAtWork(record.machine.monitor));
  if (found.length === 0) throw cannot(records, `${WITHOUT}, or not running`);
  return found;
}

const WITHOUT = 'no reload command and no reload_signal';
/** In a message. */
const MAX_NAMED = 8;

function cannot(
  records: readonly InstanceRecord[],
  why: string,
  code: 'action-failed' | 'not-running' = 'action-failed',
): TaskmasterError {
  const names = records.map(({ name }) => name);
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  const message = `cannot reload ${names.slice(0, MAX_NAMED).join(', ')}${more}: ${why}`;
  return new TaskmasterError(code, message, { details: { names } });
}

function hasReload({ process }: InstanceRecord): boolean {
  return process.reload !== undefined || process.reloadSignal !== undefined;
}

/**
 * @param causedBy id of the event that reports the request.
 * @param wait until the commands have ended; rejects when it aborts.
 */
export async function reloadPrograms(
  records: readonly InstanceRecord[],
  causedBy: number,
  ports: Ports,
  wait: AbortSignal | undefined,
): Promise<readonly ProgramReload[]> {
  const outcomes = new Map<string, { readonly succeeded: boolean; readonly outcome: string }>();
  const forget = ports.events.subscribe((event) => {
    if (event.event !== 'step_finished' || event.step !== 'reload' || event.instance === undefined) return;
    outcomes.set(event.instance, { succeeded: event.succeeded, outcome: event.outcome });
  });
  try {
    const begun = records.map((record) => ({ record, reload: begin(record, causedBy, ports.supervisor) }));
    if (wait === undefined) return begun.map(({ reload }) => reload);
    const byCommand = begun.filter(({ reload }) => reload.how === 'command').map(({ record }) => record);
    await ended(byCommand, ports.supervisor, wait);
    return begun.map(({ record, reload }) =>
      reload.how === 'signal' ? reload : { ...reload, ...(outcomes.get(record.name) ?? ENDED_BEFORE) },
    );
  } finally {
    forget();
  }
}

const ENDED_BEFORE = { succeeded: false, outcome: 'did not run: the process has ended before' } as const;

function begin(record: InstanceRecord, causedBy: number, supervisor: Supervisor): ProgramReload {
  const { name, process } = record;
  supervisor.reloadProgram(record, causedBy);
  const { reload, reloadSignal } = process;
  return reload === undefined
    ? { name, how: 'signal', signal: reloadSignal ?? '' }
    : { name, how: 'command', program: reload.command.file };
}

function ended(records: readonly InstanceRecord[], supervisor: Supervisor, wait: AbortSignal): Promise<void> {
  if (records.every(hasReloaded)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const cancel = supervisor.onTurnEnd(() => {
      if (!records.every(hasReloaded)) return;
      leave();
      resolve();
    });
    const onAbort = (): void => {
      leave();
      reject(wait.reason);
    };
    const leave = (): void => {
      cancel();
      wait.removeEventListener('abort', onAbort);
    };
    wait.addEventListener('abort', onAbort, { once: true });
  });
}

/** Its command has ended, or its program. */
function hasReloaded({ machine, step }: InstanceRecord): boolean {
  return !isAtWork(machine.monitor) || !(machine.isReloadDue || step?.name === 'reload');
}
