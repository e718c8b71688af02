/** What Tab offers: verbs, flags, process names, signals. Pure but for the names, which the caller brings. */

import { LEVELS } from '../levels.ts';
import { SIGNAL_WORDS } from '../signals.ts';
import { COMMON_FLAGS, type CommandSpec, type FlagSpec, flagsOf, type WordKind } from './command.ts';

export interface NameSource {
  /** Instances and processes of the running engine; empty where it cannot be reached. */
  names(): Promise<readonly string[]>;
}

/**
 * @param words of the line up to the cursor, without the program's name; the last one is being written and may be
 * empty
 * @param flagsAhead that may stand ahead of the verb
 * @returns the words it may become, sorted
 */
export async function complete(
  words: readonly string[],
  commands: readonly CommandSpec[],
  source: NameSource,
  flagsAhead: readonly FlagSpec[] = COMMON_FLAGS,
): Promise<readonly string[]> {
  const current = words.at(-1) ?? '';
  const candidates = await candidatesFor(words.slice(0, -1), current, commands, source, flagsAhead);
  return [...new Set(candidates)].filter((candidate) => candidate.startsWith(current)).sort();
}

async function candidatesFor(
  before: readonly string[],
  current: string,
  commands: readonly CommandSpec[],
  source: NameSource,
  flagsAhead: readonly FlagSpec[],
): Promise<readonly string[]> {
  const shown = commands.filter(({ isHidden }) => isHidden !== true);
  const verbs = shown.map(({ verb }) => verb);
  const verbAt = firstOperand(before, flagsAhead);
  if (verbAt === -1) {
    const value = flagAwaitingValue(before, flagsAhead);
    if (value !== undefined) return [];
    return current.startsWith('-') ? flagsAhead.map(({ name }) => name) : verbs;
  }
  const command = shown.find(({ verb }) => verb === before[verbAt]);
  if (command === undefined) return [];
  const flags = flagsOf(command);
  const rest = before.slice(verbAt + 1);
  const awaiting = flagAwaitingValue(rest, flags);
  if (awaiting?.value !== undefined) return wordsOf(awaiting.value.kind, verbs, source);
  if (current.startsWith('-') && !rest.includes('--')) return unusedFlags(flags, rest);
  const given = operandsIn(rest, flags);
  const last = command.operands.at(-1);
  const takesMany = last?.count === 'some' || last?.count === 'any';
  const operand = command.operands[given.length] ?? (takesMany ? last : undefined);
  if (operand === undefined) return unusedFlags(flags, rest);
  const offered = await wordsOf(operand.kind, verbs, source);
  return takesMany ? offered.filter((word) => !given.includes(word)) : offered;
}

async function wordsOf(
  kind: WordKind,
  verbs: readonly string[],
  source: NameSource,
): Promise<readonly string[]> {
  if (typeof kind === 'object') return kind.oneOf;
  switch (kind) {
    case 'process': {
      // Where no name is known, "all" would be the only word that fits, and typed unasked.
      const names = await source.names();
      return names.length === 0 ? [] : [...names, 'all'];
    }
    case 'signal':
      return SIGNAL_WORDS;
    case 'verb':
      return verbs;
    case 'level':
      return LEVELS;
    case 'event':
      return (await import('../wire/engine-event.ts')).EVENT_NAMES;
    case 'text':
      return [];
  }
}

function unusedFlags(flags: readonly FlagSpec[], given: readonly string[]): readonly string[] {
  return flags
    .filter(({ name, short, repeats }) => {
      const used = given.includes(name) || (short !== undefined && given.includes(short));
      return repeats === true || !used;
    })
    .map(({ name }) => name);
}

/** The flag whose value comes next, if one does. */
function flagAwaitingValue(words: readonly string[], flags: readonly FlagSpec[]): FlagSpec | undefined {
  const last = words.at(-1);
  if (last === undefined) return undefined;
  return flags.find(({ name, short, value }) => value !== undefined && (last === name || last === short));
}

function operandsIn(words: readonly string[], flags: readonly FlagSpec[]): readonly string[] {
  const operands: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') return [...operands, ...words.slice(at + 1)];
    if (!word.startsWith('-')) operands.push(word);
    else if (flagAwaitingValue([word], flags) !== undefined) at += 1;
  }
  return operands;
}

function firstOperand(words: readonly string[], flags: readonly FlagSpec[]): number {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (!word.startsWith('-')) return at;
    if (flagAwaitingValue([word], flags) !== undefined) at += 1;
  }
  return -1;
}
