/**
 * `--grep`: a regular expression over lines. Here and not in the engine, for one that takes for ever must not stop PID
 * 1; and in bounds, for it should not stop the client either, where Ctrl-C could no longer be heard.
 */

import { createContext, Script } from 'node:vm';
import { TaskmasterError } from '../../errors.ts';
import { bad } from '../arguments.ts';
import type { Invocation } from '../command.ts';

/** For all lines of a call together. */
const MOST_MS = 2_000;
/** What lies behind is not looked at. */
const LONGEST_LINE = 64 * 1024;

/** @returns for each line whether it matches. */
export type Matcher = (lines: readonly string[]) => readonly boolean[];

/** Ctrl-C while an expression is at work. */
export class GrepInterrupted extends Error {}

/** @returns undefined where no expression was given. Throws `bad-arguments`. */
export function grepOf({ command, flags }: Invocation): Matcher | undefined {
  const source = flags.text('--grep');
  if (source === undefined) return undefined;
  let expression: RegExp;
  try {
    expression = new RegExp(source, 'u');
  } catch (error) {
    throw bad(`--grep: ${error instanceof Error ? error.message : String(error)}`, command);
  }
  // A script has a time limit that V8 keeps within an expression too (`vm`, "timeout" and "breakOnSigint").
  const context = createContext({ expression, lines: [] });
  const script = new Script('lines.map((line) => expression.test(line))');
  return (lines) => {
    context.lines = lines.map((line) => line.slice(0, LONGEST_LINE));
    try {
      return [...script.runInContext(context, { timeout: MOST_MS, breakOnSigint: true })];
    } catch (error) {
      throw failure(error, source);
    }
  };
}

function failure(error: unknown, source: string): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ERR_SCRIPT_EXECUTION_TIMEOUT': {
      const message = `--grep: ${source} takes too long; write it without repetitions inside repetitions, or use --text`;
      return new TaskmasterError('action-failed', message);
    }
    case 'ERR_SCRIPT_EXECUTION_INTERRUPTED':
      return new GrepInterrupted();
    default:
      return error;
  }
}
