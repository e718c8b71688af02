/** The flags of `logs`, `events` and `timeline` as a query, and its pages. */

import { isBelow, LEVELS, type Level } from '../../levels.ts';
import { levelOf } from '../../line-level.ts';
import { nearestWord } from '../../nearest-word.ts';
import type { RpcClient } from '../../rpc/client/client.ts';
import type { Params, Result, WireEvent } from '../../rpc/contract/contract.ts';
import { EVENT_NAMES } from '../../wire/engine-event.ts';
import { bad, numberFlag } from '../arguments.ts';
import type { Invocation } from '../command.ts';
import { timeRangeOf } from './time-flag.ts';

export type Query = Params<'logs.query'>;
export type Page = Result<'logs.query'>;

const STREAMS = ['stdout', 'stderr'] as const;

/** @param names of instances to search for; none: all. Throws `bad-arguments`. */
export function queryOf({ command, flags }: Invocation, names: readonly string[]): Query {
  const events = flags.all('--event');
  for (const event of events) {
    if (!EVENT_NAMES.includes(event))
      throw bad(`there is no event "${event}"${hint(event, EVENT_NAMES)}`, command);
  }
  const level = oneOf('--level', LEVELS);
  const stream = oneOf('--stream', STREAMS);
  const incarnation = numberFlag(flags, '--incarnation', 0);
  const text = flags.text('--text');
  if (text === '') throw bad('--text needs some text', command);
  const { since, until } = timeRangeOf(flags, Date.now());
  return {
    ...(names.length > 0 && { names }),
    ...(events.length > 0 && { events }),
    ...(level !== undefined && { level }),
    ...(stream !== undefined && { streams: [stream] }),
    ...(incarnation !== undefined && { incarnation }),
    ...(text !== undefined && { text }),
    ...(since !== undefined && { since_ms: since }),
    ...(until !== undefined && { until_ms: until }),
    ...(flags.has('--output') && { output: true }),
  };

  function oneOf<Word extends string>(name: `--${string}`, words: readonly Word[]): Word | undefined {
    const given = flags.text(name);
    const found = words.find((word) => word === given);
    if (given !== undefined && found === undefined) {
      throw bad(`${name} is one of ${words.join(', ')}, not "${given}"`, command);
    }
    return found;
  }
}

function hint(word: string, known: readonly string[]): string {
  const suggestion = nearestWord(word, known);
  return suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
}

/** Oldest first, or with `tail` from the newest backwards; each page is in order. */
export async function* pagesOf(client: RpcClient, query: Query): AsyncGenerator<Page> {
  let from: Pick<Query, 'after_id' | 'before_id'> = {};
  for (;;) {
    const page = await client.call('logs.query', { ...query, ...from });
    yield page;
    const { next_after_id: after, next_before_id: before } = page;
    if (after !== null) from = { after_id: after };
    else if (before !== null) from = { before_id: before };
    else return;
  }
}

/** As the journal has it: a line that tells none says how things are. */
export function levelOfLine(text: string): Level {
  return levelOf(text).level ?? 'info';
}

export function wantsOutput({ output, streams }: Query): boolean {
  return output === true || streams !== undefined;
}

/** True where the line of output, of which this is known, is wanted. */
export function isWantedOutput(
  line: {
    readonly stream: string;
    readonly text: string;
    readonly incarnation: number;
    readonly time: number;
  },
  {
    level: least,
    streams,
    text,
    incarnation,
    since_ms: since = 0,
    until_ms: until = Number.POSITIVE_INFINITY,
  }: Query,
): boolean {
  if (streams !== undefined && !streams.some((stream) => stream === line.stream)) return false;
  if (incarnation !== undefined && incarnation !== line.incarnation) return false;
  if (least !== undefined && isBelow(levelOfLine(line.text), least)) return false;
  if (line.time < since || line.time > until) return false;
  return text === undefined || line.text.includes(text);
}

/** A line of output in the journal. */
export interface OutputFields {
  readonly stream: string;
  readonly text: string;
}

export function outputOf(event: WireEvent): OutputFields | undefined {
  if (event.event !== 'output') return undefined;
  const { stream, text } = event as { stream?: unknown; text?: unknown };
  return { stream: String(stream), text: String(text) };
}
