/** `help` and `help VERB`. */

import { unknownVerb } from './arguments.ts';
import type { CommandHandler } from './command.ts';
import { say } from './io.ts';
import { helpFor, helpOverview } from './usage.ts';

export const help: CommandHandler = async ({ operands: [verb], commands, io }) => {
  if (verb === undefined) {
    say(io, helpOverview(commands));
    return 0;
  }
  const command = commands.find((candidate) => candidate.verb === verb);
  if (command === undefined) throw unknownVerb(verb, commands);
  say(io, helpFor(command));
  return 0;
};
