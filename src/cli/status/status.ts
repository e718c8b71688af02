/** `status`: sentences for those named, a table of all. */

import type { WireInstance } from '../../rpc/contract/contract.ts';
import type { CommandHandler } from '../command.ts';
import { jsonText, say, wantsColour } from '../io.ts';
import { sentence, table } from '../render.ts';

export const status: CommandHandler = async (invocation) => {
  const { operands, flags, io, connect } = invocation;
  if (flags.has('--watch')) return (await import('./watch-status.ts')).watchStatus(invocation);
  const client = await connect();
  const snapshot = await client.call('status', operands.length === 0 ? {} : { names: operands });
  const { instances } = snapshot;
  const look = {
    colour: wantsColour(io),
    width: io.stdout.isTTY === true ? io.stdout.columns : undefined,
  };
  if (flags.has('--json')) say(io, jsonText(snapshot));
  else if (instances.length === 0) say(io, 'no processes are configured');
  else if (operands.length > 0) for (const instance of instances) say(io, sentence(instance, look));
  else {
    say(io, table(instances, look).join('\n'));
    const wrong =
      statusCode(instances) === 0 ? undefined : (await import('./summary.ts')).whatIsWrong(instances);
    if (wrong !== undefined) say(io, `\n${wrong}`);
  }
  return statusCode(instances);
};

type State = WireInstance['state'];

/** 0: as good as can be. 1: a program runs (or is just being started) that is not healthy yet. 3: nothing runs. */
const CODES: Readonly<Record<State, 0 | 1 | 3>> = {
  idle: 3,
  waiting: 3,
  blocked: 3,
  starting: 1,
  healthcheck: 1,
  healthy: 0,
  unhealthy: 1,
  stopping: 1,
  backoff: 3,
  completed: 0,
  stopped: 3,
  failed: 3,
};

/** The worst of all. */
export function statusCode(instances: readonly WireInstance[]): number {
  return instances.reduce((worst, { state }) => Math.max(worst, CODES[state]), 0);
}
