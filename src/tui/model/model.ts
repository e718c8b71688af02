/** What the board knows and shows: the one value that `update` changes and `view` draws. */

import type { Action } from '../../lifecycle/states.ts';
import type { NotificationParams, Result, WireWhy } from '../../rpc/contract/contract.ts';
import type { Typed } from '../../terminal/keys.ts';
import type { Size } from '../screen/cells.ts';
import { type EventLog, NO_EVENTS, type SeenEvent } from './event-log.ts';
import { NO_OUTPUT, type OutputLines } from './output-lines.ts';
import type { ProcessFact } from './process-facts.ts';
import type { Row, SortKey } from './rows.ts';
import type { Tracked } from './tracked.ts';

/** In the order that Tab goes. */
export const PANES = ['output', 'details', 'events'] as const;
export type Pane = (typeof PANES)[number];
export type Tone = 'good' | 'bad' | 'busy';

/** What the board asks of the world. */
export type Request =
  | { readonly kind: 'follow'; readonly name: string | undefined }
  | { readonly kind: 'explain'; readonly name: string; readonly process: string }
  /** Once; they come until the connection ends. */
  | { readonly kind: 'watch-events' }
  | { readonly kind: 'act'; readonly action: Action; readonly target: string }
  | { readonly kind: 'signal'; readonly target: string; readonly signal: string }
  /** Gives the terminal to it for a while. */
  | { readonly kind: 'attach'; readonly name: string }
  /** The terminal tells of the mouse, or keeps it to itself. */
  | { readonly kind: 'mouse'; readonly isOn: boolean }
  | { readonly kind: 'plan' }
  | { readonly kind: 'reload' }
  | { readonly kind: 'shutdown' }
  | { readonly kind: 'leave'; readonly code: number };

/** What happens to the board. */
export type Message =
  | Typed
  | { readonly kind: 'resized'; readonly size: Size }
  | { readonly kind: 'ticked' }
  | { readonly kind: 'connected'; readonly status: Result<'status'> }
  | { readonly kind: 'disconnected'; readonly reason: string }
  | { readonly kind: 'status'; readonly changes: Omit<NotificationParams<'status'>, 'subscription'> }
  | { readonly kind: 'engine-event'; readonly text: string; readonly isBad: boolean }
  | { readonly kind: 'happened'; readonly events: readonly SeenEvent[] }
  | { readonly kind: 'followed'; readonly name: string }
  | {
      readonly kind: 'output';
      readonly name: string;
      readonly stream: 'stdout' | 'stderr';
      readonly text: string;
    }
  | { readonly kind: 'noted'; readonly name: string; readonly text: string }
  | {
      readonly kind: 'explained';
      readonly report: WireWhy;
      readonly facts: readonly ProcessFact[] | undefined;
    }
  | { readonly kind: 'planned'; readonly plan: Result<'reload'> }
  | { readonly kind: 'told'; readonly tone: Tone; readonly text: string };

export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  | { readonly kind: 'lost'; readonly reason: string; readonly at: number };

export interface EngineFacts {
  readonly version: string;
  readonly uptimeMs: number;
  readonly receivedAt: number;
  readonly isDraining: boolean;
  readonly container: Result<'status'>['container'];
}

export interface Prompt {
  readonly kind: 'filter' | 'event-filter' | 'search' | 'palette' | 'signal';
  readonly text: string;
  /** In a list of choices. */
  readonly chosen: number;
}

export type Dialog =
  | { readonly kind: 'help'; readonly from: number }
  | { readonly kind: 'confirm'; readonly question: string; readonly request: Request }
  | { readonly kind: 'plan'; readonly plan: Result<'reload'> | undefined; readonly from: number };

export interface Followed {
  /** The instance whose output comes, or is asked for. */
  readonly name: string | undefined;
  readonly output: OutputLines;
  /** Lines between the end and the last one shown; 0 follows. */
  readonly back: number;
  readonly search: string;
  readonly isWrapped: boolean;
}

export interface Explained {
  readonly name: string | undefined;
  /** The instance has changed since it was asked for. */
  readonly isStale: boolean;
  readonly report: WireWhy | undefined;
  /** Undefined: not told, or not told yet. */
  readonly facts: readonly ProcessFact[] | undefined;
  readonly from: number;
}

export interface Model {
  readonly now: number;
  readonly size: Size;
  readonly connection: Connection;
  readonly engine: EngineFacts | undefined;
  readonly instances: ReadonlyMap<string, Tracked>;
  readonly rows: readonly Row[];
  readonly sort: SortKey;
  readonly filter: string;
  readonly isTroubleOnly: boolean;
  readonly folded: ReadonlySet<string>;
  /** Id of a row. */
  readonly selected: string | undefined;
  /** Its place, kept for when it goes. */
  readonly selectedAt: number;
  readonly firstRow: number;
  readonly pane: Pane;
  readonly isFull: boolean;
  readonly hasMouse: boolean;
  readonly followed: Followed;
  readonly explained: Explained;
  readonly events: EventLog;
  readonly prompt: Prompt | undefined;
  readonly dialog: Dialog | undefined;
  readonly said: { readonly tone: Tone; readonly text: string; readonly at: number } | undefined;
}

export interface Step {
  readonly model: Model;
  readonly requests: readonly Request[];
}

export function initialModel(size: Size, now: number): Model {
  return {
    now,
    size,
    connection: { kind: 'connecting' },
    engine: undefined,
    instances: new Map(),
    rows: [],
    sort: 'trouble',
    filter: '',
    isTroubleOnly: false,
    folded: new Set(),
    selected: undefined,
    selectedAt: 0,
    firstRow: 0,
    pane: 'output',
    isFull: false,
    hasMouse: false,
    followed: { name: undefined, output: NO_OUTPUT, back: 0, search: '', isWrapped: false },
    explained: { name: undefined, isStale: false, report: undefined, facts: undefined, from: 0 },
    events: NO_EVENTS,
    prompt: undefined,
    dialog: undefined,
    said: undefined,
  };
}

export function selectedRow(model: Model): Row | undefined {
  return model.rows[model.selectedAt];
}

/** The instance that the lower pane is about: of a folded process, the one in the worst state. */
export function selectedInstance(model: Model): Tracked | undefined {
  const name = selectedRow(model)?.members[0]?.instance.name;
  return name === undefined ? undefined : model.instances.get(name);
}
