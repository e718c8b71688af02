/** The verbs that say what is wanted of instances, and what those share with others. */

import type { CommandSpec, FlagSpec, OperandSpec } from './command.ts';

export const NAME: OperandSpec = { label: 'NAME', kind: 'process', count: 'one' };
export const SOME_NAMES: OperandSpec = { ...NAME, count: 'some' };
export const WAIT: readonly FlagSpec[] = [
  { name: '--wait', short: '-w', summary: 'wait until the new state is reached, or cannot be reached' },
  {
    name: '--timeout',
    value: { label: 'TIME', kind: 'text' },
    summary: 'with --wait: stop waiting after TIME (30s, 1m30s)',
  },
];
export const ACTION_CODES =
  'exit: 0 done, or nothing to do, 1 failed, 2 bad arguments, 4 not permitted, 5 no such process';

export const loadActions = () => import('./act.ts');

export const ACT_COMMANDS: readonly CommandSpec[] = [
  {
    verb: 'start',
    operands: [SOME_NAMES],
    flags: WAIT,
    summary: 'start instances, without waiting for a pending retry',
    notes: [`${ACTION_CODES},`, '      8 --timeout passed'],
    load: async () => (await loadActions()).start,
  },
  {
    verb: 'stop',
    operands: [SOME_NAMES],
    flags: WAIT,
    summary: 'stop instances by their stop sequence',
    notes: [`${ACTION_CODES},`, '      8 --timeout passed'],
    examples: [
      ['stop web --wait', 'wait, and show the progress'],
      ['stop web:2', 'one of several instances'],
    ],
    load: async () => (await loadActions()).stop,
  },
  {
    verb: 'restart',
    operands: [SOME_NAMES],
    flags: [
      ...WAIT,
      {
        name: '--rolling',
        summary: 'one after the other, each once the one before is healthy; waits for the end',
      },
      {
        name: '--max-unavailable',
        value: { label: 'N', kind: 'text' },
        summary: 'with --rolling: N at a time',
      },
    ],
    summary: 'restart running instances, start stopped ones',
    notes: [
      `${ACTION_CODES},`,
      '      8 --timeout passed',
      'A rolling restart stops at the first instance that fails; the others keep running as they were. It leaves',
      'instances stopped that somebody has stopped, and goes on if taskshell ends.',
    ],
    examples: [
      ['restart api --wait --timeout 30s', 'exit with 8 if it takes longer'],
      ['restart web --rolling --max-unavailable 2', 'at most two copies are down at any time'],
      ['restart all', 'everything'],
    ],
    load: async () => (await loadActions()).restart,
  },
  {
    verb: 'run',
    operands: [SOME_NAMES],
    flags: WAIT,
    summary: 'run processes that have a schedule now, ahead of their next time',
    notes: [
      'With --wait: until the run has ended. The schedule goes on as before; one that is stopped stays stopped.',
      `${ACTION_CODES},`,
      '      8 --timeout passed',
    ],
    examples: [['run backup --wait', 'exit with 1 if the run fails']],
    load: async () => (await loadActions()).run,
  },
  {
    verb: 'signal',
    operands: [NAME, { label: 'SIG', kind: 'signal', count: 'one' }],
    flags: [{ name: '--leader', summary: 'signal only the main process, not its process group' }],
    summary: 'send a signal to the process group: HUP, SIGUSR1, RTMIN+3, 15',
    notes: [`${ACTION_CODES},`, '      7 not running'],
    examples: [
      ['signal nginx HUP', 'have nginx reload its configuration'],
      ['signal worker USR1 --leader', 'signal the main process alone'],
    ],
    load: async () => (await loadActions()).signal,
  },
];
