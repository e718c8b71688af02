/** All that a person can do, in one table: the keys, the palette and the help are made from it. Pure. */

import { layoutOf } from '../screen/layout.ts';
import { filterEvents } from './event-log.ts';
import {
  type Model,
  PANES,
  type Pane,
  type Prompt,
  type Request,
  type Step,
  selectedInstance,
  selectedRow,
} from './model.ts';
import { foldsOf, SORT_KEYS } from './rows.ts';
import { findNext, scrollBy } from './scrolling.ts';

export interface BoardCommand {
  readonly title: string;
  /** The first is shown. */
  readonly keys: readonly string[];
  readonly group: 'look' | 'act' | 'board';
  run(model: Model): Step;
}

const only = (model: Model): Step => ({ model, requests: [] });
const asking = (model: Model, ...requests: readonly Request[]): Step => ({ model, requests });
const look = (title: string, keys: readonly string[], run: (model: Model) => Model): BoardCommand => ({
  title,
  keys,
  group: 'look',
  run: (model) => only(run(model)),
});

export const COMMANDS: readonly BoardCommand[] = [
  look('select the one above', ['up', 'k'], (model) => moved(model, -1)),
  look('select the one below', ['down', 'j'], (model) => moved(model, 1)),
  look('a page up', ['pageup', 'ctrl-b'], (model) => moved(model, -pageOf(model))),
  look('a page down', ['pagedown', 'ctrl-f'], (model) => moved(model, pageOf(model))),
  look('to the first', ['home', 'g'], (model) => moved(model, Number.NEGATIVE_INFINITY)),
  look('to the last; follow', ['end', 'G'], (model) => moved(model, Number.POSITIVE_INFINITY)),
  look('full screen, and back', ['enter'], (model) =>
    model.isFull ? left(model) : { ...model, isFull: true },
  ),
  look('details: why it is in its state', ['d'], (model) => showing(model, 'details')),
  look('events: what happened in the engine', ['e'], (model) => showing(model, 'events')),
  look('output, details, events', ['tab'], (model) => ({
    ...model,
    pane: PANES[(PANES.indexOf(model.pane) + 1) % PANES.length] ?? 'output',
  })),
  look('filter; in the output, search', ['/'], (model) => ({
    ...model,
    prompt: { ...askedFor(model), chosen: 0 },
  })),
  look('older match', ['n'], (model) => findNext(model, 'older')),
  look('newer match', ['N'], (model) => findNext(model, 'newer')),
  look('wrap long lines', ['w'], (model) => ({
    ...model,
    followed: { ...model.followed, isWrapped: !model.followed.isWrapped },
  })),
  look('only what is in trouble', ['!'], (model) => ({ ...model, isTroubleOnly: !model.isTroubleOnly })),
  look('sort by the next column', ['o'], (model) => ({ ...model, sort: nextSort(model) })),
  look('fold or unfold the instances of a process', ['space'], (model) => fold(model)),
  look('fold or unfold the group', ['f'], (model) => foldGroup(model)),
  look('fold or unfold everything', ['z'], (model) => foldAll(model)),
  { title: 'start', keys: ['s'], group: 'act', run: (model) => act(model, 'start') },
  {
    title: 'stop',
    keys: ['x'],
    group: 'act',
    run: (model) => confirming(model, 'stop', (target) => ({ kind: 'act', action: 'stop', target }) as const),
  },
  { title: 'restart', keys: ['r'], group: 'act', run: (model) => act(model, 'restart') },
  { title: 'run it now, if it has a schedule', keys: ['t'], group: 'act', run: (model) => act(model, 'run') },
  {
    title: 'send a signal',
    keys: ['S'],
    group: 'act',
    run: (model) =>
      only(
        selectedRow(model) === undefined
          ? nothingSelected(model)
          : { ...model, prompt: { kind: 'signal', text: '', chosen: 0 } },
      ),
  },
  {
    title: 'kill (KILL to the whole group)',
    keys: ['K'],
    group: 'act',
    run: (model) =>
      confirming(model, 'kill', (target) => ({ kind: 'signal', target, signal: 'KILL' }) as const),
  },
  {
    title: 'attach: type to it, and see what it prints',
    keys: ['a'],
    group: 'act',
    run: (model) => {
      const name = selectedInstance(model)?.instance.name;
      return name === undefined ? only(nothingSelected(model)) : asking(model, { kind: 'attach', name });
    },
  },
  {
    title: 'reload the configuration: see the plan first',
    keys: ['R'],
    group: 'act',
    run: (model) =>
      asking({ ...model, dialog: { kind: 'plan', plan: undefined, from: 0 } }, { kind: 'plan' }),
  },
  {
    title: 'shut down: stop everything, and end the engine',
    keys: [],
    group: 'act',
    run: (model) => {
      const question = 'Stop everything and end the engine?';
      return only({
        ...model,
        dialog: { kind: 'confirm', question, request: { kind: 'shutdown' } },
      });
    },
  },
  {
    title: 'list of all commands',
    keys: [':', 'ctrl-p'],
    group: 'board',
    run: (model) => only({ ...model, prompt: { kind: 'palette', text: '', chosen: 0 } }),
  },
  {
    title: 'mouse on or off: the wheel scrolls, a click selects',
    keys: ['m'],
    group: 'board',
    run: (model) => switchMouse(model, !model.hasMouse),
  },
  {
    title: 'help',
    keys: ['?', 'f1'],
    group: 'board',
    run: (model) => only({ ...model, dialog: { kind: 'help', from: 0 } }),
  },
  {
    title: 'back; forget filter and search',
    keys: ['escape'],
    group: 'board',
    run: (model) => only(back(model)),
  },
  {
    title: 'leave',
    keys: ['q', 'ctrl-c'],
    group: 'board',
    run: (model) => asking(model, { kind: 'leave', code: 0 }),
  },
];

