/** Verbs that act: `start`, `stop`, `restart`, `signal`, `reload`, `shutdown`. */

import type { Action } from '../lifecycle/states.ts';
import type { RpcClient } from '../rpc/client/client.ts';
import type { Result, WireOutcome } from '../rpc/contract/contract.ts';
import { bad, durationFlag } from './arguments.ts';
import type { CommandHandler, Invocation } from './command.ts';
import { complain, jsonText, say } from './io.ts';
import { plainLine } from './plain-text.ts';

const DOING: Readonly<Record<Action, string>> = {
  start: 'starting',
  stop: 'stopping',
  restart: 'restarting',
};
const RELOAD_WORDS = {
  add: ['added', 'would add'],
  remove: ['removed', 'would remove'],
  restart: ['restarted', 'would restart'],
  update: ['updated', 'would update'],
} as const;
const RELOAD_DID_NOT_COME_UP = 9;

export const start: CommandHandler = (invocation) => act('start', invocation);
export const stop: CommandHandler = (invocation) => act('stop', invocation);
export const restart: CommandHandler = (invocation) => act('restart', invocation);

async function act(action: Action, invocation: Invocation): Promise<number> {
  const { operands, flags, io, connect } = invocation;
  const wait = waitParams(invocation);
  const client = await connect();
  const work = () => client.call(action, { names: operands, ...wait });
  const result = await whileWaiting(wait.wait === true, client, operands, invocation, work);
  const failed = wait.wait === true ? result.instances.filter(({ reached }) => !reached) : [];
  if (flags.has('--json')) say(io, jsonText(result));
  else for (const outcome of result.instances) tell(action, outcome, wait.wait === true, invocation);
  return failed.length > 0 ? 1 : 0;
}

/** People see what they wait for; scripts are spared it. */
async function whileWaiting<T>(
  waits: boolean,
  client: RpcClient,
  names: readonly string[],
  { flags, io }: Invocation,
  work: () => Promise<T>,
): Promise<T> {
  if (!waits || flags.has('--json')) return work();
  return (await import('./progress.ts')).withProgress(client, names, io, work);
}

function tell(action: Action, outcome: WireOutcome, hasWaited: boolean, { io }: Invocation): void {
  const name = plainLine(outcome.name);
  if (outcome.already && (outcome.reached || !hasWaited)) {
    say(io, `${name} is already ${action === 'stop' ? 'down' : 'up'} (${outcome.state})`);
  } else if (!hasWaited) {
    say(io, `${DOING[action]} ${name}`);
  } else if (outcome.reached) {
    say(io, `${name} is ${outcome.state}`);
  } else {
    const reason = outcome.reason === null ? '' : `: ${plainLine(outcome.reason)}`;
    complain(io, `could not ${action} ${name}: it is ${outcome.state}${reason}`);
  }
}

function waitParams({ command, flags }: Invocation): { wait?: true; timeout_ms?: number } {
  const timeoutMs = durationFlag(flags, '--timeout');
  if (!flags.has('--wait')) {
    if (timeoutMs !== undefined) throw bad('--timeout needs --wait', command);
    return {};
  }
  return timeoutMs === undefined ? { wait: true } : { wait: true, timeout_ms: timeoutMs };
}

export const signal: CommandHandler = async ({ operands: [name = '', word = ''], flags, io, connect }) => {
  const client = await connect();
  const to = flags.has('--leader') ? { to: 'leader' as const } : {};
  const result = await client.call('signal', { names: [name], signal: word, ...to });
  if (flags.has('--json')) say(io, jsonText(result));
  else for (const instance of result.instances) say(io, `sent ${result.signal} to ${plainLine(instance)}`);
  return 0;
};

export const reload: CommandHandler = async (invocation) => {
  const { flags, io, connect } = invocation;
  const wait = waitParams(invocation);
  const client = await connect();
  const work = () => client.call('reload', { plan: flags.has('--plan'), ...wait });
  const result = await whileWaiting(wait.wait === true, client, [], invocation, work);
  if (flags.has('--json')) say(io, jsonText(result));
  else tellReload(result, invocation);
  return result.not_up.length > 0 ? RELOAD_DID_NOT_COME_UP : 0;
};

function tellReload(result: Result<'reload'>, { io }: Invocation): void {
  let unchanged = 0;
  for (const { process, action, changed, instances } of result.plan) {
    if (action === 'unchanged') {
      unchanged += 1;
      continue;
    }
    const verb = RELOAD_WORDS[action][result.applied ? 0 : 1];
    const keys = changed.length === 0 ? '' : ` (${changed.map(plainLine).join(', ')})`;
    say(io, `${verb} ${plainLine(process)}${keys}${instancesInWords(instances)}`);
  }
  const others = unchanged === result.plan.length ? 'nothing differs' : `${unchanged} unchanged`;
  say(io, result.applied ? `reloaded; ${others}` : `plan only; ${others}`);
  for (const key of result.needs_engine_restart) {
    complain(io, `note: ${plainLine(key)} changed, but takes effect only when the engine restarts`);
  }
  for (const warning of result.warnings) complain(io, `warning: ${plainLine(warning)}`);
  for (const { name, state, reason } of result.not_up) {
    const why = reason === null ? '' : `: ${plainLine(reason)}`;
    complain(io, `${plainLine(name)} did not come up: it is ${state}${why}`);
  }
}

function instancesInWords(instances: Result<'reload'>['plan'][number]['instances']): string {
  const { added = [], removed = [] } = instances ?? {};
  const named = (what: string, names: readonly string[]): string[] =>
    names.length === 0 ? [] : [`${what} ${names.map(plainLine).join(', ')}`];
  const parts = [...named('start', added), ...named('stop', removed)];
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}

export const shutdown: CommandHandler = async (invocation) => {
  const { flags, io, connect } = invocation;
  const client = await connect();
  const result = await client.call('shutdown', {});
  say(io, flags.has('--json') ? jsonText(result) : 'shutting down');
  if (flags.has('--wait')) await whileWaiting(true, client, [], invocation, () => client.closed);
  return 0;
};
