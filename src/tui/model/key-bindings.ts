/** A key goes to what is on top: a line being typed, a dialog, or else the table of commands. Pure. */

import { parseSignal } from '../../signals.ts';
import { COMMANDS, commandsFor } from './commands.ts';
import { dialogLines } from './dialog-lines.ts';
import { filterEvents } from './event-log.ts';
import { type Model, type Prompt, type Request, type Step, selectedRow } from './model.ts';
import { findFirst } from './scrolling.ts';

const MAX_PROMPT = 200;
/** What is more than this is a mistake. */
const PRINTED = /^[^\p{C}]+$/u;
const only = (model: Model): Step => ({ model, requests: [] });

export function keyPressed(model: Model, key: string): Step {
  if (key === 'ctrl-c') return { model, requests: [{ kind: 'leave', code: 0 }] };
  if (model.prompt !== undefined) return typed(model, model.prompt, key);
  if (model.dialog !== undefined) return answered(model, key);
  // What was said has been read.
  const command = COMMANDS.find(({ keys }) => keys.includes(key));
  return command === undefined ? only(model) : command.run({ ...model, said: undefined });
}

/** Into the line being typed; elsewhere a paste would be a row of accidental commands. */
export function pasted(model: Model, text: string): Model {
  if (model.prompt === undefined) return model;
  const line = text.replaceAll(/[\p{C}]+/gu, ' ').trim();
  return withPrompt(model, { ...model.prompt, text: `${model.prompt.text}${line}`, chosen: 0 });
}

function typed(model: Model, prompt: Prompt, key: string): Step {
  switch (key) {
    case 'enter':
      return entered({ ...model, prompt: undefined }, prompt);
    case 'escape':
      return only(abandoned({ ...model, prompt: undefined }, prompt));
    case 'backspace':
      return only(withPrompt(model, { ...prompt, text: [...prompt.text].slice(0, -1).join(''), chosen: 0 }));
    case 'ctrl-u':
      return only(withPrompt(model, { ...prompt, text: '', chosen: 0 }));
    case 'ctrl-w':
      return only(withPrompt(model, { ...prompt, text: prompt.text.replace(/\S*\s*$/, ''), chosen: 0 }));
    case 'up':
    case 'down': {
      const last = Math.max(0, commandsFor(prompt.text).length - 1);
      const chosen = Math.min(Math.max(0, prompt.chosen + (key === 'up' ? -1 : 1)), last);
      return only({ ...model, prompt: { ...prompt, chosen } });
    }
  }
  const character = key === 'space' ? ' ' : key;
  if ([...character].length !== 1 || !PRINTED.test(character)) return only(model);
  return only(withPrompt(model, { ...prompt, text: prompt.text + character, chosen: 0 }));
}

/** A filter works while it is typed. */
function withPrompt(model: Model, prompt: Prompt): Model {
  const bounded = { ...prompt, text: prompt.text.slice(0, MAX_PROMPT) };
  const next = { ...model, prompt: bounded };
  return filtered(next, prompt.kind, bounded.text);
}

function filtered(model: Model, kind: Prompt['kind'], filter: string): Model {
  if (kind === 'filter') return { ...model, filter };
  return kind === 'event-filter' ? { ...model, events: filterEvents(model.events, filter) } : model;
}

function entered(model: Model, prompt: Prompt): Step {
  switch (prompt.kind) {
    case 'filter':
    case 'event-filter':
      return only(model);
    case 'search': {
      const searching = { ...model, followed: { ...model.followed, search: prompt.text } };
      return only(prompt.text === '' ? searching : findFirst(searching));
    }
    case 'palette':
      return commandsFor(prompt.text)[prompt.chosen]?.run(model) ?? only(model);
    case 'signal':
      return signalled(model, prompt.text.trim());
  }
}

function abandoned(model: Model, prompt: Prompt): Model {
  return filtered(model, prompt.kind, '');
}

function signalled(model: Model, word: string): Step {
  const target = selectedRow(model)?.target;
  if (word === '' || target === undefined) return only(model);
  if (parseSignal(word) === undefined) {
    const text = `"${word}" is no signal: HUP, USR1, TERM, RTMIN+3 or a number`;
    return only({ ...model, said: { tone: 'bad', text, at: model.now } });
  }
  const request: Request = { kind: 'signal', target, signal: word.toUpperCase() };
  if (parseSignal(word) !== parseSignal('KILL')) return { model, requests: [request] };
  return only({ ...model, dialog: { kind: 'confirm', question: `Kill ${target}?`, request } });
}

function answered(model: Model, key: string): Step {
  const { dialog } = model;
  const closed = { ...model, dialog: undefined };
  if (dialog === undefined || key === 'escape' || key === 'q') return only(closed);
  switch (dialog.kind) {
    case 'help':
      return only(scrolled(model, key) ?? closed);
    case 'confirm':
      if (key === 'y' || key === 'Y') return { model: closed, requests: [dialog.request] };
      return only(key === 'n' || key === 'N' ? closed : model);
    case 'plan':
      if (key === 'enter' && dialog.plan !== undefined) {
        return { model: closed, requests: [{ kind: 'reload' }] };
      }
      return only(scrolled(model, key) ?? model);
  }
}

function scrolled(model: Model, key: string): Model | undefined {
  const { dialog } = model;
  if (dialog === undefined || dialog.kind === 'confirm') return undefined;
  const steps: Readonly<Record<string, number>> = { up: -1, k: -1, down: 1, j: 1, pageup: -8, pagedown: 8 };
  const step = steps[key];
  const last = Math.max(0, dialogLines(dialog, model.size.columns).length - 1);
  return step === undefined
    ? undefined
    : { ...model, dialog: { ...dialog, from: Math.min(Math.max(0, dialog.from + step), last) } };
}
