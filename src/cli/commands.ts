/** The verbs. Help, completion, validation and the shell all read this one table. */

import { LEVELS } from '../levels.ts';
import { ERROR_FACES } from '../rpc/contract/error-codes.ts';
import type { CommandSpec, FlagSpec, OperandSpec, Parsed } from './command.ts';

const NAME: OperandSpec = { label: 'NAME', kind: 'process', count: 'one' };
const SOME_NAMES: OperandSpec = { ...NAME, count: 'some' };
const ANY_NAMES: OperandSpec = { ...NAME, count: 'any' };

const WAIT: readonly FlagSpec[] = [
  { name: '--wait', short: '-w', summary: 'return when the wanted state is reached or can no longer be' },
  {
    name: '--timeout',
    value: { label: 'TIME', kind: 'text' },
    summary: 'with --wait: give up waiting after so long (30s, 1m30s)',
  },
];
const RANGE_FLAGS: readonly FlagSpec[] = [
  {
    name: '--since',
    value: { label: 'TIME', kind: 'text' },
    summary: 'only from then on: 10m (ago), 10:02, "2026-11-25 10:02", 2026-11-25T10:02:05Z',
  },
  { name: '--until', value: { label: 'TIME', kind: 'text' }, summary: 'only up to then' },
];
const EVENT_FLAGS: readonly FlagSpec[] = [
  {
    name: '--process',
    short: '-p',
    value: { label: 'NAME', kind: 'process' },
    repeats: true,
    summary: 'only of this instance, process or pattern',
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
    summary: 'only of this life of an instance, counted from 1',
  },
  { name: '--text', value: { label: 'WORDS', kind: 'text' }, summary: 'only what contains this, as it is' },
  {
    name: '--grep',
    value: { label: 'RE', kind: 'text' },
    summary: 'only lines that the regular expression matches',
  },
  {
    name: '--tail',
    short: '-n',
    value: { label: 'COUNT', kind: 'text' },
    summary: 'at most so many lines of the past, the last ones',
  },
  { name: '--follow', short: '-f', summary: 'go on with what is to come, until Ctrl-C' },
];
const ACTION_CODES =
  'exit: 0 done or already so, 1 failed, 2 bad arguments, 4 not permitted, 5 no such process';

/** `status` answers in the manner of the Linux Standard Base's init scripts. */
function statusExitCode(code: string): number {
  return code === 'unknown-process' || code === 'engine-unreachable' ? 4 : faceExit(code);
}

function faceExit(code: string): number {
  return Object.hasOwn(ERROR_FACES, code) ? ERROR_FACES[code as keyof typeof ERROR_FACES].exit : 1;
}

/** An expression may take for ever, and the rings of all instances, or pages without end, take memory. */
function whyLogsInClient({ flags }: Parsed): string | undefined {
  const isPaged = Number(flags.text('--tail') ?? 0) <= 1_000;
  const needsMuch = flags.has('--grep') || flags.has('--output') || flags.has('--stream') || !isPaged;
  return needsMuch ? 'it may need much time or memory' : undefined;
}

const loadActions = () => import('./act.ts');
const loadLooks = () => import('./look.ts');

