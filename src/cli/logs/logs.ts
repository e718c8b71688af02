/** `logs` and `events`: the engine's events, and with `--output` what processes print, as lines in order of time. */

import { once } from 'node:events';
import { INTERRUPTED } from '../../exit-codes.ts';
import type { RpcClient } from '../../rpc/client/client.ts';
import type { WireEvent } from '../../rpc/contract/contract.ts';
import { bad, numberFlag } from '../arguments.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { jsonText, say } from '../io.ts';
import { eventText, outputText } from './event-text.ts';
import { followLines } from './follow-lines.ts';
import { GrepInterrupted, grepOf, type Matcher } from './grep.ts';
import { levelOfLine, outputOf, pagesOf, type Query, queryOf, wantsOutput } from './journal-query.ts';
import { type OutputEnd, type OutputLine, recentOutput } from './recent-output.ts';

interface LogLine {
  /** Epoch milliseconds. */
  readonly time: number;
  readonly text: string;
}

/** Most of a page without an expression: what is not shown need not be sent. */
const MOST_IN_A_PAGE = 1_000;

export const logs: CommandHandler = (invocation) => show(invocation);
export const events: CommandHandler = (invocation) => show(invocation);

async function show(invocation: Invocation): Promise<number> {
  const { operands, flags, connect } = invocation;
  const query = queryOf(invocation, [...operands, ...flags.all('--process')]);
  const tail = numberFlag(flags, '--tail', 0);
  const matches = grepOf(invocation);
  if (flags.has('--follow') && query.until_ms !== undefined) {
    throw bad('--follow goes on for ever and --until ends: give one of them', invocation.command);
  }
  const past = new PastLines(await connect(), query, matches, invocation);
  try {
    if (tail === undefined) await past.showAll();
    else await past.showLast(tail);
    if (invocation.signal.aborted) return INTERRUPTED;
    if (!flags.has('--follow')) return 0;
    const { client, lastId, ends } = past;
    return await followLines({ client, query, lastId, ends, matches, invocation, textOf, outputLine });
  } catch (error) {
    if (error instanceof GrepInterrupted || invocation.signal.aborted) return INTERRUPTED;
    throw error;
  }
}

class PastLines {
  readonly client: RpcClient;
  /** Up to here the journal was looked through. */
  lastId = 0;
  /** By instance: up to there its output was looked through. */
  ends: ReadonlyMap<string, OutputEnd> = new Map();
  #endsAtMoment = false;
  readonly #query: Query;
  readonly #matches: Matcher | undefined;
  readonly #invocation: Invocation;
  /** From the rings, where the journal does not keep output; oldest first. */
  #output: LogLine[] | undefined;
  /** By instance: what it printed from then on comes from its ring. */
  #ringsSince: ReadonlyMap<string, number> = new Map();

  constructor(client: RpcClient, query: Query, matches: Matcher | undefined, invocation: Invocation) {
    this.client = client;
    this.#query = query;
    this.#matches = matches;
    this.#invocation = invocation;
  }

  /** Page by page: a large journal passes through and is not held. */
  async showAll(): Promise<void> {
    for await (const page of pagesOf(this.client, await this.#begin())) {
      // Up to the newest of the last page; where the past ends at a moment, no further.
      if (!this.#endsAtMoment) this.lastId = page.last_id;
      await this.#loadOutput(page.keeps_output);
      await this.#print(this.#merge(this.#linesOf(page.events)));
      if (this.#invocation.signal.aborted) return;
    }
    await this.#print(this.#output ?? []);
  }

  async showLast(count: number): Promise<void> {
    const pages: LogLine[][] = [];
    let found = 0;
    const limit = this.#matches === undefined ? Math.min(Math.max(1, count), MOST_IN_A_PAGE) : MOST_IN_A_PAGE;
    for await (const page of pagesOf(this.client, { ...(await this.#begin()), tail: true, limit })) {
      this.lastId ||= page.last_id;
      await this.#loadOutput(page.keeps_output);
      const lines = this.#keep(this.#linesOf(page.events));
      pages.push(lines);
      found += lines.length;
      if (found >= count || this.#invocation.signal.aborted) break;
    }
    const lines = this.#merge(pages.reverse().flat());
    const all = [...lines, ...this.#keep(this.#output ?? [])];
    await this.#print(all.slice(all.length - Math.min(count, all.length)));
  }

  /** Where one goes on afterwards, what is past ends at a moment: for events and output the same. */
  async #begin(): Promise<Query> {
    const { flags } = this.#invocation;
    if (!flags.has('--follow') || !wantsOutput(this.#query)) return this.#query;
    const { names } = this.#query;
    const now = await this.client.call('logs.position', names === undefined ? {} : { names });
    this.#endsAtMoment = true;
    this.lastId = now.last_id;
    this.ends = new Map(now.instances.map(({ instance, journalled }) => [instance, { after: journalled }]));
    return { ...this.#query, before_id: now.last_id + 1 };
  }

  async #loadOutput(isInJournal: boolean): Promise<void> {
    if (this.#output !== undefined) return;
    this.#output = [];
    if (isInJournal || !wantsOutput(this.#query)) return;
    const isFollowed = this.#invocation.flags.has('--follow');
    const { lines, since, ends } = await recentOutput(this.client, this.#query, isFollowed);
    this.#ringsSince = since;
    this.ends = ends;
    this.#output = lines.map((line) => ({ time: line.time, text: outputLine(line, this.#invocation) }));
  }

  #linesOf(found: readonly WireEvent[]): LogLine[] {
    // Of a time when the journal kept output there may be lines that the rings hold too.
    const isInRing = ({ event, instance = '', time }: WireEvent): boolean =>
      event === 'output' && time >= (this.#ringsSince.get(instance) ?? Number.POSITIVE_INFINITY);
    const lines = found.filter((event) => !isInRing(event));
    return lines.map((event) => ({ time: event.time, text: textOf(event, this.#invocation) }));
  }

  /** Puts among them the lines of output that are older than the last of them. */
  #merge(lines: readonly LogLine[]): LogLine[] {
    const output = this.#output ?? [];
    const merged: LogLine[] = [];
    let taken = 0;
    for (const line of lines) {
      for (let next = output[taken]; next !== undefined && next.time < line.time; next = output[taken]) {
        merged.push(next);
        taken += 1;
      }
      merged.push(line);
    }
    this.#output = output.slice(taken);
    return merged;
  }

  #keep(lines: LogLine[]): LogLine[] {
    if (this.#matches === undefined || lines.length === 0) return lines;
    const kept = this.#matches(lines.map(({ text }) => text));
    return lines.filter((_, index) => kept[index]);
  }

  async #print(lines: LogLine[]): Promise<void> {
    const { io, signal } = this.#invocation;
    for (const { text } of this.#keep(lines)) say(io, text);
    // A terminal that is not read from (Ctrl-S) must not fill our memory.
    if (io.stdout.writableNeedDrain) await once(io.stdout, 'drain', { signal });
  }
}

function textOf(event: WireEvent, { flags }: Invocation): string {
  if (flags.has('--json')) return jsonText(event);
  const output = outputOf(event);
  if (output === undefined) return eventText(event);
  return outputText({ ...output, instance: event.instance ?? '', time: event.time });
}

function outputLine({ time, ...line }: OutputLine, { flags }: Invocation): string {
  if (flags.has('--json')) return jsonText({ time, level: levelOfLine(line.text), event: 'output', ...line });
  return outputText({ time, ...line });
}
