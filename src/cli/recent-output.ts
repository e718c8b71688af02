/** What the engine's rings hold of what processes print, as lines; for a journal that does not keep it. */

import type { RpcClient } from '../rpc/client.ts';
import { isWantedOutput, type Query } from './journal-query.ts';
import { LineCutter } from './line-cutter.ts';
import { bytesOf } from './wire-bytes.ts';

export interface OutputLine {
  /** Epoch milliseconds at which it was read. */
  readonly time: number;
  readonly process: string;
  readonly instance: string;
  readonly incarnation: number;
  readonly stream: string;
  readonly text: string;
}

export interface RecentOutput {
  /** Oldest first over all instances. */
  readonly lines: readonly OutputLine[];
  /** By instance, since when its ring holds all it printed: epoch milliseconds. */
  readonly since: ReadonlyMap<string, number>;
}

export async function recentOutput(client: RpcClient, query: Query): Promise<RecentOutput> {
  const lines: OutputLine[] = [];
  const since = new Map<string, number>();
  for (const { name: instance, process } of await instancesOf(client, query)) {
    const { chunks } = await client.call('logs.output', { name: instance });
    const oldest = chunks[0]?.time;
    if (oldest !== undefined) since.set(instance, oldest);
    let incarnation = 0;
    let lastTime = 0;
    const cutter = new LineCutter((stream, text, time = lastTime) => {
      lines.push({ time, process, instance, incarnation, stream, text });
    });
    for (const chunk of chunks) {
      // The rest of an earlier life is no beginning of a line of this one.
      if (chunk.incarnation !== incarnation) cutter.end();
      incarnation = chunk.incarnation;
      lastTime = chunk.time ?? lastTime;
      cutter.push(chunk.stream, bytesOf(chunk), chunk.time);
    }
    cutter.end();
  }
  const wanted = lines.filter((line) => isWantedOutput(line, query));
  return { lines: wanted.sort((one, other) => one.time - other.time), since };
}

export async function instancesOf(
  client: RpcClient,
  { names }: Query,
): Promise<readonly { readonly name: string; readonly process: string }[]> {
  const { instances } = await client.call('status', names === undefined ? {} : { names });
  return instances;
}
