import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pointed } from '../../src/terminal/keys.ts';
import { COMMANDS } from '../../src/tui/model/commands.ts';
import { MAX_EVENTS, type SeenEvent, seenEvent } from '../../src/tui/model/event-log.ts';
import type { Message } from '../../src/tui/model/model.ts';
import { MAX_LINES } from '../../src/tui/model/output-lines.ts';
import { processFacts } from '../../src/tui/model/process-facts.ts';
import { BoardRig, wireInstance } from '../support/board-rig.ts';
import { CONTAINER, WORKER_CONFIG } from '../support/board-scene.ts';

const FAILED = { state: 'failed', health: 'none', pid: null, uptime_ms: null } as const;
const three = (): BoardRig =>
  new BoardRig().connect(wireInstance('a'), wireInstance('b'), wireInstance('c', FAILED));
const actions = (board: BoardRig) =>
  board.requests.filter(({ kind }) => kind !== 'follow' && kind !== 'explain');

describe('the order of the table', () => {
  test('what is in trouble comes first, the rest by name, numbers as numbers', () => {
    const board = new BoardRig().connect(
      wireInstance('web:10'),
      wireInstance('web:9'),
      wireInstance('zero', FAILED),
      wireInstance('api'),
    );
    assert.deepEqual(board.names, ['zero', 'api', 'web:9', 'web:10']);
  });

  test('what flaps keeps its place while it runs between two failures', () => {
    const board = new BoardRig().connect(wireInstance('a'), wireInstance('b', { consecutive_restarts: 2 }));
    assert.deepEqual(board.names, ['b', 'a']);
    board.change(wireInstance('b', { state: 'starting', consecutive_restarts: 3 }));
    assert.deepEqual(board.names, ['b', 'a']);
  });

  test('o goes through the columns', () => {
    const board = new BoardRig().connect(
      wireInstance('a', { restarts: 1 }),
      wireInstance('b', { restarts: 9 }),
    );
    while (board.model.sort !== 'restarts') board.press('o');
    assert.deepEqual(board.names, ['b', 'a']);
  });
});

describe('the selection', () => {
  test('goes with its row when the order changes', () => {
    const board = three().press('down', 'down');
    assert.equal(board.model.selected, 'b');
    board.change(wireInstance('b', FAILED));
    assert.deepEqual(board.names, ['b', 'c', 'a']);
    assert.equal(board.model.selected, 'b');
    assert.equal(board.model.selectedAt, 0);
  });

  test('falls to the next row when its own is removed', () => {
    const board = three().press('down');
    board.tell({ kind: 'status', changes: { draining: false, instances: [], removed: ['a'] } });
    assert.equal(board.model.selected, 'b');
  });

  test('stays within the rows, and within the screen', () => {
    const many = Array.from({ length: 1_000 }, (_, index) => wireInstance(`web:${index}`));
    const board = new BoardRig().connect(...many).press('G');
    assert.equal(board.model.selected, 'web:999');
    assert.match(board.screen, /web:999 /);
    board.press('down', 'g', 'up');
    assert.equal(board.model.selected, 'web:0');
    assert.match(board.screen, / 1\/1000$/m);
  });
});

describe('a filter', () => {
  test('works while it is typed, on name, state and reason; Esc forgets it', () => {
    const board = three().press('/', '"fail"');
    assert.deepEqual(board.names, ['c']);
    board.press('backspace', 'backspace', 'backspace', 'backspace', '"b"', 'enter');
    assert.deepEqual(board.names, ['b']);
    assert.match(board.screen, /"b": 1 of 3/);
    board.press('escape');
    assert.equal(board.names.length, 3);
  });

  test('that matches nothing says so', () => {
    assert.match(three().press('/', '"nope"', 'enter').screen, /nothing matches "nope"; Esc shows all/);
  });
});

