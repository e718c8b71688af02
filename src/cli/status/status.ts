/** `status`: sentences for those named, a table of all. */

import type { WireInstance } from '../../rpc/contract/contract.ts';
import { stateRowOf } from '../../wire/states.ts';
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

/** The worst of all. */
export function statusCode(instances: readonly WireInstance[]): number {
  return instances.reduce((worst, instance) => Math.max(worst, stateRowOf(instance).statusCode), 0);
}
