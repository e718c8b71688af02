/**
 * What a log file does, as tables: PURE. A fact looks up FACTS; then RECONCILE, by what is wanted, is applied until it
 * says `stay`. A cell names a move, and MOVES says what that is: a state to enter and effects, which `LogFile` carries
 * out. A fact without a cell cannot happen: `log-file-model.test.ts` explores them all.
 */

export type State =
  /** Nothing waits to be written. */
  | 'resting'
  /** Little waits, and a write was just done: more is waited for. */
  | 'gathering'
  /** A write is under way. */
  | 'writing'
  /** A rotation is under way. */
  | 'rotating'
  /** The last write failed: it is repeated later. */
  | 'failing'
  /** Passed through: what comes next depends on what waits. The answer is one of the four prospects. */
  | 'ready'
  | 'closed';

/** What may be done next with what waits in the queue. */
export type Prospect = 'nothing' | 'little' | 'fits' | 'full';

export type Fact =
  /** Bytes were put into the queue. */
  | 'queued'
  /** Another file was opened for the path. */
  | 'replaced'
  /** Somebody waits until all is written. */
  | 'awaited'
  /** The engine shuts down and waits no longer. */
  | 'givenUp'
  | 'closing'
  /** The state has lasted long enough (`timeLimitMs`). */
  | 'timeUp'
  | 'written'
  | 'writeFailed'
  | 'rotated'
  /** Somebody has truncated the file: no need to rotate it. */
  | 'truncated'
  | 'rotationFailed'
  /** The file was deleted; it was created again, or could not be. */
  | 'recreated'
  | 'notRecreated'
  | Prospect;

export type Effect =
  | 'write'
  | 'rotate'
  /** The file that was opened becomes the next one. */
  | 'hold opened'
  | 'close opened'
  | 'close held'
  /** The next file becomes the one that is written to. */
  | 'use held'
  | 'close'
  | 'end gathering'
  | 'drop excess'
  | 'drop all'
  | 'report dropped'
  /** Reports what waits as dropped, although a write may still succeed. */
  | 'report waiting'
  /** Writers that were paused may continue. */
  | 'resume writers'
  | 'resume writers if there is room'
  /** All that was waited for is done, or cannot be done now. */
  | 'settle'
  /** An internal error. */
  | 'report impossible';

/** What fails is reported once until it works again. */
export type Trouble = 'write' | 'rotate' | 'create';

/** `settled`: somebody waits until all is written, or cannot be written now. */
export type Wanted = 'open' | 'settled' | 'closed';

export interface LogFileState {
  readonly at: State;
  readonly wanted: Wanted;
  /** A next file is open. */
  readonly holdsNext: boolean;
  readonly troubles: ReadonlySet<Trouble>;
  /** How long the last failure waits, or waited; 0 since a write that succeeded. */
  readonly retryMs: number;
}

export const NEW_LOG_FILE: LogFileState = {
  at: 'resting',
  wanted: 'open',
  holdsNext: false,
  troubles: new Set(),
  retryMs: 0,
};

export interface Move {
  /** Undefined: as before. */
  readonly to?: State;
  readonly effects?: readonly Effect[];
  /** The fact comes with a file that was opened: after the one that is held, or before it. */
  readonly opens?: 'later' | 'earlier';
  readonly fails?: Trouble;
  readonly heals?: Trouble;
}

export const MOVES = {
  stay: {},
  look: { to: 'ready' },
  rest: { to: 'resting' },
  gather: { to: 'gathering' },
  hasten: { to: 'ready', effects: ['end gathering'] },
  write: { to: 'writing', effects: ['write'] },
  wrote: { to: 'ready', heals: 'write', effects: ['report dropped', 'resume writers if there is room'] },
  fail: { to: 'failing', fails: 'write', effects: ['drop excess', 'report dropped', 'resume writers'] },
  rotate: { to: 'rotating', effects: ['rotate'] },
  succeed: { to: 'ready', heals: 'rotate', opens: 'earlier' },
  postpone: { to: 'ready', fails: 'rotate' },
  hold: { opens: 'later' },
  switch: { to: 'ready', opens: 'later' },
  recreate: { to: 'ready', fails: 'create', heals: 'create', opens: 'later' },
  complain: { to: 'ready', fails: 'create' },
  shed: { effects: ['drop excess'] },
  abandon: { to: 'ready', effects: ['drop all', 'report dropped'] },
  admit: { effects: ['report waiting'] },
  refuse: { effects: ['drop all', 'report dropped'] },
  reject: { effects: ['close opened'] },
  settle: { effects: ['settle'] },
  close: { to: 'closed', effects: ['close'] },
  impossible: { effects: ['report impossible'] },
  'close unwritten': { to: 'closed', effects: ['drop all', 'report dropped', 'close'] },
} as const satisfies Record<string, Move>;

export type MoveName = keyof typeof MOVES;
export type FactTable = Readonly<Record<State, Readonly<Partial<Record<Fact, MoveName>>>>>;