describe('actions', () => {
  test('start and restart act at once, on the selected one', () => {
    const board = three().press('down', 's', 'r');
    assert.deepEqual(actions(board), [
      { kind: 'act', action: 'start', target: 'a' },
      { kind: 'act', action: 'restart', target: 'a' },
    ]);
  });

  for (const [key, request] of [
    ['x', { kind: 'act', action: 'stop', target: 'c' }],
    ['K', { kind: 'signal', target: 'c', signal: 'KILL' }],
  ] as const) {
    test(`${key} hurts, so it asks: only y does it`, () => {
      for (const answer of ['n', 'escape', 'enter', 'space', 'r']) {
        const board = three().press(key, answer);
        assert.deepEqual(actions(board), [], answer);
      }
      assert.deepEqual(actions(three().press(key, 'y')), [request]);
    });
  }

  test('the question is about the row that was selected when it was asked', () => {
    const board = three().press('x');
    board.tell({ kind: 'status', changes: { draining: false, instances: [], removed: ['c'] } });
    board.press('y');
    assert.deepEqual(actions(board), [{ kind: 'act', action: 'stop', target: 'c' }]);
  });

  test('a signal is typed by name; KILL asks, nonsense is told', () => {
    assert.deepEqual(actions(three().press('S', '"hup"', 'enter')), [
      { kind: 'signal', target: 'c', signal: 'HUP' },
    ]);
    const kill = three().press('S', '"9"', 'enter');
    assert.deepEqual(actions(kill), []);
    assert.match(kill.screen, /Kill c\?/);
    assert.match(three().press('S', '"foo"', 'enter').screen, /"foo" is no signal/);
  });

  test('a reload shows its plan, and is done only from there', () => {
    const board = three().press('R', 'enter');
    assert.deepEqual(actions(board), [{ kind: 'plan' }]);
    const plan = { applied: false, plan: [], needs_engine_restart: [], warnings: [], not_up: [] };
    board.tell({ kind: 'planned', plan }).press('enter');
    assert.deepEqual(actions(board), [{ kind: 'plan' }, { kind: 'reload' }]);
  });

  test('a plan that cannot be made closes, and says why', () => {
    const board = three().press('R').tell({ kind: 'told', tone: 'bad', text: 'tm.toml:3: no such key' });
    assert.equal(board.model.dialog, undefined);
    assert.match(board.screen, /tm\.toml:3: no such key/);
  });

  test('shutting down has no key of its own: the palette has it, and it asks', () => {
    const board = three().press('ctrl-p', '"shut"', 'enter');
    assert.match(board.screen, /Stop everything and end the engine\?/);
    assert.deepEqual(actions(board.press('y')), [{ kind: 'shutdown' }]);
  });

  test('what came of one is told until it is old', () => {
    const board = three().tell({ kind: 'told', tone: 'good', text: 'web is healthy' });
    assert.match(board.screen, /web is healthy/);
    assert.doesNotMatch(board.pass(13).screen, /web is healthy/);
  });
});

describe('instances of one process', () => {
  const board = () =>
    new BoardRig().connect(wireInstance('api'), wireInstance('web:1'), wireInstance('web:2', FAILED));

  test('fold into one row, which counts them, and acts on all', () => {
    const folded = board().press('space');
    assert.deepEqual(folded.names, ['web:*', 'api']);
    assert.match(folded.screen, /web ×2 +failed .* 1 failed, 1 healthy/);
    assert.match(folded.press('x').screen, /Stop web \(all 2 instances\)\?/);
    assert.deepEqual(actions(folded.press('y')), [{ kind: 'act', action: 'stop', target: 'web' }]);
  });

  test('unfold to the one in the worst state', () => {
    const again = board().press('space', 'space');
    assert.equal(again.model.selected, 'web:2');
    assert.equal(again.names.length, 3);
  });
});

