/** Who is connected to a socket, by the kernel's tables of /proc/net (proc(5)). */

import { fileLater } from '../files/safe-files.ts';

/** About 50,000 sockets; on the network of a busy host it cannot be said who is connected. */
const MAX_TABLE_BYTES = 8 * 1_048_576;

/** A stream socket that listens, and in which tables connections to it are. */
export interface Listener {
  readonly inode: number;
  readonly kind: 'tcp' | 'tcp6' | 'unix';
}

/** `unknown`: with the reason. */
export type Usage = 'used' | 'unused' | { readonly unknown: string };

/** Whether somebody is connected to one of them, or waits to be accepted. */
export async function usageOf(
  listeners: readonly Listener[],
  tables: Tables,
  proc = '/proc/self/net',
): Promise<Usage> {
  for (const kind of new Set(listeners.map((listener) => listener.kind))) {
    const path = `${proc}/${kind}`;
    const table = await tables.read(path);
    if (!Buffer.isBuffer(table)) return table;
    const inodes = listeners.filter((listener) => listener.kind === kind).map(({ inode }) => inode);
    const usage = (kind === 'unix' ? usageInUnix : usageInInet)(table, inodes);
    if (usage === 'missing') return { unknown: `${path} does not list the socket` };
    if (usage === 'used') return usage;
  }
  return 'unused';
}

/** For all who ask while it is read. */
export class Tables {
  readonly #reading = new Map<string, ReturnType<typeof tableAt>>();

  read(path: string): ReturnType<typeof tableAt> {
    const known = this.#reading.get(path);
    if (known !== undefined) return known;
    const reading = tableAt(path).finally(() => this.#reading.delete(path));
    this.#reading.set(path, reading);
    return reading;
  }
}

async function tableAt(path: string): Promise<Buffer | { readonly unknown: string }> {
  try {
    const { data } = await fileLater({ work: 'readWhole', path, limit: MAX_TABLE_BYTES });
    return data === undefined || data.length > MAX_TABLE_BYTES ? { unknown: `${path} is too long` } : data;
  } catch (error) {
    return { unknown: (error as Error).message };
  }
}

type Found = 'used' | 'unused' | 'missing';

/** States of net/tcp_states.h: a peer is there, or has only ended its own direction. */
const LISTENS = '0A';
const CONNECTED: ReadonlySet<string> = new Set(['01', '03', '08']);
/** The program has ended its direction. Without an inode it has closed the socket as well. */
const HALF_CLOSED: ReadonlySet<string> = new Set(['04', '05']);
const ANY_ADDRESS = /^0+$/;

interface InetRow {
  readonly address: string;
  readonly port: string;
  readonly state: string;
  readonly inode: number;
}

export function usageInInet(table: Buffer, inodes: readonly number[]): Found {
  const usages = inodes.map((inode): Found => {
    const isListener = (row: InetRow): boolean => row.state === LISTENS && row.inode === inode;
    const listener = find(table, ` ${inode} `, inetRow, isListener);
    if (listener === undefined) return 'missing';
    const used = find(table, `:${listener.port} `, inetRow, (row) => isUse(row, listener));
    return used === undefined ? 'unused' : 'used';
  });
  return summary(usages);
}

function isUse({ address, port, state, inode }: InetRow, listener: InetRow): boolean {
  const isOpen = CONNECTED.has(state) || (HALF_CLOSED.has(state) && inode !== 0);
  const isThere = listener.address === address || ANY_ADDRESS.test(listener.address);
  return isOpen && isThere && port === listener.port;
}

/** Columns of /proc/net/tcp: number, local address, remote address, state, …, inode as the tenth. */
function inetRow(line: string): InetRow {
  const [, local = '', , state = '', , , , , , inode = ''] = line.trim().split(/ +/);
  const [address = '', port = ''] = local.split(':');
  return { address, port, state, inode: Number(inode) };
}

/** SS_CONNECTING, of one that was not accepted yet, and SS_CONNECTED. */
const UNIX_CONNECTED: ReadonlySet<string> = new Set(['02', '03']);

interface UnixRow {
  readonly type: string;
  readonly state: string;
  readonly inode: number;
  readonly path: string;
}

export function usageInUnix(table: Buffer, inodes: readonly number[]): Found {
  const usages = inodes.map((inode): Found => {
    const listener = find(table, ` ${inode} `, unixRow, (row) => row.inode === inode);
    if (listener === undefined) return 'missing';
    const { path, type } = listener;
    const isUsed = (row: UnixRow): boolean =>
      UNIX_CONNECTED.has(row.state) && row.path === path && row.type === type;
    return find(table, ` ${path}\n`, unixRow, isUsed) === undefined ? 'unused' : 'used';
  });
  return summary(usages);
}

/** Columns of /proc/net/unix: number, count, protocol, flags, type, state, inode, path: that of the listener. */
function unixRow(line: string): UnixRow {
  const [, type = '', state = '', inode = '', path = ''] =
    /^\S+ \S+ \S+ \S+ (\S+) (\S+) +(\d+)(?: (.*))?$/.exec(line) ?? [];
  return { type, state, inode: Number(inode), path };
}

function summary(usages: readonly Found[]): Found {
  if (usages.includes('missing')) return 'missing';
  return usages.includes('used') ? 'used' : 'unused';
}

/**
 * The first row with this text that is wanted. A table may be long, and the engine has others to serve: only lines with
 * the text are looked at.
 */
function find<Row>(
  table: Buffer,
  text: string,
  rowOf: (line: string) => Row,
  isWanted: (row: Row) => boolean,
): Row | undefined {
  let at = table.indexOf(text, 0, 'latin1');
  while (at >= 0) {
    const start = table.lastIndexOf('\n', at) + 1;
    const end = table.indexOf('\n', at);
    const stop = end < 0 ? table.length : end;
    const row = rowOf(table.toString('latin1', start, stop));
    if (isWanted(row)) return row;
    at = table.indexOf(text, stop, 'latin1');
  }
  return undefined;
}
