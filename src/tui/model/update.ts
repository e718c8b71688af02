/** What happens, applied to the model: pure, so that every screen can be reached in a test without an engine. */

import { assertNever } from '../../errors.ts';
import { layoutOf } from '../screen/layout.ts';
import { fromEngine } from './from-engine.ts';
import { keyPressed, pasted } from './key-bindings.ts';
import { type Message, type Model, type Request, type Step, selectedInstance } from './model.ts';
import { NO_OUTPUT } from './output-lines.ts';
import { pointed } from './pointing.ts';
import { rowsOf } from './rows.ts';
import { tick } from './tracked.ts';

/** What was said at the bottom stays so long. */
const SAID_MS = 12_000;

/** @param model with `now` as of the message */
export function update(model: Model, message: Message): Step {
  return settled(model, applied(model, message));
}

function applied(model: Model, message: Message): Step {
  switch (message.kind) {
    case 'key':
      return keyPressed(model, message.name);
    case 'paste':
      return only(pasted(model, message.text));
    case 'pointed':
      return pointed(model, message);
    case 'resized':
      return only({ ...model, size: message.size });
    case 'ticked':
      return only(ticked(model));
    case 'connected':
    case 'disconnected':
    case 'status':
    case 'engine-event':
    case 'happened':
    case 'followed':
    case 'output':
    case 'noted':
    case 'explained':
    case 'planned':
    case 'told':
      return only(fromEngine(model, message));
    default:
      return assertNever(message, 'message');
  }
}

function only(model: Model): Step {
  return { model, requests: [] };
}

function ticked(model: Model): Model {
  const isOver = model.said !== undefined && model.now - model.said.at > SAID_MS;
  const aged = isOver ? { ...model, said: undefined } : model;
  if (model.connection.kind !== 'open') return aged;
  const instances = new Map([...aged.instances].map(([name, tracked]) => [name, tick(tracked, aged.now)]));
  return { ...aged, instances };
}

/** What follows from every change: the rows, a selection that exists, and the lower pane about it. */
function settled(before: Model, { model, requests }: Step): Step {
  const shown = withSelection(before, withRows(before, model));
  const asked: Request[] = [...requests];
  return { model: withEvents(withDetails(withOutput(shown, asked), asked), asked), requests: asked };
}

function withRows(before: Model, model: Model): Model {
  const isSame =
    before.instances === model.instances &&
    before.filter === model.filter &&
    before.isTroubleOnly === model.isTroubleOnly &&
    before.sort === model.sort &&
    before.folded === model.folded;
  return isSame ? model : { ...model, rows: rowsOf(model) };
}

/** The selection goes with its row; where that is gone, the one that took its place is next, or the first match. */
function withSelection(before: Model, model: Model): Model {
  const found = model.rows.findIndex(({ id }) => id === model.selected);
  const last = Math.max(0, model.rows.length - 1);
  const next = before.filter === model.filter ? Math.min(model.selectedAt, last) : 0;
  const selectedAt = found === -1 ? next : found;
  const selected = model.rows[selectedAt]?.id ?? model.selected;
  const { tableRows } = layoutOf(model.size, model.instances.size, false);
  const highest = Math.max(0, model.rows.length - tableRows);
  const upTo = Math.min(model.firstRow, selectedAt, highest);
  const firstRow = Math.max(upTo, selectedAt - Math.max(1, tableRows) + 1, 0);
  return { ...model, selected, selectedAt, firstRow };
}

function withOutput(model: Model, asked: Request[]): Model {
  if (model.connection.kind !== 'open') return model;
  const name = isPaneShown(model) ? selectedInstance(model)?.instance.name : undefined;
  if (name === model.followed.name) return model;
  asked.push({ kind: 'follow', name });
  return { ...model, followed: { ...model.followed, name, output: NO_OUTPUT, back: 0 } };
}

function withDetails(model: Model, asked: Request[]): Model {
  if (model.connection.kind !== 'open' || model.pane !== 'details' || !isPaneShown(model)) return model;
  const instance = selectedInstance(model)?.instance;
  const { explained } = model;
  if (instance === undefined || (explained.name === instance.name && !explained.isStale)) return model;
  asked.push({ kind: 'explain', name: instance.name, process: instance.process });
  const isSame = explained.name === instance.name;
  return {
    ...model,
    explained: {
      name: instance.name,
      isStale: false,
      report: isSame ? explained.report : undefined,
      facts: isSame ? explained.facts : undefined,
      from: isSame ? explained.from : 0,
    },
  };
}

/** Anyone who never looks at them costs the engine nothing. */
function withEvents(model: Model, asked: Request[]): Model {
  const isWanted = model.connection.kind === 'open' && model.pane === 'events' && isPaneShown(model);
  if (!isWanted || model.events.isAsked) return model;
  asked.push({ kind: 'watch-events' });
  return { ...model, events: { ...model.events, isAsked: true } };
}

function isPaneShown(model: Model): boolean {
  return model.isFull || layoutOf(model.size, model.instances.size, false).paneRows > 0;
}
