/** Verbs that act: `start`, `stop`, `restart`, `run`, `signal`, `shutdown`. */

import type { Action } from '../lifecycle/states.ts';
import type { RpcClient } from '../rpc/client/client.ts';
import type { WireOutcome } from '../rpc/contract/contract.ts';
import { bad, countFlag, durationFlag } from './arguments.ts';
import type { CommandHandler, Invocation } from './command.ts';
import { complain, jsonText, say } from './io.ts';
import { plainLine } from './plain-text.ts';

const DOING: Readonly<Record<Action, string>> = {
  start: 'starting',
  stop: 'stopping',
  restart: 'restarting',
  run: 'running',
};
export const start: CommandHandler = (invocation) => act('start', invocation);
export const stop: CommandHandler = (invocation) => act('stop', invocation);
export const run: CommandHandler = (invocation) => act('run', invocation);
export const restart: CommandHandler = (invocation) => {
  const { command, flags } = invocation;
  const atOnce = countFlag(flags, '--max-unavailable');
  if (!flags.has('--rolling')) {
    if (atOnce !== undefined) throw bad('--max-unavailable needs --rolling', command);
    return act('restart', invocation);
  }
  return act('restart', invocation, { max_unavailable: atOnce ?? 1 });
};

/** @param rolling a rolling restart: the command waits for its end and reports the result. */
async function act(
  action: Action,
  invocation: Invocation,
  rolling: { readonly max_unavailable?: number } = {},
): Promise<number> {
  const { operands, flags, io, connect } = invocation;
  const isRolling = rolling.max_unavailable !== undefined;
  const wait = waitParams(invocation, isRolling);
  const client = await connect();
  const work = () => client.call(action, { names: operands, ...rolling, ...wait });
  const result = await whileWaiting(wait.wait === true, client, operands, invocation, work);
  const failed = wait.wait === true ? result.instances.filter(({ reached }) => !reached) : [];
  if (flags.has('--json')) say(io, jsonText(result));
  else {
    for (const outcome of result.instances) {
      if (action === 'run') tellRun(outcome, wait.wait === true, invocation);
      else tell(action, outcome, wait.wait === true, invocation);
    }
  }
  return failed.length > 0 ? 1 : 0;
}

/** People see what they wait for; scripts are spared it. */
export async function whileWaiting<T>(
  waits: boolean,
  client: RpcClient,
  names: readonly string[],
  { flags, io }: Invocation,
  work: () => Promise<T>,
): Promise<T> {
  if (!waits || flags.has('--json')) return work();
  return (await import('./progress.ts')).withProgress(client, names, io, work);
}

/** A run is over once it has ended, well or not. */
function tellRun(outcome: WireOutcome, hasWaited: boolean, { io }: Invocation): void {
  const name = plainLine(outcome.name);
  const how = outcome.reason === null ? '' : `: ${plainLine(outcome.reason)}`;
  if (!hasWaited)
    say(io, outcome.already ? `${name} is already running (${outcome.state})` : `running ${name}`);
  else if (outcome.reached) say(io, `${name} has run${how}`);
  else complain(io, `the run of ${name} failed${how}`);
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

/** @param waits it waits without being asked to. */
export function waitParams(
  { command, flags }: Invocation,
  waits = false,
): { wait?: true; timeout_ms?: number } {
  const timeoutMs = durationFlag(flags, '--timeout');
  if (!waits && !flags.has('--wait')) {
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

export const shutdown: CommandHandler = async (invocation) => {
  const { flags, io, connect } = invocation;
  const client = await connect();
  const result = await client.call('shutdown', {});
  say(io, flags.has('--json') ? jsonText(result) : 'shutting down');
  if (flags.has('--wait')) await whileWaiting(true, client, [], invocation, () => client.closed);
  return 0;
};
