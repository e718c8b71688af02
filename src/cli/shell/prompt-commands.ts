/** Words that mean something at the prompt only, beside the verbs. */

import type { CommandSpec } from '../command.ts';
import { COMMANDS } from '../commands.ts';
import { jsonText, say } from '../io.ts';

/** What they do to the shell they are typed into. */
export interface PromptControls {
  readonly leave: () => void;
  /** @param on undefined: as it is. @returns how it is then. */
  readonly notices: (on: boolean | undefined) => boolean;
}

/** All that the prompt understands. */
export function promptCommands({ leave, notices }: PromptControls): readonly CommandSpec[] {
  const leaving = {
    operands: [],
    flags: [],
    summary: 'leave the shell, as Ctrl-D does; the engine goes on',
    notes: [],
    load: async () => async () => {
      leave();
      return 0;
    },
  };
  return [
    ...COMMANDS,
    {
      verb: 'notices',
      operands: [{ label: 'on|off', kind: { oneOf: ['on', 'off'] }, count: 'optional' }],
      flags: [],
      summary: 'print changes of state above the prompt, or stop doing so',
      notes: [],
      examples: [['notices off', 'while something flaps']],
      load:
        async () =>
        async ({ operands: [word], flags, io }) => {
          const on = notices(word === undefined ? undefined : word === 'on');
          const why = word === 'on' && !on ? ': this terminal (TERM) cannot move its cursor' : '';
          say(io, flags.has('--json') ? jsonText({ on }) : `notices are ${on ? 'on' : 'off'}${why}`);
          return 0;
        },
    },
    { verb: 'exit', ...leaving },
    { verb: 'quit', ...leaving, isHidden: true },
  ];
}
