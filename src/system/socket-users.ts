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
export async function usageOf(listeners: readonly Listener[], proc = '/proc/self/net'): Promise<Usage> {
  for (const kind of new Set(listeners.map((listener) => listener.kind))) {
    const path = `${proc}/${kind}`;
    const table = await tableAt(path);
    if (typeof table !== 'string') return table;
    const inodes = listeners.filter((listener) => listener.kind === kind).map(({ inode }) => inode);
    const usage = (kind === 'unix' ? usageInUnix : usageInInet)(table, inodes);
    if (usage === 'missing') return { unknown: `${path} does not list the socket` };
    if (usage === 'used') return usage;
  }
  return 'unused';
}

async function tableAt(path: string): Promise<string | { readonly unknown: string }> {
  try {
    const { data } = await fileLater({ work: 'readWhole', path, limit: MAX_TABLE_BYTES });
    if (data === undefined || data.length > MAX_TABLE_BYTES) return { unknown: `${path} is too long` };
    return data.toString('latin1');
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

/** Columns of /proc/net/tcp: number, local address, remote address, state, …, inode as the tenth. */
export function usageInInet(table: string, inodes: readonly number[]): Found {
  const rows = rowsOf(table).map(([, local = '', , state = '', , , , , , inode = '']) => {
    const [address = '', port = ''] = local.split(':');
    return { address, port, state, inode: Number(inode) };
  });
  const listeners = rows.filter(({ state, inode }) => state === LISTENS && inodes.includes(inode));
  if (listeners.length < inodes.length) return 'missing';
  const isUsed = rows.some(
    ({ address, port, state, inode }) =>
      (CONNECTED.has(state) || (HALF_CLOSED.has(state) && inode !== 0)) &&
      listeners.some(
        (listener) =>
          listener.port === port && (listener.address === address || ANY_ADDRESS.test(listener.address)),
      ),
  );
  return isUsed ? 'used' : 'unused';
}

/** SS_CONNECTING, of one that was not accepted yet, and SS_CONNECTED. */
const UNIX_CONNECTED: ReadonlySet<string> = new Set(['02', '03']);

/** Columns of /proc/net/unix: number, count, protocol, flags, type, state, inode, path: that of the listener. */
export function usageInUnix(table: string, inodes: readonly number[]): Found {
  const rows = rowsOf(table).map(([, , , , type = '', state = '', inode = '', ...path]) => ({
    type,
    state,
    inode: Number(inode),
    path: path.join(' '),
  }));
  const listeners = rows.filter(({ inode }) => inodes.includes(inode));
  if (listeners.length < inodes.length) return 'missing';
  const isUsed = rows.some(
    ({ type, state, path }) =>
      UNIX_CONNECTED.has(state) &&
      listeners.some((listener) => listener.path === path && listener.type === type),
  );
  return isUsed ? 'used' : 'unused';
}

function rowsOf(table: string): readonly (readonly string[])[] {
  return table
    .split('\n')
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => line.trim().split(/ +/));
}
