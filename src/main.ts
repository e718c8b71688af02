/**
 * The dispatcher: looks at the words and loads the one bundle that they need, so that a one-shot command pays for
 * nothing else. The launcher passes the name it was called by as the first word.
 */

import { EXIT_CODES } from './exit-codes.ts';
import { bundleLoader } from './load-bundle.ts';

const [, , calledAs = 'taskmaster', ...words] = process.argv;

interface Command {
  run(words: readonly string[]): Promise<number> | number;
}

function choose(): { readonly bundle: string; readonly rest: readonly string[] } {
  if (calledAs === 'taskmaster' && words[0] === 'engine' && words[1] === 'start') {
    return { bundle: 'engine-start', rest: words.slice(2) };
  }
  if (calledAs === 'taskmaster' && words[0] === 'engine' && words[1] === 'check') {
    return { bundle: 'engine-check', rest: words.slice(2) };
  }
  if (calledAs === 'taskboard') return { bundle: 'board', rest: words };
  if (calledAs === 'taskmaster' && words[0] === 'board') return { bundle: 'board', rest: words.slice(1) };
  return { bundle: 'shell', rest: words };
}

const { bundle, rest } = choose();
const command = bundleLoader(__dirname)(bundle) as Command;
Promise.resolve(command.run(rest)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(
      `taskmaster: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = EXIT_CODES.internalFault;
  },
);
