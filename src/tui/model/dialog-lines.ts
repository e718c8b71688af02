/** What stands in a dialog, as lines. Pure. */

import { plainLine } from '../../cli/plain-text.ts';
import { wrapWords } from '../../terminal/characters.ts';
import { GREEN, RED, type Style, YELLOW } from '../screen/cells.ts';
import { type SpanLine, span } from '../screen/spans.ts';
import { NORMAL, QUIET, TITLE } from '../screen/tones.ts';
import { COMMANDS, keyLabel } from './commands.ts';
import type { Dialog } from './model.ts';

type Plan = NonNullable<Extract<Dialog, { kind: 'plan' }>['plan']>;
type PlanAction = Plan['plan'][number]['action'];

const GROUPS = [
  ['look', 'Look'],
  ['act', 'Act on the selected one'],
  ['board', 'The board'],
] as const;
const KEYS_WIDTH = 14;
const ACTION_WIDTH = 9;

export function dialogTitle(dialog: Dialog): string {
  return dialog.kind === 'help' ? 'help' : dialog.kind === 'plan' ? 'reload: what would change' : 'sure?';
}

/** What can be done in it. */
export function dialogHint(dialog: Dialog): string {
  switch (dialog.kind) {
    case 'help':
      return '↑ ↓ scroll, any other key closes';
    case 'confirm':
      return 'y yes   n no';
    case 'plan':
      return dialog.plan === undefined ? 'Esc: cancel' : 'Enter: apply   Esc: cancel';
  }
}

/** @param width of the longest line that can be shown */
export function dialogLines(dialog: Dialog, width: number): readonly SpanLine[] {
  switch (dialog.kind) {
    case 'help':
      return helpLines();
    case 'confirm':
      return [[span(plainLine(dialog.question))]];
    case 'plan':
      return dialog.plan === undefined
        ? [[span('reading the configuration…', QUIET)]]
        : planLines(dialog.plan, width);
  }
}

function helpLines(): readonly SpanLine[] {
  const groups = GROUPS.flatMap(([group, title], index) => {
    const commands = COMMANDS.filter((command) => command.group === group);
    const rows = commands.map((command) => [
      span(command.keys.map(keyLabel).join(' ').padEnd(KEYS_WIDTH), TITLE),
      span(command.title),
    ]);
    return [...(index === 0 ? [] : [[]]), [span(title, QUIET)], ...rows];
  });
  return [
    ...groups,
    [],
    [span('On the screen', QUIET)],
    [span('!'.padEnd(KEYS_WIDTH), TITLE), span('in trouble; in the output, standard error')],
    [span('RST'.padEnd(KEYS_WIDTH), TITLE), span('automatic restarts since the engine started')],
    [span('CPU'.padEnd(KEYS_WIDTH), TITLE), span('100% is one processor, with all it has started')],
  ];
}

const ACTION_STYLES: Readonly<Record<PlanAction, Style>> = {
  add: GREEN,
  remove: RED,
  restart: YELLOW,
  update: NORMAL,
  unchanged: QUIET,
};

function planLines(
  { plan, needs_engine_restart: later, warnings }: Plan,
  width: number,
): readonly SpanLine[] {
  const changes = plan.filter(({ action }) => action !== 'unchanged');
  const rows = changes.map(({ process, action, changed, stays_stopped: stopped = [] }) => [
    span(action.padEnd(ACTION_WIDTH), ACTION_STYLES[action]),
    span(plainLine(process), TITLE),
    span(changed.length === 0 ? '' : `  ${changed.map(plainLine).join(', ')}`, QUIET),
    span(stopped.length === 0 ? '' : `  ${stopped.map(plainLine).join(', ')} stays stopped`, YELLOW),
  ]);
  const same = plan.length - changes.length;
  const rest = changes.length === 0 ? 'nothing differs' : `${same} unchanged`;
  return [
    ...rows,
    [span(rest, QUIET)],
    ...later.flatMap((key) => noted('later', `${key}: when the engine restarts`, width)),
    ...warnings.flatMap((text) => noted('warning', text, width)),
  ];
}

function noted(what: string, text: string, width: number): readonly SpanLine[] {
  return wrapWords(plainLine(text), Math.max(8, width - ACTION_WIDTH)).map((piece, index) => [
    span((index === 0 ? what : '').padEnd(ACTION_WIDTH), YELLOW),
    span(piece),
  ]);
}
