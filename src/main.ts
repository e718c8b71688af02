/**
 * The dispatcher: looks at the words and loads the one bundle that they need, so that a one-shot command pays for
 * nothing else. The launcher passes the name it was called by as the first word.
 */

import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Compiled code beside the bundles, made by the build: reading it is quicker than compiling.
enableCompileCache(join(__dirname, 'cache'));

const [, , calledAs = 'taskmaster', ...words] = process.argv;

function load(bundle: string): { run: (words: readonly string[]) => Promise<number> | number } {
  // A path made at run time: the bundler must not draw the others in.
  return require(join(__dirname, `${bundle}.cjs`));
}

function choose(): { readonly bundle: string; readonly rest: readonly string[] } {
  if (calledAs === 'taskmaster' && words[0] === 'engine' && words[1] === 'start') {
    return { bundle: 'engine-start', rest: words.slice(2) };
  }
  if (calledAs === 'taskmaster' && words[0] === 'engine' && words[1] === 'check') {
    return { bundle: 'engine-check', rest: words.slice(2) };
  }
  return { bundle: 'shell', rest: words };
}

const { bundle, rest } = choose();
Promise.resolve(load(bundle).run(rest)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(
      `taskmaster: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = 70;
  },
);