describe('the processes of a group', () => {
  const app = { groups: ['app'] };
  const board = () =>
    new BoardRig().connect(
      wireInstance('api', app),
      wireInstance('db'),
      wireInstance('web:1', app),
      wireInstance('web:2', { ...FAILED, ...app }),
    );

  test('fold into one row by f, which acts on the group', () => {
    const folded = board().press('f');
    assert.deepEqual(folded.names, ['app:*', 'db']);
    assert.match(folded.screen, /app ×3 +failed .* 1 failed, 2 healthy/);
    assert.deepEqual(actions(folded.press('r')), [{ kind: 'act', action: 'restart', target: 'app' }]);
  });

  test('unfold by f or Space to the one in the worst state', () => {
    for (const key of ['f', 'space']) {
      const again = board().press('f', key);
      assert.equal(again.model.selected, 'web:2');
      assert.equal(again.names.length, 4);
    }
  });

  test('fold and unfold with all the others by z', () => {
    assert.deepEqual(board().press('z').names, ['app:*', 'db']);
    assert.equal(board().press('z', 'z').names.length, 4);
  });

  test('stay where they are for one that is in no group', () => {
    const same = board().press('down', 'down', 'f');
    assert.equal(same.names.length, 4);
  });
});

describe('the output', () => {
  const reading = (): BoardRig => {
    const board = new BoardRig().connect(wireInstance('web')).press('enter');
    board.tell({ kind: 'followed', name: 'web' });
    for (let line = 1; line <= 100; line++) board.print('web', `line ${line}\n`);
    return board;
  };

  test('is asked for where the selection goes, once', () => {
    const board = three().press('down', 'down', 'up');
    const followed = board.requests.filter(({ kind }) => kind === 'follow');
    assert.deepEqual(
      followed.map((request) => 'name' in request && request.name),
      ['c', 'a', 'b', 'a'],
    );
  });

  test('follows the end; who reads back is not moved by what comes', () => {
    const board = reading();
    assert.match(board.screen, /line 100$/m);
    board.press('pageup').print('web', 'line 101\nline 102\n');
    const before = board.screen;
    assert.doesNotMatch(before, /line 100/);
    board.print('web', 'line 103\n');
    assert.deepEqual(board.screen.split('\n').slice(2), before.split('\n').slice(2));
    assert.match(board.press('end').screen, /line 103$/m);
  });

  test('is searched from the newest line back, letter case aside', () => {
    const board = reading().press('/', '"LINE 4"', 'enter');
    assert.match(board.screen, /line 49$/m);
    assert.match(board.press('n').screen, /line 48$/m);
    assert.doesNotMatch(board.screen, /line 49$/m);
    assert.match(board.press('N').screen, /line 49$/m);
    assert.match(reading().press('/', '"nowhere"', 'enter').screen, /no older line with "nowhere"/);
  });

  test('of another instance that arrives late is dropped', () => {
    const board = three().tell({ kind: 'followed', name: 'c' }).print('b', 'not mine\n');
    assert.doesNotMatch(board.screen, /not mine/);
  });

  test('is bounded in lines and in their length', () => {
    const board = three().tell({ kind: 'followed', name: 'c' });
    board.print('c', 'x\n'.repeat(2 * MAX_LINES));
    board.print('c', 'y'.repeat(1_000_000));
    const { output } = board.model.followed;
    assert.equal(output.lines.length, MAX_LINES);
    assert.ok(output.open.stdout.length <= 2_000);
  });

  test('that was written over by a carriage return shows what was written last', () => {
    const board = three().tell({ kind: 'followed', name: 'c' });
    assert.match(board.print('c', '10 %\r100 %\r\n').screen, /^ {2}100 %$/m);
  });
});

describe('details', () => {
  test('are asked for again when the instance has moved, not when it has used something', () => {
    const board = three().press('down', 'd');
    const asked = () => board.requests.filter(({ kind }) => kind === 'explain').length;
    assert.equal(asked(), 1);
    const usage = { cpu_seconds: 1, memory_bytes: 1, anonymous_bytes: 1, processes: 1 };
    board.change(wireInstance('a', { usage }));
    assert.equal(asked(), 1);
    board.change(wireInstance('a', FAILED));
    assert.equal(asked(), 2);
  });
});

