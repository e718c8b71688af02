/** The verbs. Help, completion, validation and the shell all read this one table. */

import { LEVELS } from '../levels.ts';
import { ERROR_FACES } from '../rpc/contract/error-codes.ts';
import type { CommandSpec, FlagSpec, OperandSpec, Parsed } from './command.ts';
import { ACT_COMMANDS, ACTION_CODES, loadActions, NAME, WAIT } from './commands-act.ts';

const ANY_NAMES: OperandSpec = { ...NAME, count: 'any' };

const RANGE_FLAGS: readonly FlagSpec[] = [
  {
    name: '--since',
    value: { label: 'TIME', kind: 'text' },
    summary: 'only since then: 10m (ago), 10:02, "2026-11-25 10:02", 2026-11-25T10:02:05Z',
  },
  { name: '--until', value: { label: 'TIME', kind: 'text' }, summary: 'only until then' },
];
const EVENT_FLAGS: readonly FlagSpec[] = [
  {
    name: '--process',
    short: '-p',
    value: { label: 'NAME', kind: 'process' },
    repeats: true,
    summary: 'only this instance, process or pattern; the same as NAME',
  },
  {
    name: '--event',
    short: '-e',
    value: { label: 'EVENT', kind: 'event' },
    repeats: true,
    summary: 'only this kind, such as state_changed',
  },
  {
    name: '--level',
    short: '-l',
    value: { label: 'LEVEL', kind: 'level' },
    summary: `this level and above: ${LEVELS.join(', ')}`,
  },
  ...RANGE_FLAGS,
  {
    name: '--incarnation',
    value: { label: 'N', kind: 'text' },
    summary: 'only this incarnation of an instance, counted from 1',
  },
  { name: '--text', value: { label: 'WORDS', kind: 'text' }, summary: 'only lines that contain this text' },
  {
    name: '--grep',
    value: { label: 'RE', kind: 'text' },
    summary: 'only lines that the regular expression matches',
  },
  {
    name: '--tail',
    short: '-n',
    value: { label: 'COUNT', kind: 'text' },
    summary: 'show only the last COUNT lines',
  },
  { name: '--follow', short: '-f', summary: 'follow new entries until Ctrl-C' },
];
/** `status` answers in the manner of the Linux Standard Base's init scripts. */
function statusExitCode(code: string): number {
  return code === 'unknown-process' || code === 'engine-unreachable' ? 4 : faceExit(code);
}

function faceExit(code: string): number {
  return Object.hasOwn(ERROR_FACES, code) ? ERROR_FACES[code as keyof typeof ERROR_FACES].exit : 1;
}

/** A regular expression may take very long; the rings of all instances, or many pages, take memory. */
function whyLogsInClient({ flags }: Parsed): string | undefined {
  const isPaged = Number(flags.text('--tail') ?? 0) <= 1_000;
  const needsMuch = flags.has('--grep') || flags.has('--output') || flags.has('--stream') || !isPaged;
  return needsMuch ? 'it may need much time or memory' : undefined;
}

const loadLooks = () => import('./look.ts');