/** What the palette offers for what was typed: each word somewhere in the title. */
export function commandsFor(text: string): readonly BoardCommand[] {
  const words = text.toLowerCase().split(' ').filter(Boolean);
  return COMMANDS.filter(({ title, keys }) =>
    words.every((word) => title.includes(word) || keys.some((key) => key === word)),
  );
}

/** How a key is written on the screen. */
export function keyLabel(key: string): string {
  const labels: Readonly<Record<string, string>> = {
    up: '↑',
    down: '↓',
    pageup: 'PgUp',
    pagedown: 'PgDn',
    home: 'Home',
    end: 'End',
    enter: 'Enter',
    tab: 'Tab',
    space: 'Space',
    escape: 'Esc',
    'ctrl-p': 'Ctrl-P',
    'ctrl-c': 'Ctrl-C',
    'ctrl-b': 'Ctrl-B',
    'ctrl-f': 'Ctrl-F',
    f1: 'F1',
  };
  return labels[key] ?? key;
}

function isLowerShown(model: Model): boolean {
  return model.isFull || layoutOf(model.size, model.instances.size, false).paneRows > 0;
}

/** In the lower pane; the same key shows the output again. Where there is no such pane, over the screen. */
function showing(model: Model, pane: Pane): Model {
  if (!isLowerShown(model)) return { ...model, pane, isFull: true };
  return { ...model, pane: model.pane === pane ? 'output' : pane };
}

/** Out of the full screen: where nothing is below the table, Enter shows the output next time. */
function left(model: Model): Model {
  const table = { ...model, isFull: false };
  return isLowerShown(table) ? table : { ...table, pane: 'output' };
}

function askedFor({ isFull, pane, filter, followed, events }: Model): Omit<Prompt, 'chosen'> {
  if (isFull && pane === 'output') return { kind: 'search', text: followed.search };
  return isFull && pane === 'events'
    ? { kind: 'event-filter', text: events.filter }
    : { kind: 'filter', text: filter };
}

