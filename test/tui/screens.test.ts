import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seenEvent } from '../../src/tui/model/event-log.ts';
import { processFacts } from '../../src/tui/model/process-facts.ts';
import type { Size } from '../../src/tui/screen/cells.ts';
import { view } from '../../src/tui/view/view.ts';
import { assertScreen, BoardRig, wireInstance } from '../support/board-rig.ts';
import {
  CONTAINER,
  SCENE,
  SCENE_EVENTS,
  SCENE_LATER,
  WORKER_CONFIG,
  WORKER_OUTPUT,
  WORKER_WHY,
} from '../support/board-scene.ts';

/** The scene, three seconds after it was first seen, with the flapping worker selected. */
function scene(size: Size = { columns: 80, rows: 24 }): BoardRig {
  const board = new BoardRig(size).connect(...SCENE).pass(1);
  board
    .change(...SCENE_LATER)
    .use(CONTAINER)
    .pass(2)
    .press('j');
  return printed(board);
}

function printed(board: BoardRig): BoardRig {
  board.tell({ kind: 'followed', name: 'worker' });
  for (const [stream, text] of WORKER_OUTPUT) board.print('worker', text, stream);
  return board.tell({ kind: 'noted', name: 'worker', text: 'ended with code 3' });
}

const explained = (board: BoardRig): BoardRig =>
  board.tell({ kind: 'explained', report: WORKER_WHY, facts: processFacts(WORKER_CONFIG) });

const happened = (board: BoardRig): BoardRig =>
  board.tell({ kind: 'happened', events: SCENE_EVENTS.map(seenEvent) });

const SCREENS: Readonly<Record<string, () => BoardRig>> = {
  'board-80x24': () => scene(),
  'board-40x12': () => scene({ columns: 40, rows: 12 }),
  'board-200x60': () => scene({ columns: 200, rows: 60 }),
  'details-100x45': () => explained(scene({ columns: 100, rows: 45 }).press('d', 'enter')),
  'no-limit-120x24': () => scene({ columns: 120, rows: 24 }).use({ ...CONTAINER, memory_limit_bytes: null }),
  'details-80x24': () => explained(scene().press('d')),
  'details-full-80x24': () => explained(scene().press('d', 'enter')),
  'output-full-80x24': () => scene().press('enter', '/', '"broker"', 'enter'),
  'output-full-40x12': () => printed(scene({ columns: 40, rows: 12 }).press('enter', 'w')),
  'events-80x24': () => happened(scene().press('e')),
  'events-full-80x24': () => happened(scene().press('e', 'enter')),
  'events-filter-80x24': () => happened(scene().press('e', 'enter')).press('/', '"worker"'),
  'events-40x12': () => happened(scene({ columns: 40, rows: 12 }).press('e')),
  'events-200x60': () => happened(scene({ columns: 200, rows: 60 }).press('e')),
  'said-40x12': () =>
    scene({ columns: 40, rows: 12 }).tell({
      kind: 'told',
      tone: 'bad',
      text: 'cannot write to web: its standard input is /dev/null; set stdin = "pipe" or tty = true for it, and reload',
    }),
  'folded-80x24': () => scene().press('z'),
  'filter-80x24': () => scene().press('/', '"web"'),
  'trouble-80x24': () => scene().press('!'),
  'help-80x24': () => scene().press('?'),
  'palette-80x24': () => scene().press(':', '"re"', 'down'),
  'confirm-80x24': () => scene().press('x'),
  'plan-80x24': () =>
    scene()
      .press('R')
      .tell({
        kind: 'planned',
        plan: {
          applied: false,
          plan: [
            { process: 'web', action: 'restart', changed: ['cmd', 'environment'] },
            { process: 'cache', action: 'add', changed: [] },
            { process: 'mailer', action: 'remove', changed: [] },
            { process: 'db', action: 'unchanged', changed: [] },
          ],
          needs_engine_restart: ['socket'],
          warnings: [],
          not_up: [],
        },
      }),
  'lost-80x24': () => scene().tell({ kind: 'disconnected', reason: 'nobody listens there' }).pass(4),
  'empty-80x24': () => new BoardRig().connect(),
};

describe('the screen is the one in test/fixtures/tui', () => {
  for (const [name, make] of Object.entries(SCREENS)) {
    test(name, () => assertScreen(name, make().screen));
  }
});

test('no row is ever wider than the screen, and no size breaks it', () => {
  for (let columns = 1; columns <= 130; columns += 3) {
    for (const rows of [1, 4, 5, 8, 12, 16, 17, 24, 50]) {
      for (const keys of [[], ['enter'], ['d'], ['e'], ['?'], [':'], ['x'], ['R']]) {
        const grid = view(happened(scene({ columns, rows })).press(...keys).model);
        assert.equal(grid.texts.length, columns * rows);
      }
    }
  }
});

test('no control character of a service, a name or a reason reaches the screen', () => {
  const evil = 'a\u001b[2J\u0007\u202e\u009b31mb';
  const board = new BoardRig().connect(
    wireInstance('web', { state: 'failed', reason: evil, description: evil, consecutive_restarts: 1 }),
  );
  board.tell({ kind: 'followed', name: 'web' }).print('web', `${evil}\n`);
  board.tell({
    kind: 'happened',
    events: [seenEvent({ id: 1, time: 0, level: 'info', event: evil, message: evil, instance: evil })],
  });
  for (const keys of [[], ['enter'], ['d'], ['e']]) {
    const texts = view(board.press(...keys).model).texts.join('');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
    assert.doesNotMatch(texts, /[\u0000-\u001f\u007f-\u009f\u202e]/);
    assert.match(texts, /a\\x1b/);
  }
});

test('a change of one age changes a few cells, not the screen', () => {
  const board = scene();
  const before = view(board.model).texts;
  const after = view(board.pass(1).model).texts;
  const changed = after.filter((text, cell) => text !== before[cell]).length;
  assert.ok(changed > 0 && changed < 40, `${changed} cells`);
});
