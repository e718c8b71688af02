/** `reload`: the engine's configuration, or that of the programs that are named. `rollback`: the one before. */

import type { Result } from '../rpc/contract/contract.ts';
import { waitParams, whileWaiting } from './act.ts';
import { bad } from './arguments.ts';
import type { CommandHandler, Invocation } from './command.ts';
import { complain, jsonText, say } from './io.ts';
import { plainLine } from './plain-text.ts';

const RELOAD_WORDS = {
  add: ['added', 'would add'],
  remove: ['removed', 'would remove'],
  restart: ['restarted', 'would restart'],
  update: ['updated', 'would update'],
} as const;
const RELOAD_DID_NOT_COME_UP = 9;

export const reload: CommandHandler = (invocation) =>
  invocation.operands.length > 0 ? reloadPrograms(invocation) : reconfigure('reload', invocation);
export const rollback: CommandHandler = (invocation) => reconfigure('rollback', invocation);

async function reconfigure(verb: 'reload' | 'rollback', invocation: Invocation): Promise<number> {
  const { flags, io, connect } = invocation;
  const wait = waitParams(invocation);
  const client = await connect();
  const work = () => client.call(verb, { plan: flags.has('--plan'), ...wait });
  const result = await whileWaiting(wait.wait === true, client, [], invocation, work);
  if (flags.has('--json')) say(io, jsonText(result));
  else tellReload(result, verb === 'reload' ? 'reloaded' : 'rolled back', invocation);
  return result.not_up.length > 0 ? RELOAD_DID_NOT_COME_UP : 0;
}

function tellReload(result: Result<'reload'>, done: string, { io }: Invocation): void {
  let unchanged = 0;
  for (const { process, action, changed, instances, stays_stopped: stopped = [] } of result.plan) {
    if (action === 'unchanged') {
      unchanged += 1;
      continue;
    }
    const verb = RELOAD_WORDS[action][result.applied ? 0 : 1];
    const keys = changed.length === 0 ? '' : ` (${changed.map(plainLine).join(', ')})`;
    say(io, `${verb} ${plainLine(process)}${keys}${instancesInWords(instances, stopped)}`);
  }
  const others = unchanged === result.plan.length ? 'nothing differs' : `${unchanged} unchanged`;
  say(io, result.applied ? `${done}; ${others}` : `plan only; ${others}`);
  for (const key of result.needs_engine_restart) {
    complain(io, `note: ${plainLine(key)} changed, but takes effect only when the engine restarts`);
  }
  for (const warning of result.warnings) complain(io, `warning: ${plainLine(warning)}`);
  for (const { name, state, reason } of result.not_up) {
    const why = reason === null ? '' : `: ${plainLine(reason)}`;
    complain(io, `${plainLine(name)} did not come up: it is ${state}${why}`);
  }
}

function instancesInWords(
  instances: Result<'reload'>['plan'][number]['instances'],
  stopped: readonly string[],
): string {
  const { added = [], removed = [] } = instances ?? {};
  const named = (what: string, names: readonly string[]): string[] =>
    names.length === 0 ? [] : [`${what} ${names.map(plainLine).join(', ')}`];
  const started = added.filter((name) => !stopped.includes(name));
  const parts = [...named('start', started), ...named('stop', removed), ...named('leave stopped', stopped)];
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}

async function reloadPrograms(invocation: Invocation): Promise<number> {
  const { command, operands, flags, io, connect } = invocation;
  if (flags.has('--plan'))
    throw bad('--plan is for the configuration of the engine: leave the names out', command);
  const wait = waitParams(invocation);
  const client = await connect();
  const work = () => client.call('reload.processes', { names: operands, ...wait });
  const { instances } = await whileWaiting(wait.wait === true, client, operands, invocation, work);
  if (flags.has('--json')) say(io, jsonText({ instances }));
  else for (const outcome of instances) tellProgram(outcome, invocation);
  return instances.some(({ succeeded }) => succeeded === false) ? 1 : 0;
}

function tellProgram(
  {
    name,
    how,
    program = '',
    signal,
    succeeded,
    outcome = '',
  }: Result<'reload.processes'>['instances'][number],
  { io }: Invocation,
): void {
  const shown = plainLine(name);
  if (how === 'signal') say(io, `sent ${signal} to ${shown}`);
  else if (succeeded === undefined) say(io, `reloading ${shown} by ${plainLine(program)}`);
  else if (succeeded) say(io, `${shown} has reloaded`);
  else complain(io, `could not reload ${shown}: ${plainLine(program)} ${plainLine(outcome)}`);
}
