/** Sockets and the processes that use them. */

import type { ProcessConfig, SocketConfig } from '../resolved-config.ts';
import type { PlacedProcess } from '../values/placed-process.ts';
import type { PlacedSocket } from '../values/service-socket.ts';
import { addressKey } from '../values/service-socket.ts';

/** SD_LISTEN_FDS_START of sd_listen_fds(3). */
const FIRST_PASSED = 3;

/** Reports descriptors with two meanings and addresses that are there twice, and warns of sockets that nobody uses. */
export function checkSockets(
  sockets: ReadonlyMap<string, SocketConfig>,
  placed: ReadonlyMap<string, PlacedSocket>,
  processes: ReadonlyMap<string, ProcessConfig>,
  placedProcesses: ReadonlyMap<string, PlacedProcess>,
): void {
  for (const { name, readiness, sockets: passed } of processes.values()) {
    if (readiness?.kind !== 'descriptor' || readiness.fd >= FIRST_PASSED + passed.length) continue;
    const hint = `its sockets are 3 to ${FIRST_PASSED + passed.length - 1}; take a higher number`;
    const message = `descriptor ${readiness.fd} is one of its sockets`;
    if (passed.length > 0) placedProcesses.get(name)?.place.at('notify_fd').problem({ message, hint });
  }
  const used = new Set([...processes.values()].flatMap((process) => process.sockets.map(({ name }) => name)));
  const first = new Map<string, string>();
  for (const [name, { address }] of sockets) {
    const place = placed.get(name)?.place;
    const key = addressKey(address);
    const other = first.get(key);
    if (other === undefined) first.set(key, name);
    else
      place?.at('listen').problem({
        message: `${other} listens there as well`,
        hint: `have the processes share it: sockets = [${JSON.stringify(other)}]`,
      });
    if (!used.has(name)) place?.warning('no process uses it; add it to the sockets of one');
  }
}
