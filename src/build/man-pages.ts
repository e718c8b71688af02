/** The manual: taskshell(1), taskboard(1), taskmaster(1) and taskmaster.toml(5), from the tables that help is made of. */

import { COMMON_FLAGS, type CommandSpec, SHELL_FLAGS } from '../cli/command.ts';
import { COMMANDS as VERBS } from '../cli/commands.ts';
import { ENGINE_COMMANDS } from '../cli/main.ts';
import { flagText, usageOf } from '../cli/usage.ts';
import { referenceSections } from '../config/reference.ts';
import { ERROR_FACES } from '../rpc/contract/error-codes.ts';
import { COMMANDS as KEYS } from '../tui/model/commands.ts';
import { bold, heading, item, literal, paragraph, prose, subheading, title } from './roff.ts';

export interface ManPage {
  /** As `man` looks for it: `man1/taskshell.1`. */
  readonly path: string;
  readonly text: string;
}

interface PageParts {
  readonly name: string;
  readonly section: 1 | 5;
  readonly summary: string;
  readonly synopsis: readonly string[];
  readonly body: readonly string[];
  readonly seeAlso: readonly string[];
}

const NAMES = 'NAME is an instance (`web:2`), a process (all its instances), a pattern (`web*`) or `all`.';
const SOCKET_VARIABLE = item(
  bold('TASKMASTER_SOCKET'),
  "the engine's socket, where `--socket` is not given. Else `/run/taskmaster/taskmaster.sock`, then one below /tmp.",
);
const NO_COLOR_VARIABLE = item(bold('NO_COLOR'), 'set to anything: no colours (https://no-color.org).');

/** @param readme the sections on signals and exit codes stand there, once. */
export function manPages(version: string, readme: string): readonly ManPage[] {
  return [taskshell(), taskboard(), taskmaster(readme), configuration()].map((parts) => ({
    path: `man${parts.section}/${parts.name}.${parts.section}`,
    text: page(parts, version),
  }));
}

function page({ name, section, summary, synopsis, body, seeAlso }: PageParts, version: string): string {
  const text = [
    title(name, section, version),
    heading('name'),
    `${name} \\- ${prose(summary)}`,
    ...(synopsis.length === 0 ? [] : [heading('synopsis'), literal(synopsis)]),
    ...body,
    heading('see also'),
    seeAlso.map((other) => prose(other)).join(',\n'),
  ].join('\n');
  // A heading begins a paragraph by itself.
  return `${text.replaceAll(/^(\.S[HS] .*)\n\.PP$/gm, '$1')}\n`;
}

function taskshell(): PageParts {
  const verbs = VERBS.filter(({ isHidden }) => isHidden !== true);
  return {
    name: 'taskshell',
    section: 1,
    summary: 'look at the processes of a running taskmaster engine, and act on them',
    synopsis: ['taskshell [--socket PATH] VERB ...', 'taskshell [--socket PATH] [-e] [-c COMMANDS]'],
    body: [
      heading('description'),
      paragraph(
        'With a verb it does that and ends. Without one it asks for commands on a terminal, and else reads them from standard input. `taskmaster VERB` is the same as `taskshell VERB`.',
      ),
      paragraph(NAMES),
      paragraph(
        'At the prompt Tab completes, Ctrl-R searches what was typed before (again: older, Ctrl-S: newer, Enter runs, an arrow edits, Ctrl-G gives up), Ctrl-C ends a command or drops the line, Ctrl-D leaves. Changes of state are printed above the prompt; `notices off` stops that. `exit` and `quit` leave. A line is split into words as a shell does, commands by `;`, and a `#` begins a comment; nothing is expanded.',
      ),
      heading('verbs'),
      ...verbs.flatMap(verbPart),
      heading('flags'),
      paragraph('Of every verb (`--json` of those that have a result):'),
      ...COMMON_FLAGS.map((flag) => item(bold(flagText(flag).replace('|', ', ')), flag.summary)),
      paragraph('Without a verb:'),
      ...SHELL_FLAGS.map((flag) => item(bold(flagText(flag).replace('|', ', ')), flag.summary)),
      heading('exit status'),
      item(bold('0'), 'done, or already so; of several commands, where none failed'),
      ...exitStatus().map(([exit, codes]) => item(bold(exit), codes)),
      item(bold('130'), 'ended by Ctrl-C'),
      paragraph(
        '`status` and `health` have codes of their own, told with them. Of several commands the code is that of the last one that failed.',
      ),
      heading('environment'),
      SOCKET_VARIABLE,
      NO_COLOR_VARIABLE,
      item(bold('XDG_STATE_HOME'), 'where the history is kept; else `~/.local/state`.'),
      heading('files'),
      item(bold('$XDG_STATE_HOME/taskmaster/history'), 'lines typed before, readable by their owner only.'),
    ],
    seeAlso: ['`taskmaster`(1)', '`taskboard`(1)', '`taskmaster.toml`(5)'],
  };
}

function verbPart(command: CommandSpec): readonly string[] {
  return [
    subheading(usageOf(command).replaceAll('…', '...')),
    prose(capitalised(command.summary)),
    ...command.flags.map((flag) => item(bold(flagText(flag).replace('|', ', ')), flag.summary)),
    ...notesOf(command).map(paragraph),
    ...(command.examples ?? []).flatMap(([words, what]) => [
      paragraph(`${what}:`),
      literal([`taskshell ${words}`]),
    ]),
  ];
}