export const COMMANDS: readonly CommandSpec[] = [
  {
    verb: 'status',
    operands: [ANY_NAMES],
    flags: [{ name: '--watch', short: '-w', summary: 'go on as they change, until Ctrl-C' }],
    summary: 'how the instances are: all as a table, or those named in a sentence each',
    notes: [
      'With --watch on a terminal the table stays where it is and changes; elsewhere, and with --json, a line is',
      'printed for each change.',
      'exit: 0 all up and healthy, 1 up but not (yet) healthy, 3 at least one down,',
      '      4 unknown name or engine unreachable. A one-shot that completed counts as healthy.',
    ],
    examples: [
      ['status', 'all of them'],
      ["status 'web*' --watch", 'those of web, as they change'],
    ],
    exitCodeOf: statusExitCode,
    load: async () => (await import('./status/status.ts')).status,
  },
  {
    verb: 'start',
    operands: [SOME_NAMES],
    flags: WAIT,
    summary: 'bring up; cancels any wait for a retry',
    notes: [`${ACTION_CODES},`, '      8 --timeout passed'],
    load: async () => (await loadActions()).start,
  },
  {
    verb: 'stop',
    operands: [SOME_NAMES],
    flags: WAIT,
    summary: 'take down, by the stop sequence of each',
    notes: [`${ACTION_CODES},`, '      8 --timeout passed'],
    examples: [
      ['stop web --wait', 'and see how far it is'],
      ['stop web:2', 'one instance of several'],
    ],
    load: async () => (await loadActions()).stop,
  },
  {
    verb: 'restart',
    operands: [SOME_NAMES],
    flags: WAIT,
    summary: 'replace what runs; start what is down',
    notes: [`${ACTION_CODES},`, '      8 --timeout passed'],
    examples: [
      ['restart api --wait --timeout 30s', 'or exit with 8'],
      ['restart all', 'everything'],
    ],
    load: async () => (await loadActions()).restart,
  },
  {
    verb: 'signal',
    operands: [NAME, { label: 'SIG', kind: 'signal', count: 'one' }],
    flags: [{ name: '--leader', summary: 'to the process that the engine started, not to its whole group' }],
    summary: 'send a signal to the process group: HUP, SIGUSR1, RTMIN+3, 15',
    notes: [`${ACTION_CODES},`, '      7 not running'],
    examples: [
      ['signal nginx HUP', 'have it read its files again'],
      ['signal worker USR1 --leader', 'spare its children'],
    ],
    load: async () => (await loadActions()).signal,
  },
  {
    verb: 'reload',
    operands: [],
    flags: [{ name: '--plan', summary: 'show what would happen to each process, do nothing' }, ...WAIT],
    summary: 'read the configuration anew and apply what differs, all or nothing',
    notes: [
      'exit: 0 done, 4 not permitted, 6 configuration rejected (nothing was changed),',
      '      9 applied, but a process did not come up (with --wait: within --timeout)',
    ],
    examples: [
      ['reload --plan', 'first see what would happen'],
      ['reload --wait', 'then do it, and see it come up'],
    ],
    load: async () => (await loadActions()).reload,
  },
  {
    verb: 'attach',
    operands: [NAME],
    flags: [
      { name: '--stdin', summary: 'send what is typed, or read from a pipe, to its standard input' },
      { name: '--steal', summary: 'with --stdin: take the input over from who has it' },
      {
        name: '--keep-open',
        summary: 'with --stdin from a pipe: the end of the pipe does not close its standard input',
      },
      {
        name: '--detach-keys',
        value: { label: 'KEYS', kind: 'text' },
        summary: 'other keys than ctrl-p,ctrl-q',
      },
      {
        name: '--exit-code',
        summary: 'until it ends, whether it is started again or not; exit as it did (128 + signal)',
      },
      { name: '--no-replay', summary: 'without the recent output' },
      {
        name: '--stream',
        value: { label: 'STREAM', kind: { oneOf: ['stdout', 'stderr'] } },
        summary: 'only stdout or stderr',
      },
      { name: '--raw', summary: 'to the terminal byte for byte, escape sequences included' },
    ],
    summary: 'show recent output, then stream it; survives restarts',
    notes: [
      'Ctrl-P Ctrl-Q (or Ctrl-C) detaches; the process does not notice. --detach-keys takes others, such as',
      'ctrl-^ or ctrl-a,d.',
      'What is piped in ends with the pipe: the process reads the end of its input, unless it has a terminal or',
      '--keep-open is given.',
      '--stdin needs stdin = "pipe" or tty = true in the configuration, and is for one at a time. To one with a',
      'terminal goes every key, Ctrl-C and Ctrl-D too, and what it shows comes byte for byte; the terminal takes',
      'the size of yours.',
      'On a terminal, colours pass and other control characters are shown as \\x1b; into a file or pipe, and',
      'with --raw, output goes byte for byte.',
    ],
    examples: [
      ['attach web', 'what it prints, from now on'],
      ['attach console --stdin', 'type to it'],
      ['attach job --exit-code', 'follow a job to its end'],
    ],
    hasNoJson: true,
    whyInClient: ({ flags }, { stdin, stdout }) =>
      flags.has('--stdin') || stdin || stdout ? 'it needs the terminal, or what is typed there' : undefined,
    load: async () => (await import('./attach/attach.ts')).attach,
  },
  {
    verb: 'send',
    operands: [NAME, { label: 'TEXT', kind: 'text', count: 'optional' }],
    flags: [{ name: '--no-newline', summary: 'TEXT as it is, without a newline behind it' }],
    summary: 'write a line, or what is piped in, to its standard input, and leave that open',
    notes: [
      'Returns when the process has been given all of it. Needs stdin = "pipe" or tty = true in the configuration;',
      'refused while somebody is attached with --stdin. A TEXT that begins with - stands behind --.',
      `${ACTION_CODES},`,
      '      7 not running',
    ],
    examples: [
      ["send console 'say hi'", 'one line to a console'],
      ['send import < rows.csv', 'what a file holds, byte for byte'],
    ],
    load: async () => (await import('./attach/send.ts')).send,
  },
  {
    verb: 'logs',
    operands: [],
    flags: [
      ...EVENT_FLAGS,
      { name: '--output', short: '-o', summary: 'what processes print, too' },
      {
        name: '--stream',
        value: { label: 'STREAM', kind: { oneOf: ['stdout', 'stderr'] } },
        summary: 'only what processes print there',
      },
    ],
    summary: 'look through the journal: events, and with --output what processes print',
    notes: [
      'Times without a zone are universal time, as those shown. --event is for events. What a process prints has the',
      'level that the line tells (JSON, logfmt, syslog, a word such as WARN), and info where it tells none.',
      'How far back it goes, and whether what processes print is kept longer than the last of it, is configured',
      'in [engine.journal].',
    ],
    examples: [
      ['logs -p api -l warn --since 10m', 'what went wrong with api lately'],
      ['logs -o -p api --grep timeout', 'what it printed about it'],
      ['logs -f -o -p web -p api --stream stderr', 'follow the errors of two'],
    ],
    whyInClient: whyLogsInClient,
    load: async () => (await import('./logs/logs.ts')).logs,
  },
  {
    verb: 'events',
    operands: [],
    flags: EVENT_FLAGS,
    summary: 'what happened, one event a line; as it happens with --follow',
    notes: [],
    examples: [['events --follow -e state_changed', 'every change of state']],
    whyInClient: whyLogsInClient,
    load: async () => (await import('./logs/logs.ts')).events,
  },
  {
    verb: 'why',
    operands: [ANY_NAMES],
    flags: [],
    summary:
      'explain the state of instances, and what happens next; without names, of all that are not healthy',
    notes: [
      'Without names it explains what is neither healthy nor completed. The exit code is 0 if the engine has',
      'answered, whatever it explains; the array of --json is empty if all is well. status has a code for scripts.',
    ],
    examples: [
      ['why', 'everything that is not as it should be'],
      ['why api', 'the chain of causes, the last checks and lines, what comes next'],
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
        summary: 'at most so many lines, the last ones (200)',
      },
    ],
    summary: 'what happened, in order; what came of something is indented below it',
    notes: ['With names: what happened to those, and what led to that. Times are universal time.'],
    examples: [['timeline api --since 1h', 'what happened to api, and what led to it']],
    whyInClient: () => 'it holds thousands of events',
    load: async () => (await import('./logs/timeline.ts')).timeline,
  },
  {
    verb: 'health',
    operands: [],
    flags: [
      { name: '--startup', summary: 'has every autostarted process been healthy or completed once?' },
      { name: '--ready', summary: 'are all healthy now? (the default)' },
      { name: '--live', summary: 'does the engine work, and has no essential process failed for good?' },
    ],
    summary: 'answer an orchestrator in one line',
    notes: ['exit: 0 yes, 1 no (or the engine cannot be reached)'],
    examples: [['health --ready', 'for a readiness probe']],
    exitCodeOf: (code) => (code === 'bad-arguments' ? 2 : 1),
    load: async () => (await loadLooks()).health,
  },
  {
    verb: 'env',
    operands: [NAME],
    flags: [],
    summary: 'the environment that its next incarnation is given',
    notes: ["Only for the engine's own user and root: environments hold secrets."],
    load: async () => (await loadLooks()).env,
  },
  {
    verb: 'config',
    operands: [{ ...NAME, count: 'optional' }],
    flags: [],
    summary: 'the configuration in effect, every default filled in',
    notes: ["Only for the engine's own user and root: environments hold secrets."],
    load: async () => (await loadLooks()).config,
  },
  {
    verb: 'shutdown',
    operands: [],
    flags: [WAIT[0] as FlagSpec],
    summary: 'stop everything in order; then the engine leaves',
    notes: ['With --wait: return when the engine has gone.'],
    outlivesEngine: ({ flags }) => flags.has('--wait'),
    load: async () => (await loadActions()).shutdown,
  },
  {
    verb: 'version',
    operands: [],
    flags: [],
    summary: 'version of the running engine',
    notes: [],
    load: async () => (await loadLooks()).version,
  },
  {
    verb: 'help',
    operands: [{ label: 'VERB', kind: 'verb', count: 'optional' }],
    flags: [],
    summary: 'this, or all about one verb',
    notes: [],
    hasNoJson: true,
    load: async () => (await import('./help.ts')).help,
  },
  {
    verb: 'completion',
    operands: [{ label: 'SHELL', kind: { oneOf: ['bash', 'zsh', 'fish'] }, count: 'one' }],
    flags: [],
    summary: 'a script for Tab in your shell: source <(taskshell completion bash)',
    notes: [],
    hasNoJson: true,
    load: async () => (await import('./completion.ts')).completion,
  },
  {
    verb: '__complete',
    operands: [{ label: 'WORD', kind: 'text', count: 'any' }],
    flags: [],
    summary: 'candidates for the last word; the completion scripts ask this',
    notes: [],
    isHidden: true,
    load: async () => (await import('./completion.ts')).candidates,
  },
];
