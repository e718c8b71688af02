/** What the engine says, taken into the model. Pure. */

import { addEvents, NO_EVENTS } from './event-log.ts';
import type { Message, Model } from './model.ts';
import { append, NO_OUTPUT, note, type OutputLines } from './output-lines.ts';
import { type Tracked, track } from './tracked.ts';

type FromEngine = Extract<
  Message,
  {
    kind:
      | 'connected'
      | 'disconnected'
      | 'status'
      | 'engine-event'
      | 'happened'
      | 'followed'
      | 'output'
      | 'noted'
      | 'explained'
      | 'planned'
      | 'told';
  }
>;
type Of<Kind extends FromEngine['kind']> = Extract<FromEngine, { kind: Kind }>;

export function fromEngine(model: Model, message: FromEngine): Model {
  switch (message.kind) {
    case 'connected':
      return connected(model, message);
    case 'disconnected':
      return disconnected(model, message.reason);
    case 'status':
      return changed(model, message.changes);
    case 'engine-event':
      return { ...model, said: { tone: message.isBad ? 'bad' : 'good', text: message.text, at: model.now } };
    case 'happened':
      return { ...model, events: addEvents(model.events, message.events) };
    case 'followed':
    case 'output':
    case 'noted':
      return heard(model, message);
    case 'explained':
      return explained(model, message);
    case 'planned':
      // Somebody may have closed the dialog meanwhile.
      return model.dialog?.kind === 'plan'
        ? { ...model, dialog: { ...model.dialog, plan: message.plan } }
        : model;
    case 'told': {
      const isPlanInVain =
        message.tone === 'bad' && model.dialog?.kind === 'plan' && model.dialog.plan === undefined;
      const said = { tone: message.tone, text: message.text, at: model.now };
      return { ...model, said, dialog: isPlanInVain ? undefined : model.dialog };
    }
  }
}

function connected(model: Model, { status }: Of<'connected'>): Model {
  const wasLost = model.connection.kind === 'lost';
  const instances = new Map<string, Tracked>(
    status.instances.map((instance) => [instance.name, track(undefined, instance, model.now)]),
  );
  return {
    ...model,
    connection: { kind: 'open' },
    engine: {
      version: status.version,
      uptimeMs: status.uptime_ms,
      receivedAt: model.now,
      isDraining: status.draining,
      container: status.container,
    },
    instances,
    followed: { ...model.followed, name: undefined },
    explained: { ...model.explained, isStale: true },
    // The engine remembers them, and tells them again.
    events: { ...NO_EVENTS, filter: model.events.filter },
    said: wasLost ? { tone: 'good', text: 'connected to the engine again', at: model.now } : model.said,
  };
}

/** The last that was known stays on the screen. */
function disconnected(model: Model, reason: string): Model {
  const at = model.connection.kind === 'lost' ? model.connection.at : model.now;
  const isPlan = model.dialog?.kind === 'plan' || model.dialog?.kind === 'confirm';
  return {
    ...model,
    connection: { kind: 'lost', reason, at },
    dialog: isPlan ? undefined : model.dialog,
    said: undefined,
  };
}

function changed(
  model: Model,
  { draining, instances: told, removed, container }: Of<'status'>['changes'],
): Model {
  const instances = new Map(model.instances);
  for (const name of removed) instances.delete(name);
  let isStale = model.explained.isStale;
  for (const instance of told) {
    const before = instances.get(instance.name);
    instances.set(instance.name, track(before, instance, model.now));
    if (instance.name === model.explained.name && hasMoved(before, instance)) isStale = true;
  }
  const engine = model.engine && {
    ...model.engine,
    isDraining: draining,
    container: container ?? model.engine.container,
  };
  return { ...model, engine, instances, explained: { ...model.explained, isStale } };
}

/** Not only used something. */
function hasMoved(before: Tracked | undefined, after: Tracked['instance']): boolean {
  return before?.instance.since !== after.since || before.instance.state !== after.state;
}

function heard(model: Model, message: Of<'followed' | 'output' | 'noted'>): Model {
  const { followed } = model;
  if (message.name !== followed.name) return model;
  const output = outputAfter(followed.output, message);
  const before = followed.output.lines.length + followed.output.dropped;
  const grown = output.lines.length + output.dropped - before;
  // Who reads further back is not moved by what comes at the end.
  const back = followed.back === 0 ? 0 : Math.min(followed.back + grown, output.lines.length);
  return { ...model, followed: { ...followed, output, back: message.kind === 'followed' ? 0 : back } };
}

function outputAfter(output: OutputLines, message: Of<'followed' | 'output' | 'noted'>): OutputLines {
  switch (message.kind) {
    case 'followed':
      return NO_OUTPUT;
    case 'output':
      return append(output, message.stream, message.text);
    case 'noted':
      return note(output, message.text);
  }
}

function explained(model: Model, { report, facts }: Of<'explained'>): Model {
  if (report.instance.name !== model.explained.name) return model;
  return {
    ...model,
    explained: { ...model.explained, report, facts: facts ?? model.explained.facts },
  };
}
