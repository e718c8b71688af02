/** `help` and `help VERB`. */

import { nearestWord } from '../nearest-word.ts';
import { bad } from './arguments.ts';
import type { CommandHandler } from './command.ts';
import { say } from './io.ts';
import { helpFor, helpOverview } from './usage.ts';

export const help: CommandHandler = async ({ operands: [verb], commands, io }) => {
  if (verb === undefined) {
    say(io, helpOverview(commands));
    return 0;
  }
  const command = commands.find((candidate) => candidate.verb === verb);
  if (command === undefined) {
    const suggestion = nearestWord(
      verb,
      commands.map((candidate) => candidate.verb),
    );
    throw bad(`there is no verb "${verb}"${suggestion === undefined ? '' : `; did you mean ${suggestion}?`}`);
  }
  say(io, helpFor(command));
  return 0;
};
