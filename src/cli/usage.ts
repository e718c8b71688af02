/** Help, made from the table of commands. Pure. */

import { type CommandSpec, type FlagSpec, flagsOf, type OperandSpec } from './command.ts';

/** More than this are not spelled out in the usage line; `help VERB` lists them below it. */
const FLAGS_IN_USAGE = 3;

/** `restart NAME… [-w|--wait] [--timeout TIME]` */
export function usageOf(command: CommandSpec): string {
  const flags =
    command.flags.length > FLAGS_IN_USAGE ? ['[FLAGS]'] : command.flags.map((flag) => `[${flagText(flag)}]`);
  return [command.verb, ...command.operands.map(operandText), ...flags].join(' ').trim();
}

function operandText({ label, count }: OperandSpec): string {
  const many = count === 'some' || count === 'any' ? `${label}…` : label;
  return count === 'one' || count === 'some' ? many : `[${many}]`;
}

/** `-w|--wait`, `--timeout TIME` */
export function flagText({ name, short, value }: FlagSpec): string {
  const spelled = short === undefined ? name : `${short}|${name}`;
  return value === undefined ? spelled : `${spelled} ${value.label}`;
}

/** The list of verbs, for `help`. */
export function helpOverview(commands: readonly CommandSpec[]): string {
  const shown = commands.filter(({ isHidden }) => isHidden !== true);
  const rows = shown.map((command) => {
    const operands = command.operands.map(operandText);
    return [[command.verb, ...operands].join(' '), command.summary] as const;
  });
  return [
    'usage: taskshell [--socket PATH] VERB …    one command',
    '       taskshell                           interactive; Tab completes, Ctrl-R searches, Ctrl-D exits',
    "       taskshell [-e] -c 'COMMANDS'        several, separated by ; (-e: exit at the first that fails)",
    '       taskboard [--socket PATH]           the live board, full-screen; ? explains its keys',
    '       taskmaster engine start [CONFIG]    the engine itself; also check, stop, reload, version',
    '       taskmaster init [FLAGS] COMMAND …   one command under an init, as tini does; -h explains',
    '',
    ...columns(rows),
    '',
    'NAME is an instance (web:2), a process (all its instances), a pattern (web*) or all.',
    '"help VERB" explains a verb, its flags and its exit codes.',
  ].join('\n');
}

/** Everything about one verb, for `help VERB` and `VERB --help`. */
export function helpFor(command: CommandSpec): string {
  const flags = flagsOf(command).map((flag) => [flagText(flag).replace('|', ', '), flag.summary] as const);
  const notes = command.notes.length === 0 ? [] : ['', ...command.notes];
  const { examples = [] } = command;
  const shown = examples.length === 0 ? [] : ['', 'for example:', ...columns(examples)];
  return [`usage: ${usageOf(command)}`, '', command.summary, '', ...columns(flags), ...notes, ...shown].join(
    '\n',
  );
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  return alignedColumns(rows).map((row) => `  ${row}`);
}

export function alignedColumns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`);
}
