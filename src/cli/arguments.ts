/** Words of a command line, checked against what the verb takes. Pure. */

import { TaskmasterError } from '../errors.ts';
import { nearestWord } from '../nearest-word.ts';
import { parseDuration } from '../units.ts';
import {
  COMMON_FLAGS,
  type CommandSpec,
  type FlagSpec,
  flagsOf,
  type ParsedFlags,
  SHELL_FLAGS,
} from './command.ts';
import { nearVerb } from './near-verb.ts';
import { usageOf } from './usage.ts';

export interface ParsedCommand {
  readonly command: CommandSpec;
  readonly operands: readonly string[];
  readonly flags: ParsedFlags;
}

/**
 * Flags may stand before the verb, among the operands and as `--flag=value`; `--` ends them.
 * @returns undefined where there is no verb. Throws `bad-arguments` with the usage.
 */
export function parseCommand(
  words: readonly string[],
  commands: readonly CommandSpec[],
): ParsedCommand | { readonly command: undefined; readonly flags: ParsedFlags } {
  const { values, rest } = takeFlags(words, [...COMMON_FLAGS, ...SHELL_FLAGS], true);
  const [verb, ...others] = rest;
  if (verb === undefined) return { command: undefined, flags: asFlags(values) };
  const command = commands.find((candidate) => candidate.verb === verb);
  const shellFlag = SHELL_FLAGS.find(({ name }) => values.has(name));
  if (shellFlag !== undefined)
    throw bad(`${shellFlag.name} is for the shell, without a verb: "${verb}" is one`);
  if (command === undefined) throw unknownVerb(verb, commands);
  const taken = takeFlags(others, flagsOf(command), false, command);
  for (const [name, given] of values) taken.values.set(name, [...given, ...(taken.values.get(name) ?? [])]);
  const flags = asFlags(taken.values);
  if (!flags.has('--help')) checkOperands(command, taken.rest);
  return { command, operands: taken.rest, flags };
}

type Values = Map<string, string[]>;

/** `stopsAtWord`: only the flags ahead of the verb. */
function takeFlags(
  words: readonly string[],
  known: readonly FlagSpec[],
  stopsAtWord: boolean,
  command?: CommandSpec,
): { values: Values; rest: string[] } {
  const values: Values = new Map();
  const rest: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') {
      rest.push(...words.slice(at + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      if (stopsAtWord) return { values, rest: words.slice(at) };
      rest.push(word);
      continue;
    }
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    const name = equals === -1 ? word : word.slice(0, equals);
    const flag = known.find((candidate) => candidate.name === name || candidate.short === name);
    if (flag === undefined) throw unknownFlag(name, known, command);
    const inline = equals === -1 ? undefined : word.slice(equals + 1);
    if (flag.value === undefined) {
      if (inline !== undefined) throw bad(`${flag.name} takes no value`, command);
      values.set(flag.name, ['']);
      continue;
    }
    const value = inline ?? words[++at];
    // A value that looks like a flag is a forgotten one; who means it writes --grep=--x.
    if (value === undefined || (inline === undefined && value.startsWith('--')))
      throw bad(`${flag.name} needs a value: ${flag.name} ${flag.value.label}`, command);
    values.set(flag.name, [...(values.get(flag.name) ?? []), value]);
  }
  return { values, rest };
}

function asFlags(values: Values): ParsedFlags {
  return {
    has: (name) => values.has(name),
    text: (name) => values.get(name)?.at(-1),
    all: (name) => values.get(name) ?? [],
  };
}

function checkOperands(command: CommandSpec, operands: readonly string[]): void {
  let left = operands.length;
  for (const { label, count } of command.operands) {
    if ((count === 'one' || count === 'some') && left === 0) throw bad(`${label} is missing`, command);
    left -= count === 'some' || count === 'any' ? left : Math.min(1, left);
  }
  if (left > 0) throw bad(`unexpected argument "${operands.at(-left)}"`, command);
  command.operands.forEach((operand, index) => {
    const word = operands[index];
    if (word === undefined || typeof operand.kind === 'string' || operand.kind.oneOf.includes(word)) return;
    throw bad(`${operand.label} is one of ${operand.kind.oneOf.join(', ')}, not "${word}"`, command);
  });
}

/** The value of a flag as a duration in milliseconds; undefined where the flag was not given. */
export function durationFlag(flags: ParsedFlags, name: `--${string}`): number | undefined {
  const text = flags.text(name);
  if (text === undefined) return undefined;
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined && milliseconds > 0) return milliseconds;
  throw bad(`${name} takes a time such as 30, 500ms or 1m30s, not "${text}"`);
}

/** The value of a flag as a whole number from 1 on; undefined where the flag was not given. */
export function countFlag(flags: ParsedFlags, name: `--${string}`): number | undefined {
  return numberFlag(flags, name, 1);
}

export function numberFlag(flags: ParsedFlags, name: `--${string}`, least: number): number | undefined {
  const text = flags.text(name);
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text);
  throw bad(`${name} takes a number from ${least} on, not "${text}"`);
}

export function bad(message: string, command?: CommandSpec): TaskmasterError {
  const usage = command === undefined ? '' : `\nusage: ${usageOf(command)}`;
  return new TaskmasterError('bad-arguments', `${message}${usage}`);
}

/** For `help VERB` too. */
export function unknownVerb(verb: string, commands: readonly CommandSpec[]): TaskmasterError {
  const suggestion = nearVerb(verb, commands);
  const hint = suggestion === undefined ? '"help" lists the verbs' : `did you mean ${suggestion}?`;
  const details = suggestion === undefined ? {} : { suggestion };
  return new TaskmasterError('bad-arguments', `there is no verb "${verb}"; ${hint}`, { details });
}

function unknownFlag(
  name: string,
  known: readonly FlagSpec[],
  command: CommandSpec | undefined,
): TaskmasterError {
  const suggestion = nearestWord(
    name,
    known.map((flag) => flag.name),
  );
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
  return bad(`there is no flag ${name}${hint}`, command);
}