/** Codes stand apart; a line that is indented goes on with the one before. */
function notesOf({ notes }: CommandSpec): readonly string[] {
  return notes
    .join('\n')
    .split(/\n(?=exit:)/)
    .map((note) => note.replaceAll(/\n */g, '\n'))
    .filter((note) => note !== '');
}

function exitStatus(): readonly (readonly [string, string])[] {
  const byCode = new Map<number, string[]>();
  for (const [code, { exit }] of Object.entries(ERROR_FACES))
    byCode.set(exit, [...(byCode.get(exit) ?? []), `\`${code}\``]);
  return [...byCode]
    .sort(([left], [right]) => left - right)
    .map(([exit, codes]) => [String(exit), codes.join(', ')]);
}

function taskboard(): PageParts {
  const groups = [
    ['look', 'Looking'],
    ['act', 'Acting'],
    ['board', 'The board'],
  ] as const;
  return {
    name: 'taskboard',
    section: 1,
    summary: 'a live screen of a running taskmaster engine',
    synopsis: ['taskboard [--socket PATH] [--mouse]', 'taskmaster board [--socket PATH] [--mouse]'],
    body: [
      heading('description'),
      paragraph(
        'Shows what runs, what is wrong and why, as it changes; what is in trouble stands on top. Made for `docker exec -it`. Needs a terminal that can move its cursor.',
      ),
      heading('options'),
      item(`${bold('--socket')} PATH`, 'the control socket of the engine'),
      item(
        bold('--mouse'),
        'the wheel scrolls, a click selects; otherwise the mouse is left to the terminal',
      ),
      heading('keys'),
      ...groups.flatMap(([group, name]) => [
        subheading(name),
        ...KEYS.filter((command) => command.group === group).map(({ keys, title: what }) =>
          // What has no key is in the palette.
          item(keys.length === 0 ? bold(':') : keys.map(bold).join(', '), what),
        ),
      ]),
      heading('environment'),
      SOCKET_VARIABLE,
      NO_COLOR_VARIABLE,
    ],
    seeAlso: ['`taskshell`(1)', '`taskmaster`(1)'],
  };
}

function taskmaster(readme: string): PageParts {
  return {
    name: 'taskmaster',
    section: 1,
    summary: 'init and process supervisor for containers',
    synopsis: [
      ...ENGINE_COMMANDS.map(([words]) => words),
      'taskmaster init [FLAGS] [--] COMMAND ...',
      'taskmaster board [--socket PATH]',
      'taskmaster VERB ...',
    ],
    body: [
      heading('description'),
      paragraph(
        'The engine runs as PID 1 of a container, or as a child subreaper elsewhere. It spawns the processes of its configuration, proves them healthy, restarts them by policy, collects every orphan, and stops all in order within the grace of the container runtime.',
      ),
      heading('commands'),
      ...ENGINE_COMMANDS.map(([words, what]) => item(bold(words), what)),
      item(
        bold('taskmaster init'),
        'runs one command under a small init, with the flags and variables of tini 0.19; `taskmaster init -h` explains them',
      ),
      item(bold('taskmaster board'), 'the same as `taskboard`'),
      item(bold('taskmaster VERB'), 'the same as `taskshell VERB`'),
      heading('signals'),
      ...tableOf(readme, 'Signals to the engine').map(([signal = '', what = '']) => item(bold(signal), what)),
      heading('exit status'),
      paragraph(paragraphOf(readme, 'Exit codes of the engine')),
      heading('files'),
      item(bold('/etc/taskmaster.toml'), 'the configuration, where no other is named.'),
      item(bold('/run/taskmaster/taskmaster.sock'), 'the control socket, where no other is configured.'),
      item(bold('/dev/termination-log'), 'if it exists, the engine writes to it why it exited.'),
    ],
    seeAlso: ['`taskshell`(1)', '`taskboard`(1)', '`taskmaster.toml`(5)'],
  };
}

function configuration(): PageParts {
  return {
    name: 'taskmaster.toml',
    section: 5,
    summary: 'configuration of taskmaster',
    synopsis: [],
    body: [
      heading('description'),
      paragraph(
        'A TOML file. `taskmaster engine check` tells every problem in it, with file, line and key, and what is expected instead.',
      ),
      heading('keys'),
      ...referenceSections().flatMap((section) => [
        subheading(section.heading),
        ...section.rows.map(({ key, kind, fallback, meaning, reload }) => {
          const facts = [
            kind,
            ...(fallback === '' ? [] : [fallback === 'required' ? fallback : `default ${fallback}`]),
            ...(reload === '' ? [] : [`on a reload: ${reload}`]),
          ];
          return item(bold(key), `(${facts.join('; ')}) ${meaning}`);
        }),
      ]),
    ],
    seeAlso: ['`taskmaster`(1)'],
  };
}

function sectionOf(readme: string, name: string): string {
  const [, section] = readme.split(`\n## ${name}\n`);
  if (section === undefined) throw new Error(`the README has no section "${name}"`);
  return section.split('\n## ')[0] ?? '';
}

/** Cells of its first table, without the heading of it. */
function tableOf(readme: string, name: string): readonly (readonly string[])[] {
  const rows = sectionOf(readme, name).match(/^\|.*\|$/gm) ?? [];
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

function paragraphOf(readme: string, name: string): string {
  return sectionOf(readme, name).trim().split('\n\n')[0] ?? '';
}

function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