export const COMMANDS: readonly CommandSpec[] = [
  {
    verb: 'status',
    operands: [ANY_NAMES],
    flags: [{ name: '--watch', short: '-w', summary: 'show changes until Ctrl-C' }],
    summary: 'show the status of instances: a table of all, or a sentence for each one named',
    notes: [
      'With --watch on a terminal the table is updated in place. Into a file or pipe, and with --json, each change',
      'is printed as a line.',
      'exit: 0 all up and healthy, 1 up but not (yet) healthy, 3 at least one down,',
      '      4 unknown name or engine unreachable. A one-shot that completed counts as healthy.',
    ],
    examples: [
      ['status', 'all instances'],
      ["status 'web*' --watch", 'the instances of web, as they change'],
    ],
    exitCodeOf: statusExitCode,
    load: async () => (await import('./status/status.ts')).status,
  },
  ...ACT_COMMANDS,
  {
    verb: 'reload',
    operands: [ANY_NAMES],
    flags: [
      { name: '--plan', summary: 'show what would happen to each process, and change nothing' },
      ...WAIT,
    ],
    summary:
      're-read the configuration and apply what changed; with names: have those programs re-read theirs',
    notes: [
      'Without names nothing is changed if the new configuration has an error. With names the configuration of the',
      'engine stays as it is: the command in reload runs, or reload_signal is sent. --wait waits until the command',
      'has ended. Patterns and all leave out processes that have neither, or do not run.',
      'exit: 0 done, 1 the command failed, or the process has none, 4 not permitted, 5 no such process,',
      '      6 configuration rejected (nothing was changed), 7 not running, 8 --timeout passed,',
      '      9 applied, but a process did not come up (with --wait: within --timeout)',
    ],
    examples: [
      ['reload nginx --wait', 'have nginx re-read its own configuration'],
      ['reload --plan', 'show what would happen'],
      ['reload --wait', 'apply it, and wait until all is up'],
    ],
    load: async () => (await import('./reload.ts')).reload,
  },
  {
    verb: 'rollback',
    operands: [],
    flags: [
      { name: '--plan', summary: 'show what would happen to each process, and change nothing' },
      ...WAIT,
    ],
    summary: 'return to the configuration before the last reload',
    notes: [
      'The files stay as they are: the next reload reads them again. A reload that changed nothing does not count.',
      'exit: 0 done, 1 there is no earlier configuration, 4 not permitted, 8 --timeout passed,',
      '      9 applied, but a process did not come up (with --wait: within --timeout)',
    ],
    load: async () => (await import('./reload.ts')).rollback,
  },
  {
    verb: 'attach',
    operands: [NAME],
    flags: [
      { name: '--stdin', summary: 'send what you type, or what is piped in, to its standard input' },
      { name: '--steal', summary: 'with --stdin: take over the input from another client' },
      {
        name: '--keep-open',
        summary: 'with --stdin from a pipe: leave its standard input open when the pipe ends',
      },
      {
        name: '--detach-keys',
        value: { label: 'KEYS', kind: 'text' },
        summary: 'detach with these keys (default: ctrl-p,ctrl-q)',
      },
      {
        name: '--exit-code',
        summary: 'stay until the process exits, and exit with its code (128 + signal)',
      },
      { name: '--no-replay', summary: 'do not show recent output first' },
      {
        name: '--stream',
        value: { label: 'STREAM', kind: { oneOf: ['stdout', 'stderr'] } },
        summary: 'only stdout or stderr',
      },
      { name: '--raw', summary: 'pass escape sequences to the terminal unchanged' },
    ],
    summary: 'show recent output, then follow it, across restarts',
    notes: [
      'Ctrl-P Ctrl-Q (or Ctrl-C) detaches; the process keeps running. Set other keys with --detach-keys, such as',
      'ctrl-^ or ctrl-a,d.',
      'When a pipe to --stdin ends, the standard input of the process is closed too, unless the process has a',
      'terminal or --keep-open is given.',
      '--stdin needs stdin = "pipe" or tty = true in the configuration. One client can use it at a time. A process',
      'with a terminal gets every key, including Ctrl-C and Ctrl-D; its terminal gets the size of yours, and its',
      'output is passed on unchanged.',
      'Without a terminal, colours are passed on and other control characters are shown as \\x1b. Into a file or',
      'pipe, and with --raw, output is passed on unchanged.',
    ],
    examples: [
      ['attach web', 'show what web prints'],
      ['attach console --stdin', 'type into it'],
      ['attach job --exit-code', 'follow a job until it exits'],
    ],
    hasNoJson: true,
    whyInClient: ({ flags }, { stdin, stdout }) =>
      flags.has('--stdin') || stdin || stdout ? 'it needs the terminal, or what is typed there' : undefined,
    load: async () => (await import('./attach/attach.ts')).attach,
  },
  {
    verb: 'send',
    operands: [NAME, { label: 'TEXT', kind: 'text', count: 'optional' }],
    flags: [{ name: '--no-newline', summary: 'do not add a newline to TEXT' }],
    summary: 'write a line, or what is piped in, to its standard input, which stays open',
    notes: [
      'Returns when all of it was written. Needs stdin = "pipe" or tty = true in the configuration. Fails while a',
      'client is attached with --stdin. Write -- before a TEXT that begins with -.',
      `${ACTION_CODES},`,
      '      7 not running',
    ],
    examples: [
      ["send console 'say hi'", 'one line to a console'],
      ['send import < rows.csv', 'the content of a file, unchanged'],
    ],
    load: async () => (await import('./attach/send.ts')).send,
  },
  {
    verb: 'logs',
    operands: [ANY_NAMES],
    flags: [
      ...EVENT_FLAGS,
      { name: '--output', short: '-o', summary: 'include what processes print' },
      {
        name: '--stream',
        value: { label: 'STREAM', kind: { oneOf: ['stdout', 'stderr'] } },
        summary: 'only what processes print to this stream',
      },
    ],
    summary: 'search the journal: events, and with --output what processes print',
    notes: [
      'Times are UTC, unless they name a zone. --event applies to events only. A printed line has the level that it',
      'names itself (JSON, logfmt, syslog, a word such as WARN), else info. Set in [engine.journal] how much the',
      'journal keeps.',
    ],
    examples: [
      ['logs api -l warn --since 10m', 'recent problems of api'],
      ['logs -o api --grep timeout', 'what api printed about timeouts'],
      ['logs -f -o web api --stream stderr', 'follow the errors of two processes'],
    ],
    whyInClient: whyLogsInClient,
    load: async () => (await import('./logs/logs.ts')).logs,
  },
  {
    verb: 'events',
    operands: [ANY_NAMES],
    flags: EVENT_FLAGS,
    summary: 'show events, one a line; with --follow as they happen',
    notes: [],
    examples: [['events --follow -e state_changed', 'every change of state']],
    whyInClient: whyLogsInClient,
    load: async () => (await import('./logs/logs.ts')).events,
  },
  {
    verb: 'why',
    operands: [ANY_NAMES],
    flags: [],
    summary: 'explain the state of instances and what happens next (default: all that are not healthy)',
    notes: [
      'Without names it explains instances that are neither healthy nor completed. The exit code is 0 if the engine',
      'answered; with --json the array is empty if all is well. Scripts should use the exit code of status.',
    ],
    examples: [
      ['why', 'every instance that is not healthy'],
      ['why api', 'causes, last health checks, last lines, next step'],
    ],
    load: async () => (await import('./status/why.ts')).why,
  },
  {
    verb: 'timeline',
    operands: [ANY_NAMES],
    flags: [
      ...RANGE_FLAGS,
      {
        name: '--tail',
        short: '-n',
        value: { label: 'COUNT', kind: 'text' },
        summary: 'show only the last COUNT lines (default: 200)',
      },
    ],
    summary: 'show events in order, with consequences indented below their cause',
    notes: ['With names: the events of those, and their causes. Times are UTC.'],
    examples: [['timeline api --since 1h', 'the events of api, and their causes']],
    whyInClient: () => 'it holds thousands of events',
    load: async () => (await import('./logs/timeline.ts')).timeline,
  },
  {
    verb: 'health',
    operands: [],
    flags: [
      {
        name: '--startup',
        summary: 'has every autostarted process been healthy, or completed, at least once?',
      },
      { name: '--ready', summary: 'are all healthy now? (the default)' },
      { name: '--live', summary: 'is the engine working, with no essential process in failed?' },
    ],
    summary: 'answer a health probe in one line',
    notes: ['exit: 0 yes, 1 no (or the engine cannot be reached)'],
    examples: [['health --ready', 'for a readiness probe']],
    exitCodeOf: (code) => (code === 'bad-arguments' ? 2 : 1),
    load: async () => (await loadLooks()).health,
  },
  {
    verb: 'env',
    operands: [NAME],
    flags: [],
    summary: 'show the environment of the next incarnation',
    notes: ["Only for root and the engine's user, because environments contain secrets."],
    load: async () => (await loadLooks()).env,
  },
  {
    verb: 'config',
    operands: [{ ...NAME, count: 'optional' }],
    flags: [],
    summary: 'show the configuration in effect, with all defaults',
    notes: ["Only for root and the engine's user, because environments contain secrets."],
    load: async () => (await loadLooks()).config,
  },
  {
    verb: 'shutdown',
    operands: [],
    flags: [WAIT[0] as FlagSpec],
    summary: 'stop all processes in order, then exit the engine',
    notes: ['With --wait: return when the engine has exited.'],
    outlivesEngine: ({ flags }) => flags.has('--wait'),
    load: async () => (await loadActions()).shutdown,
  },
  {
    verb: 'version',
    operands: [],
    flags: [],
    summary: 'show the version of the running engine',
    notes: [],
    load: async () => (await loadLooks()).version,
  },
  {
    verb: 'help',
    operands: [{ label: 'VERB', kind: 'verb', count: 'optional' }],
    flags: [],
    summary: 'show this help, or the help of a verb',
    notes: [],
    hasNoJson: true,
    load: async () => (await import('./help.ts')).help,
  },
  {
    verb: 'completion',
    operands: [{ label: 'SHELL', kind: { oneOf: ['bash', 'zsh', 'fish'] }, count: 'one' }],
    flags: [],
    summary: 'print a completion script for your shell: source <(taskshell completion bash)',
    notes: [],
    hasNoJson: true,
    load: async () => (await import('./completion.ts')).completion,
  },
  {
    verb: '__complete',
    operands: [{ label: 'WORD', kind: 'text', count: 'any' }],
    flags: [],
    summary: 'print candidates for the last word, for completion scripts',
    notes: [],
    isHidden: true,
    load: async () => (await import('./completion.ts')).candidates,
  },
];