describe('an engine that goes', () => {
  test('is told, nothing is asked of it, and what comes back is taken again', () => {
    const board = three().tell({ kind: 'disconnected', reason: 'it closed the connection' });
    assert.match(board.screen, /no engine for 0s, trying again: it closed the connection/);
    const before = board.requests.length;
    board.press('down').pass(3);
    assert.equal(board.requests.length, before);
    board.connect(wireInstance('b'));
    assert.deepEqual(board.names, ['b']);
    assert.match(board.screen, /connected to the engine again/);
    assert.deepEqual(board.requests.at(-1), { kind: 'follow', name: 'b' });
  });
});

describe('what is typed', () => {
  test('a paste is no row of commands', () => {
    const board = three().tell({ kind: 'paste', text: 'rxyq' });
    assert.deepEqual(actions(board), []);
    assert.equal(board.press('/').tell({ kind: 'paste', text: 'b\n' }).model.filter, 'b');
  });

  test('q and Ctrl-C leave; in a line being typed q is a letter', () => {
    assert.deepEqual(actions(three().press('q')), [{ kind: 'leave', code: 0 }]);
    assert.deepEqual(actions(three().press('/', 'q')), []);
    assert.deepEqual(actions(three().press('/', 'ctrl-c')), [{ kind: 'leave', code: 0 }]);
  });

  test('no key has two meanings', () => {
    const keys = COMMANDS.flatMap((command) => command.keys);
    assert.deepEqual(keys, [...new Set(keys)]);
  });

  test('no row of keys breaks the board', () => {
    const keys = [...COMMANDS.flatMap((command) => command.keys), 'y', 'enter', 'escape', '7'];
    let state = 11;
    const board = three();
    for (let times = 0; times < 3_000; times++) {
      state = (state * 48_271) % 2_147_483_647;
      board.press(keys[state % keys.length] ?? 'q');
      assert.ok(board.screen.length > 0);
    }
  });
});

describe('events', () => {
  const event = (id: number, text: string): SeenEvent =>
    seenEvent({ id, time: id, level: 'info', event: 'note', message: text });
  const happened = (...texts: readonly string[]): Message => ({
    kind: 'happened',
    events: texts.map((text, index) => event(index, text)),
  });
  const watched = (board: BoardRig) => board.requests.filter(({ kind }) => kind === 'watch-events').length;

  test('are asked for once, when somebody looks, and again of an engine that is back', () => {
    const board = three();
    assert.equal(watched(board), 0);
    board.press('e', 'e', 'e');
    assert.equal(watched(board), 1);
    board.tell(happened('before')).tell({ kind: 'disconnected', reason: 'gone' });
    assert.equal(watched(board), 1);
    board.connect(wireInstance('a'));
    assert.equal(watched(board), 2);
    assert.deepEqual(board.model.events.all, []);
  });

  test('anyone who reads back is not moved by what comes, nor by what the filter hides', () => {
    const board = three()
      .press('e', 'enter')
      .tell(happened('ten 1', 'ten 2', 'nine 3'));
    board.press('up');
    const last = (): string | undefined => {
      const { shown, back } = board.model.events;
      return shown.at(-1 - back)?.text;
    };
    assert.equal(last(), 'note: ten 2');
    board.tell(happened('nine 4'));
    assert.equal(last(), 'note: ten 2');
    board.press('/', '"ten"', 'enter', 'up');
    assert.equal(last(), 'note: ten 1');
    board.tell(happened('nine 5', 'ten 6'));
    assert.equal(last(), 'note: ten 1');
    board.press('end');
    assert.equal(last(), 'note: ten 6');
  });

  test('are bounded, the newest stay', () => {
    const board = three().press('e');
    board.tell(happened(...Array.from({ length: MAX_EVENTS + 5 }, (_, index) => `nr ${index}`)));
    assert.equal(board.model.events.all.length, MAX_EVENTS);
    assert.equal(board.model.events.all.at(-1)?.text, `note: nr ${MAX_EVENTS + 4}`);
  });

  test('Esc forgets their filter, then goes back to the table', () => {
    const board = three().press('e', 'enter').tell(happened('one', 'two')).press('/', '"one"', 'enter');
    assert.equal(board.model.events.shown.length, 1);
    board.press('escape');
    assert.equal(board.model.events.shown.length, 2);
    assert.equal(board.model.isFull, true);
    board.press('escape');
    assert.equal(board.model.isFull, false);
  });

  test('on a small screen they take all of it, and Enter shows the output afterwards', () => {
    const board = new BoardRig({ columns: 40, rows: 12 }).connect(wireInstance('a')).press('e');
    assert.match(board.screen, /events/);
    board.press('escape', 'enter');
    assert.match(board.screen, /a output/);
  });
});