export const FACTS: FactTable = {
  resting: { queued: 'look', replaced: 'switch', awaited: 'stay', givenUp: 'stay', closing: 'stay' },
  gathering: {
    queued: 'look',
    replaced: 'switch',
    awaited: 'stay',
    givenUp: 'admit',
    closing: 'stay',
    timeUp: 'hasten',
  },
  writing: {
    queued: 'stay',
    replaced: 'hold',
    awaited: 'stay',
    givenUp: 'admit',
    closing: 'stay',
    written: 'wrote',
    writeFailed: 'fail',
  },
  rotating: {
    queued: 'stay',
    replaced: 'hold',
    awaited: 'stay',
    givenUp: 'admit',
    closing: 'stay',
    rotated: 'succeed',
    truncated: 'look',
    rotationFailed: 'postpone',
  },
  // Anyone who waits has it tried once more.
  failing: {
    queued: 'shed',
    replaced: 'switch',
    awaited: 'look',
    givenUp: 'abandon',
    closing: 'look',
    timeUp: 'look',
  },
  ready: {
    recreated: 'recreate',
    notRecreated: 'complain',
    nothing: 'rest',
    little: 'gather',
    fits: 'write',
    full: 'rotate',
  },
  closed: { queued: 'refuse', replaced: 'reject', awaited: 'stay', givenUp: 'stay', closing: 'stay' },
};

export type ReconcileTable = Readonly<Record<State, Readonly<Record<Wanted, MoveName>>>>;

const UNDER_WAY = { open: 'stay', settled: 'stay', closed: 'stay' } as const;

export const RECONCILE: ReconcileTable = {
  resting: { open: 'stay', settled: 'settle', closed: 'close' },
  gathering: { open: 'stay', settled: 'hasten', closed: 'hasten' },
  writing: UNDER_WAY,
  rotating: UNDER_WAY,
  failing: { open: 'stay', settled: 'settle', closed: 'close unwritten' },
  ready: UNDER_WAY,
  closed: { open: 'stay', settled: 'settle', closed: 'settle' },
};

const WANTED: Readonly<Partial<Record<Fact, Wanted>>> = { awaited: 'settled', closing: 'closed' };

export interface Tables {
  readonly facts: FactTable;
  readonly reconcile: ReconcileTable;
  readonly moves: Readonly<Record<MoveName, Move>>;
}

export const TABLES: Tables = { facts: FACTS, reconcile: RECONCILE, moves: MOVES };

export interface Report {
  readonly kind: 'failed' | 'restored';
  readonly trouble: Trouble;
}

export interface Step {
  readonly next: LogFileState;
  /** In this order. */
  readonly effects: readonly (Effect | Report)[];
}

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;
const GATHER_MS = 2;
/** Tables that are right need two. */
const MAX_MOVES = 4;

/** @returns how long the state lasts at most; then comes the fact `timeUp`. */
export function timeLimitMs({ at, retryMs }: LogFileState): number | undefined {
  if (at === 'gathering') return GATHER_MS;
  return at === 'failing' ? retryMs : undefined;
}

export function step(state: LogFileState, fact: Fact, tables = TABLES): Step {
  const wish = WANTED[fact];
  const wanted = wish === undefined || state.wanted === 'closed' ? state.wanted : wish;
  const name = tables.facts[state.at][fact] ?? 'impossible';
  // Most often: bytes come while a write is under way.
  if (name === 'stay' && wanted === state.wanted) return { next: state, effects: [] };
  const effects: (Effect | Report)[] = [];
  let next = moved(wanted === state.wanted ? state : { ...state, wanted }, tables.moves[name], effects);
  for (let turn = 0; turn < MAX_MOVES; turn++) {
    const reconciled = tables.reconcile[next.at][next.wanted];
    if (reconciled === 'stay') return { next, effects };
    next = moved(next, tables.moves[reconciled], effects);
  }
  return { next, effects: [...effects, 'report impossible'] };
}

function moved(state: LogFileState, move: Move, effects: (Effect | Report)[]): LogFileState {
  const at = move.to ?? state.at;
  let { wanted, holdsNext, troubles, retryMs } = state;
  if (move.fails !== undefined && !troubles.has(move.fails)) {
    effects.push({ kind: 'failed', trouble: move.fails });
    troubles = new Set([...troubles, move.fails]);
  }
  if (move.heals !== undefined && troubles.has(move.heals)) {
    effects.push({ kind: 'restored', trouble: move.heals });
    troubles = new Set([...troubles].filter((trouble) => trouble !== move.heals));
  }
  if (move.fails === 'write') retryMs = Math.min(Math.max(retryMs * 2, FIRST_RETRY_MS), MAX_RETRY_MS);
  if (move.heals === 'write') retryMs = 0;
  if (move.opens === 'earlier' && holdsNext) effects.push('close opened');
  else if (move.opens !== undefined) {
    if (holdsNext) effects.push('close held');
    effects.push('hold opened');
    holdsNext = true;
  }
  if (at === 'ready' && holdsNext) {
    effects.push('use held');
    holdsNext = false;
  }
  for (const effect of move.effects ?? []) effects.push(effect);
  if (move.effects?.includes('settle') === true) wanted = 'open';
  return { at, wanted, holdsNext, troubles, retryMs };
}
