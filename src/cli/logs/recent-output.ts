/** What the engine's rings hold of what processes print, as lines; for a journal that does not keep it. */

import type { RpcClient } from '../../rpc/client/client.ts';
import type { Params } from '../../rpc/contract/contract.ts';
import { bytesOf } from '../wire-bytes.ts';
import { isWantedOutput, type Query } from './journal-query.ts';
import { LineCutter } from './line-cutter.ts';

export interface OutputLine {
  /** Epoch milliseconds at which it was read. */
  readonly time: number;
  readonly process: string;
  readonly instance: string;
  readonly incarnation: number;
  readonly stream: string;
  readonly text: string;
}

/** From where to go on with what an instance prints. */
export interface OutputEnd {
  readonly after: NonNullable<Params<'attach'>['after']>;
  /** Holds the beginning of a line that had not ended by then. */
  readonly cutter?: LineCutter;
}

export interface RecentOutput {
  /** Oldest first over all instances. */
  readonly lines: readonly OutputLine[];
  /** By instance, since when its ring holds all it printed: epoch milliseconds. */
  readonly since: ReadonlyMap<string, number>;
  readonly ends: ReadonlyMap<string, OutputEnd>;
}

/** @param isFollowed somebody goes on from the ends: lines that have not ended are left to him. */
export async function recentOutput(
  client: RpcClient,
  query: Query,
  isFollowed: boolean,
): Promise<RecentOutput> {
  const lines: OutputLine[] = [];
  const since = new Map<string, number>();
  const ends = new Map<string, OutputEnd>();
  for (const { name: instance, process } of await instancesOf(client, query)) {
    const { chunks, position } = await client.call('logs.output', { name: instance });
    const oldest = chunks[0]?.time;
    if (oldest !== undefined) since.set(instance, oldest);
    let lastTime = 0;
    const cutter = new LineCutter(({ time = lastTime, ...line }) => {
      lines.push({ time, process, instance, ...line });
    });
    for (const chunk of chunks) {
      lastTime = chunk.time ?? lastTime;
      cutter.push(chunk.stream, bytesOf(chunk), chunk.incarnation, chunk.time);
    }
    if (!isFollowed) cutter.end();
    ends.set(instance, { after: position, cutter });
  }
  const wanted = lines.filter((line) => isWantedOutput(line, query));
  return { lines: wanted.sort((one, other) => one.time - other.time), since, ends };
}

async function instancesOf(
  client: RpcClient,
  { names }: Query,
): Promise<readonly { readonly name: string; readonly process: string }[]> {
  const { instances } = await client.call('status', names === undefined ? {} : { names });
  return instances;
}
