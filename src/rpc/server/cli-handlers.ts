/** The methods of `contract-cli.ts`: commands of taskshell that run here for their client. */

import { TaskmasterError } from '../../errors.ts';
import type { CallContext, Handlers } from './handler-types.ts';
import type { VerbRun } from './verb-run.ts';

type CliMethod = 'cli.run' | 'cli.written' | 'cli.input' | 'cli.resize' | 'cli.interrupt';

export const CLI_HANDLERS: Pick<Handlers, CliMethod> = {
  'cli.run': async (params, { engine, verbs }) => {
    const { version } = engine.snapshot([]);
    if (params.version !== version) return { result: { declined: `the engine has version ${version}` } };
    return { result: await verbs.run(params) };
  },

  'cli.written': ({ bytes }, context) => {
    currentOf(context).written(bytes);
    return { result: {} };
  },

  'cli.input': ({ text, base64, end }, context) => {
    const bytes = base64 === undefined ? Buffer.from(text ?? '', 'utf8') : Buffer.from(base64, 'base64');
    currentOf(context).takeInput(bytes, end === true);
    return { result: {} };
  },

  'cli.resize': ({ columns, rows }, context) => {
    currentOf(context).resize(columns, rows);
    return { result: {} };
  },

  'cli.interrupt': (_params, context) => {
    currentOf(context).interrupt();
    return { result: {} };
  },
};

function currentOf({ verbs: { current } }: CallContext): VerbRun {
  if (current !== undefined) return current;
  throw new TaskmasterError('bad-arguments', 'this connection runs no command');
}
