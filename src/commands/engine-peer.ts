/** Who listens at the other end of a client's connection, as the kernel tells it. */

import type { Socket } from 'node:net';
import type { ServerIdentity } from '../rpc/client/client.ts';
import { native } from '../system/native.ts';

/** @returns undefined where it cannot be asked: the owner of the socket file has to do then. */
export function enginePeer(socket: Socket): ServerIdentity | undefined {
  try {
    // Node gives the descriptor of a socket no public name.
    const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
    return native().peerCredentials(fd) ?? undefined;
  } catch {
    return undefined;
  }
}
