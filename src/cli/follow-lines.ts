/** The live part of `logs --follow`: events and output as they come, until Ctrl-C. */

import type { Notification, RpcClient } from '../rpc/client.ts';
import type { WireEvent } from '../rpc/contract.ts';
import type { Invocation } from './command.ts';
import type { Matcher } from './grep.ts';
import { untilInterrupted } from './interrupt.ts';
import { complain, say } from './io.ts';
import { isWantedOutput, type Query } from './journal-query.ts';
import { LineCutter } from './line-cutter.ts';
import { instancesOf, type OutputLine } from './recent-output.ts';
import { bytesOf } from './wire-bytes.ts';

export interface Following {
  readonly client: RpcClient;
  readonly query: Query;
  /** Events up to this one have been shown. */
  readonly lastId: number;
  readonly matches: Matcher | undefined;
  readonly invocation: Invocation;
  readonly textOf: (event: WireEvent, invocation: Invocation) => string;
  readonly outputLine: (line: OutputLine, invocation: Invocation) => string;
}

export async function followLines(following: Following): Promise<number> {
  const { client, query, lastId, matches, invocation } = following;
  const { io, signal } = invocation;
  const failed = Promise.withResolvers<never>();
  const tell = (text: string): void => {
    try {
      if (matches?.([text])[0] === false) return;
    } catch (error) {
      failed.reject(error);
      return;
    }
    say(io, text);
    // A terminal that is not read from (Ctrl-S) must not fill our memory: the engine drops what is too much.
    if (!io.stdout.writableNeedDrain) return;
    client.pause();
    io.stdout.once('drain', () => client.resume());
  };
  if (query.streams === undefined) await followEvents(following, lastId, tell);
  if (query.output === true || query.streams !== undefined) {
    for (const instance of await instancesOf(client, query)) await followOutput(following, instance, tell);
  }
  return Promise.race([untilInterrupted(client, io, signal), failed.promise]);
}

async function followEvents(
  { client, query, invocation, textOf }: Following,
  lastId: number,
  tell: (text: string) => void,
): Promise<void> {
  const { names, events, level, incarnation, text } = query;
  const { subscription } = await client.call('events.subscribe', {
    ...(names !== undefined && { names }),
    ...(events !== undefined && { events }),
    ...(level !== undefined && { level }),
    ...(incarnation !== undefined && { incarnation }),
    ...(text !== undefined && { text }),
    after_id: lastId,
  });
  client.onNotification(subscription, (notification) => {
    if (notification.method === 'events') tell(textOf(notification.params.event, invocation));
    else tellLoss(notification, invocation);
  });
}

async function followOutput(
  { client, query, invocation, outputLine }: Following,
  { name: instance, process }: { readonly name: string; readonly process: string },
  tell: (text: string) => void,
): Promise<void> {
  const attached = await client.call('attach', { name: instance, replay: false });
  let incarnation = 0;
  const cutter = new LineCutter((stream, text, time = Date.now()) => {
    const line = { time, process, instance, incarnation, stream, text };
    if (isWantedOutput(line, query)) tell(outputLine(line, invocation));
  });
  client.onNotification(attached.subscription, (notification) => {
    if (notification.method !== 'attach') tellLoss(notification, invocation);
    else if (notification.params.kind === 'output') {
      if (notification.params.incarnation !== incarnation) cutter.end();
      incarnation = notification.params.incarnation ?? 0;
      cutter.push(notification.params.stream ?? 'stdout', bytesOf(notification.params), Date.now());
    }
  });
}

function tellLoss(notification: Notification, { io }: Invocation): void {
  if (notification.method !== 'dropped') return;
  const { notifications, bytes } = notification.params;
  complain(io, `[too slow: ${bytes > 0 ? `${bytes} bytes` : `${notifications} events`} were lost]`);
}
