/** `timeline`: what happened in order, what came of something indented below it. */

import { meansInstance } from '../../rpc/access/name-pattern.ts';
import type { RpcClient } from '../../rpc/client/client.ts';
import type { WireEvent } from '../../rpc/contract/contract.ts';
import { countFlag } from '../arguments.ts';
import type { CommandHandler } from '../command.ts';
import { eventStory } from '../event-words.ts';
import { complain, jsonText, say } from '../io.ts';
import { pagesOf, queryOf } from './journal-query.ts';

/** So many events are fetched at most; --since and --until choose which. */
const MOST_EVENTS = 5_000;
const DEFAULT_LINES = 200;
/** Deeper ones are not indented any further: the story of many restarts is one long chain. */
const DEEPEST = 8;

const QUIET: ReadonlySet<string> = new Set(['trace', 'debug']);

export const timeline: CommandHandler = async (invocation) => {
  const { operands, flags, io, signal, connect } = invocation;
  // Causes may be events of other processes, so all are read.
  const query = queryOf(invocation, []);
  const most = countFlag(flags, '--tail') ?? DEFAULT_LINES;
  const client = await connect();
  const pages: (readonly WireEvent[])[] = [];
  let found = 0;
  for await (const page of pagesOf(client, { ...query, tail: true })) {
    pages.push(page.events);
    found += page.events.length;
    if (found >= MOST_EVENTS || signal.aborted) break;
  }
  const events = pages.reverse().flat();
  const chosen = chosenFor(events, await namesIn(events, operands, client));
  const shown = chosen.slice(-most);
  if (flags.has('--json')) for (const event of shown) say(io, jsonText(event));
  else for (const line of timelineLines(shown)) say(io, line);
  if (shown.length < chosen.length || found >= MOST_EVENTS) {
    complain(io, '[there is more before that: --tail, --since and --until choose]');
  }
  return 0;
};

/** A word that no event has is a group, or nobody knows it: the engine says so and suggests a name. */
async function namesIn(
  events: readonly WireEvent[],
  words: readonly string[],
  client: RpcClient,
): Promise<readonly string[]> {
  const unknown = words.filter((word) => !events.some((event) => meansInstance([word], event)));
  if (unknown.length === 0) return words;
  const { instances } = await client.call('status', { names: unknown });
  return [...words, ...instances.map(({ process }) => process)];
}

/**
 * What is worth a line, and whatever led to it, be it of another process or of a lower level.
 * @param names patterns; empty: all.
 */
export function chosenFor(events: readonly WireEvent[], names: readonly string[]): readonly WireEvent[] {
  const byId = new Map(events.map((event) => [event.id, event]));
  const chosen = new Set<WireEvent>();
  for (const event of events) {
    if (QUIET.has(event.level)) continue;
    if (names.length > 0 && !meansInstance(names, event)) continue;
    for (
      let link: WireEvent | undefined = event;
      link !== undefined && !chosen.has(link);
      link = byId.get(link.caused_by ?? 0)
    ) {
      chosen.add(link);
    }
  }
  // What the state of another became on the way belongs to the story.
  for (const event of events) {
    const cause = byId.get(event.caused_by ?? 0);
    const isOnTheWay = cause !== undefined && chosen.has(cause) && cause.instance === event.instance;
    if (event.event === 'state_changed' && isOnTheWay) chosen.add(event);
  }
  return events.filter((event) => chosen.has(event));
}

/** Times are universal; a line with the date where a day begins. */
export function timelineLines(events: readonly WireEvent[]): readonly string[] {
  const depths = new Map<number, number>();
  const lines: string[] = [];
  let day = '';
  for (const event of events) {
    const [date = '', time = ''] = new Date(event.time).toISOString().split('T');
    if (date !== day) lines.push(date);
    day = date;
    const above = event.caused_by === undefined ? undefined : depths.get(event.caused_by);
    const depth = above === undefined ? 0 : Math.min(above + 1, DEEPEST);
    depths.set(event.id, depth);
    const indent = depth === 0 ? '' : `${'  '.repeat(depth - 1)}└ `;
    lines.push(`${time.slice(0, 12)}  ${indent}${eventStory(event)}`);
  }
  return lines;
}