describe('the mouse', () => {
  const at = (action: Pointed['action'], row: number): Message => ({
    kind: 'pointed',
    action,
    row,
    column: 3,
  });

  test('is asked for by m, and given back by it', () => {
    const board = three().press('m', 'm');
    assert.deepEqual(actions(board), [
      { kind: 'mouse', isOn: true },
      { kind: 'mouse', isOn: false },
    ]);
    board.tell(at('click', 3));
    assert.equal(board.model.selected, 'c');
  });

  test('selects the row that is clicked, and nothing beside the rows', () => {
    const board = three().press('m').tell(at('click', 3));
    assert.equal(board.model.selected, 'a');
    board.tell(at('click', 1), at('click', 0), at('click', 5), at('click', 20));
    assert.equal(board.model.selected, 'a');
    const many = Array.from({ length: 100 }, (_, index) => wireInstance(`web:${index}`));
    const long = new BoardRig().connect(...many).press('m', 'G');
    long.tell(at('click', 2));
    assert.equal(long.model.selectedAt, long.model.firstRow);
  });

  test('scrolls what is below it: the table, or the text', () => {
    const board = three().press('m').tell(at('wheel-down', 4));
    assert.equal(board.model.selected, 'a');
    board.tell({ kind: 'followed', name: 'a' });
    for (let line = 0; line < 50; line++) board.print('a', `line ${line}\n`);
    board.tell(at('wheel-up', 22), at('wheel-up', 22), at('wheel-down', 22));
    assert.equal(board.model.selected, 'a');
    assert.equal(board.model.followed.back, 3);
  });

  test('answers no question', () => {
    const board = three().press('m', 'x').tell(at('click', 12), at('wheel-up', 12));
    assert.equal(board.model.dialog?.kind, 'confirm');
    assert.deepEqual(
      actions(board).filter(({ kind }) => kind === 'act'),
      [],
    );
  });
});

describe('what does not jump', () => {
  const header = (board: BoardRig): string => board.screen.split('\n')[0] ?? '';

  test('the header’s counts begin, and its memory ends, at the same place whatever the states are', () => {
    const board = new BoardRig().connect(wireInstance('a'), wireInstance('b')).use(CONTAINER);
    assert.match(header(board), /^ 2 healthy .* up 2h05m {2}load .* mem 434M of 512M$/);
    assert.equal(header(board).length, 79);
    board.change(wireInstance('a', { ...FAILED }), wireInstance('b', { state: 'healthcheck' }));
    assert.match(header(board), /^ 1 failed {2}1 healthcheck .* mem 434M of 512M$/);
    assert.equal(header(board).length, 79);
  });

  test('one long name leaves the columns of the others, and keeps its number', () => {
    const board = new BoardRig().connect(
      wireInstance('a', { pid: 7 }),
      wireInstance('payments-gateway-eu-central-blue:12'),
    );
    assert.match(board.screen, /^ {2}NAME +STATE +AGE +CPU +RST +REASON$/m);
    assert.match(board.screen, /^ {2}payments-gateway-…:12 +healthy/m);
  });
});