function pageOf(model: Model): number {
  const { tableRows, paneRows } = layoutOf(model.size, model.instances.size, model.isFull);
  return Math.max(1, (model.isFull ? paneRows : tableRows) - 1);
}

/** The selection in the table; in full screen, the text. */
export function moved(model: Model, by: number): Model {
  if (model.isFull) return scrollBy(model, by);
  const last = Math.max(0, model.rows.length - 1);
  const selectedAt = Math.min(Math.max(model.selectedAt + by, 0), last);
  return { ...model, selectedAt, selected: model.rows[selectedAt]?.id };
}

function nextSort({ sort }: Model): Model['sort'] {
  return SORT_KEYS[(SORT_KEYS.indexOf(sort) + 1) % SORT_KEYS.length] ?? 'trouble';
}

function fold(model: Model): Model {
  const row = selectedRow(model);
  const instance = selectedInstance(model)?.instance;
  if (row === undefined || instance === undefined) return model;
  if (row.isFolded) return unfolded(model, row.process, instance.name);
  return instance.name === instance.process ? model : foldedInto(model, instance.process);
}

/** The first group of the selected one. */
function foldGroup(model: Model): Model {
  const row = selectedRow(model);
  const instance = selectedInstance(model)?.instance;
  const group = instance?.groups?.[0];
  if (row === undefined || instance === undefined || group === undefined) return model;
  return row.isFolded && row.process === group
    ? unfolded(model, group, instance.name)
    : foldedInto(model, group);
}

function foldedInto(model: Model, name: string): Model {
  return { ...model, folded: new Set([...model.folded, name]), selected: `${name}:*` };
}

function unfolded(model: Model, name: string, selected: string): Model {
  const folded = new Set(model.folded);
  folded.delete(name);
  return { ...model, folded, selected };
}

function foldAll(model: Model): Model {
  if (model.folded.size > 0) return { ...model, folded: new Set() };
  const folded = new Set([...model.instances.values()].flatMap(({ instance }) => foldsOf(instance)));
  const instance = selectedInstance(model)?.instance;
  const fold = instance && foldsOf(instance)[0];
  const selected = fold === undefined ? model.selected : `${fold}:*`;
  return { ...model, folded, selected };
}

function back(model: Model): Model {
  if (model.isFull && model.pane === 'output' && model.followed.search !== '') {
    return { ...model, followed: { ...model.followed, search: '' } };
  }
  if (model.isFull && model.pane === 'events' && model.events.filter !== '') {
    return { ...model, events: filterEvents(model.events, '') };
  }
  if (model.isFull) return left(model);
  return { ...model, filter: '', isTroubleOnly: false };
}

/** Off, until somebody wants it: the terminal's own selecting and copying is worth more. */
function switchMouse(model: Model, isOn: boolean): Step {
  const text = isOn
    ? 'the wheel scrolls, a click selects; Shift marks text as before, m ends it'
    : 'the mouse is left to the terminal';
  const said = { tone: 'good', text, at: model.now } as const;
  return asking({ ...model, hasMouse: isOn, said }, { kind: 'mouse', isOn });
}

function act(model: Model, action: 'start' | 'restart' | 'run'): Step {
  const row = selectedRow(model);
  if (row === undefined) return only(nothingSelected(model));
  return asking(model, { kind: 'act', action, target: row.target });
}

function confirming(model: Model, verb: string, request: (target: string) => Request): Step {
  const row = selectedRow(model);
  if (row === undefined) return only(nothingSelected(model));
  const all = row.isFolded ? ` (all ${row.members.length} instances)` : '';
  const question = `${verb === 'kill' ? 'Kill' : 'Stop'} ${row.target}${all}?`;
  return only({ ...model, dialog: { kind: 'confirm', question, request: request(row.target) } });
}

function nothingSelected(model: Model): Model {
  return { ...model, said: { tone: 'bad', text: 'nothing is selected', at: model.now } };
}
