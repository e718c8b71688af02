/** Commands of a configuration: split into words as a shell would, without one. */

import { shellPieces } from '../../shell-words.ts';
import type { Place } from '../document/place.ts';
import { readable } from '../text/instance-text.ts';
import { showValue } from '../text/show-value.ts';

export type SplitCommand =
  | {
      readonly ok: true;
      readonly words: readonly string[];
      /** What only a shell would understand, in the order it was found. */
      readonly shellSyntax: readonly string[];
    }
  | { readonly ok: false; readonly message: string; readonly hint: string };

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** Splits as POSIX shells do (`shell-words.ts`), and notes what they would have expanded or run. */
export function splitCommandLine(text: string): SplitCommand {
  const words: string[] = [];
  const shellSyntax = new Set<string>();
  let word: string | undefined;
  let bare = '';
  const endWord = (): void => {
    if (word === undefined) return;
    words.push(word);
    noteShellSyntax(bare, word.replace(/\0[^\0]*\0/g, '1') === bare, shellSyntax);
    word = undefined;
    bare = '';
  };
  for (const piece of shellPieces(text)) {
    if (piece.kind === 'unfinished') return unclosedProblem(piece.opening);
    if (piece.kind === 'blank') endWord();
    else if (piece.kind !== 'joined') {
      word = (word ?? '') + piece.text;
      if (piece.kind === 'quoted') noteExpansion(piece.source.replace(/\\[\s\S]/g, ''), shellSyntax);
      else if (piece.kind === 'bare') bare += piece.text.replace(/\0[^\0]*\0/g, '1');
    }
  }
  endWord();
  return { ok: true, words, shellSyntax: [...shellSyntax] };
}

function unclosedProblem(char: string): SplitCommand {
  return char === '\\'
    ? { ok: false, message: 'ends in a backslash', hint: 'a backslash is written \\\\' }
    : {
        ok: false,
        message: `the quote ${char} is not closed`,
        hint: `add the missing ${char}, or escape it by \\`,
      };
}

/** Operators count only as words of their own, or where no URL has them, so that `http://host/?a=1&b=2` is no false alarm. */
function noteShellSyntax(bare: string, isWholeWord: boolean, found: Set<string>): void {
  if (!/[|&;<>*~$`#]/.test(bare)) return;
  const operator = /^(\|\|?|&&?|;;?|\d*(?:>>?|<<?<?|>\||[<>]&).*)$/.exec(bare)?.[1];
  const within = /^[^:?]*?(&&|\|\||>>?(?=[/&])|&$)/.exec(bare)?.[1];
  if (isWholeWord && operator !== undefined) found.add(operator);
  else if (bare.endsWith(';') && bare.length > 1) found.add(';');
  else if (within !== undefined && bare.length > within.length) found.add(within);
  if (isWholeWord && bare.startsWith('#')) found.add('# …');
  if (bare.includes('*')) found.add('*');
  if (bare.startsWith('~/')) found.add('~');
  noteExpansion(bare, found);
}

function noteExpansion(text: string, found: Set<string>): void {
  if (text.includes('$(')) found.add('$(…)');
  if (text.includes('`')) found.add('`…`');
  for (const [variable] of text.matchAll(/\$[A-Za-z_][A-Za-z0-9_]*/g)) found.add(variable);
}

/**
 * Reads `cmd` and `args`.
 * @param place of the table that holds them, or of the value itself for the short form
 * @param key `cmd`, or empty for the short form
 * @param filledIn variables that are known when it runs.
 * @returns undefined after reporting a problem.
 */
export function commandAt(
  table: Place,
  cmd: string | readonly string[],
  args: readonly string[] | undefined,
  key: 'cmd' | '' = 'cmd',
  filledIn: readonly string[] = [],
): Command | undefined {
  const place = key === '' ? table : table.at(key);
  if (typeof cmd !== 'string') {
    if (args !== undefined) {
      table.at('args').problem({ message: 'cmd is an array, so it holds the arguments already' }, 'key');
      return undefined;
    }
    const [file = '', ...rest] = cmd;
    warnOfBuiltIn(place, file);
    return nonEmptyProgram(place, file, rest);
  }
  if (args !== undefined) {
    if (/\s/.test(cmd.trim()) && !cmd.includes('/')) {
      place.warning('with args, cmd is the program as a whole, white space included');
    }
    warnOfBuiltIn(place, cmd);
    return nonEmptyProgram(place, cmd, args);
  }
  const split = splitCommandLine(cmd);
  if (!split.ok) {
    place.problem({ message: split.message, hint: split.hint });
    return undefined;
  }
  warnOfShellSyntax(
    place,
    split.shellSyntax.filter((syntax) => !filledIn.includes(syntax)),
  );
  const [file = '', ...rest] = split.words;
  warnOfBuiltIn(place, file);
  if (/^[A-Za-z_][A-Za-z0-9_]*=/.test(file)) {
    place.problem({
      message: `${showValue(file)} is not a program`,
      hint: `no shell is run: write ${environmentOf(split.words)}`,
    });
    return undefined;
  }
  return nonEmptyProgram(place, file, rest);
}

/** `A=1 B=2 program` of a shell. */
function environmentOf(words: readonly string[]): string {
  const end = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
  const pairs = words.slice(0, end === -1 ? undefined : end).map((word) => {
    const [name = ''] = word.split('=', 1);
    return `${name} = ${JSON.stringify(readable(word.slice(name.length + 1)))}`;
  });
  return `env = {${pairs.join(', ')}}`;
}

function nonEmptyProgram(place: Place, file: string, args: readonly string[]): Command | undefined {
  if (file.trim() !== '') return { file, args: [...args] };
  place.problem({ message: 'the program has no name', expected: 'a program, such as "/usr/bin/env"' });
  return undefined;
}

/** Commands of a POSIX shell that are no programs, and what has a key of its own here. */
const SHELL_COMMANDS: Readonly<Record<string, string>> = {
  cd: 'set workingdir',
  export: 'set env',
  source: 'set env_file',
  '.': 'set env_file',
  ulimit: 'set limits',
  umask: 'set umask',
  exec: 'leave it out: the program is executed directly',
};
const OTHER_SHELL_COMMANDS: ReadonlySet<string> = new Set(
  ': ! [[ alias bg break case command continue eval exit fg for function getopts hash if jobs let local read readonly return set shift times trap type typeset unalias unset until wait while { (('.split(
    ' ',
  ),
);

function warnOfBuiltIn(place: Place, file: string): void {
  const instead = Object.hasOwn(SHELL_COMMANDS, file) ? SHELL_COMMANDS[file] : undefined;
  if (instead === undefined && !OTHER_SHELL_COMMANDS.has(file) && !/^\(/.test(file)) return;
  place.warning(
    `${showValue(file)} is a command of the shell, and no shell is run; ` +
      `${instead === undefined ? '' : `${instead}, or `}write ${inAShell(place)}`,
  );
}

function inAShell(place: Place): string {
  return `${String(place.path.at(-1))} = ["sh", "-c", "…"]`;
}

function warnOfShellSyntax(place: Place, shellSyntax: readonly string[]): void {
  if (shellSyntax.length === 0) return;
  const variable = shellSyntax.find((word) => /^\$[A-Za-z_]/.test(word));
  const what = shellSyntax.slice(0, 3).join(' ');
  const instead =
    variable !== undefined && shellSyntax.length === 1
      ? `write \${${variable.slice(1)}} for the engine's own variable, or run a shell: ${inAShell(place)}`
      : `run one if you need it: ${inAShell(place)}`;
  place.warning(`no shell is run, so ${what} is passed on as it is; ${instead}`);
}