test('one that was stopped because it was unhealthy says so when it runs again, not which signal it was', () => {
  const status = { how: 'signalled', signal: 'SIGTERM', core: false } as const;
  const lastExit = { at: 1_767_323_033_000, status, requested: false, uptime_ms: 3_000 };
  const runs = (unhealthy?: true): BoardRig =>
    new BoardRig({ columns: 120, rows: 24 }).connect(
      wireInstance('web', {
        consecutive_restarts: 1,
        last_exit: { ...lastExit, ...(unhealthy && { unhealthy }) },
      }),
    );
  assert.match(runs().screen, /restarted after SIGTERM/);
  assert.match(runs(true).screen, /restarted: unhealthy/);
  assert.match(runs(true).press('d').screen, /SIGTERM after 3 seconds, because it was unhealthy/);
});

test('one that listens is as it should be, and shows on which socket; one that runs shows which started it', () => {
  const board = new BoardRig({ columns: 120, rows: 24 }).connect(
    wireInstance('api', {
      state: 'listening',
      health: 'none',
      pid: null,
      uptime_ms: null,
      reason: 'listens on http (0.0.0.0:80)',
      listening_on: [{ socket: 'http', address: '0.0.0.0:80' }],
    }),
    wireInstance('web', { activated_by: 'https' }),
  );
  assert.match(board.screen, /^ {2}api +listening .*listens on http \(0\.0\.0\.0:80\)/m);
  assert.match(board.screen.split('\n')[0] ?? '', /1 healthy {2}1 listening|1 listening {2}1 healthy/);
  assert.match(board.press('down', 'd').screen, /activated +by socket https/);
});

describe('the output in full screen', () => {
  test('Down after Home shows the next line at once, with wrapped lines too', () => {
    for (const keys of [[], ['w']]) {
      const board = new BoardRig().connect(wireInstance('web')).press('enter', ...keys);
      board.tell({ kind: 'followed', name: 'web' });
      const text = Array.from({ length: 100 }, (_, at) => `line ${at} ${'x'.repeat(120)}\n`).join('');
      board.print('web', text).press('home');
      assert.match(board.screen, /^ +line 0 /m);
      board.press('down');
      assert.doesNotMatch(board.screen, /^ +line 0 /m);
      board.press('up');
      assert.match(board.screen, /^ +line 0 /m);
    }
  });

  test('a progress bar shows what it wrote last, however long it goes on', () => {
    const board = new BoardRig().connect(wireInstance('web'));
    board.tell({ kind: 'followed', name: 'web' });
    for (let percent = 0; percent <= 100; percent++) board.print('web', `\r${'#'.repeat(50)} ${percent}%`);
    assert.match(board.screen, / 100%/);
    board.print('web', '\n');
    assert.match(board.screen, / 100%/);
    board.print('web', Array.from({ length: 500 }, (_, at) => `${'='.repeat(40)} ${at}\r`).join(''));
    assert.match(board.screen, /= 499/);
  });
});

test('what a process is configured to do is shown, with the commands around it and among its stop signals', () => {
  const step = (name: string) => ({ name, command: { file: `/bin/${name}`, args: [] } });
  const config = {
    ...WORKER_CONFIG,
    stop: [
      { kind: 'command', step: step('drain'), waitMs: 1_000 },
      { kind: 'pause', waitMs: 2_000 },
      { kind: 'signal', signal: 'SIGTERM', waitMs: 5_000, to: 'leader' },
    ],
    steps: { preStart: [step('initdb')], postStart: [], postExit: [step('cleanup')] },
    sockets: [{ name: 'http' }],
  };
  const shown = new Map(processFacts(config).map(({ label, value }) => [label, value]));
  assert.equal(shown.get('stop'), '/bin/drain, wait 2s, TERM 5s, then KILL');
  assert.equal(shown.get('steps'), 'initdb /bin/initdb, cleanup /bin/cleanup');
  assert.equal(shown.get('sockets'), 'http');
});
