/** The live part of `logs --follow`: events and output as they come, until Ctrl-C. */

import type { Notification, RpcClient } from '../../rpc/client/client.ts';
import type { WireEvent, WireInstance } from '../../rpc/contract/contract.ts';
import type { Invocation } from '../command.ts';
import { untilInterrupted } from '../interrupt.ts';
import { complain, say } from '../io.ts';
import { FollowedStatus } from '../status/followed-status.ts';
import { bytesOf } from '../wire-bytes.ts';
import type { Matcher } from './grep.ts';
import { isWantedOutput, type Query, wantsOutput } from './journal-query.ts';
import { type CutLine, LineCutter } from './line-cutter.ts';
import type { OutputEnd, OutputLine } from './recent-output.ts';

export interface Following {
  readonly client: RpcClient;
  readonly query: Query;
  /** Events up to this one have been shown. */
  readonly lastId: number;
  /** By instance: what was printed up to there has been shown. Of others, everything is new. */
  readonly ends: ReadonlyMap<string, OutputEnd>;
  readonly matches: Matcher | undefined;
  readonly invocation: Invocation;
  readonly textOf: (event: WireEvent, invocation: Invocation) => string;
  readonly outputLine: (line: OutputLine, invocation: Invocation) => string;
}

export async function followLines(following: Following): Promise<number> {
  const { client, query, matches, invocation } = following;
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
  if (query.streams === undefined) await followEvents(following, tell);
  if (wantsOutput(query)) await new FollowedOutput(following, tell, failed.reject).begin();
  return Promise.race([untilInterrupted(client, io, signal), failed.promise]);
}

async function followEvents(
  { client, query, lastId, invocation, textOf }: Following,
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

type Subject = Pick<WireInstance, 'name' | 'process'>;

/** What the instances print, those included that a reload adds. */
class FollowedOutput {
  readonly #following: Following;
  readonly #tell: (text: string) => void;
  readonly #fail: (error: unknown) => void;
  readonly #followed = new Set<string>();

  constructor(following: Following, tell: (text: string) => void, fail: (error: unknown) => void) {
    this.#following = following;
    this.#tell = tell;
    this.#fail = fail;
  }

  async begin(): Promise<void> {
    const { client, query, ends } = this.#following;
    const { instances } = await FollowedStatus.open(
      client,
      query.names ?? [],
      ({ instances: changed, removed }) => {
        for (const name of removed) this.#followed.delete(name);
        for (const instance of changed) this.#follow(instance, undefined).catch(this.#fail);
      },
    );
    for (const instance of instances) await this.#follow(instance, ends.get(instance.name));
  }

  async #follow(instance: Subject, end: OutputEnd | undefined): Promise<void> {
    const { name } = instance;
    if (this.#followed.has(name)) return;
    this.#followed.add(name);
    const { client, invocation } = this.#following;
    const after = end?.after ?? { stdout: 0, stderr: 0 };
    const { subscription } = await client.call('attach', { name, after });
    const cutter = end?.cutter ?? new LineCutter(() => {});
    cutter.onLine = (line) => this.#take(instance, line);
    client.onNotification(subscription, (notification) => {
      if (notification.method !== 'attach') tellLoss(notification, invocation);
      else if (notification.params.kind === 'output') {
        const { stream = 'stdout', incarnation = 0 } = notification.params;
        cutter.push(stream, bytesOf(notification.params), incarnation, Date.now());
      } else if (notification.params.kind === 'removed') {
        cutter.end();
        client.forget(subscription);
      }
    });
  }

  #take({ name, process }: Subject, { time = Date.now(), ...cut }: CutLine): void {
    const { query, invocation, outputLine } = this.#following;
    const line = { time, process, instance: name, ...cut };
    if (isWantedOutput(line, query)) this.#tell(outputLine(line, invocation));
  }
}

function tellLoss(notification: Notification, { io }: Invocation): void {
  if (notification.method !== 'dropped') return;
  const { notifications, bytes } = notification.params;
  complain(io, `[too slow: ${bytes > 0 ? `${bytes} bytes` : `${notifications} events`} were lost]`);
}
