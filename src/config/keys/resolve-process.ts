/** One checked `[processes.NAME]` table to what the engine goes by: what the rows of its keys give, together. */

import type { ConfigPorts } from '../document/config-ports.ts';
import type { ProcessConfig, SocketConfig } from '../resolved-config.ts';
import { checkInstanceTexts } from '../text/instance-text.ts';
import { resolveIdentity } from '../values/identity.ts';
import type { PlacedProcess } from '../values/resolve-dependencies.ts';
import { PROCESS_KEYS } from './process-keys.ts';
import { giveAll } from './rows.ts';

/**
 * @param all the processes of all files.
 * @param needed names of those that some process depends on.
 * @param sockets those of all files.
 */
export function resolveProcess(
  name: string,
  { place, process }: PlacedProcess,
  all: ReadonlyMap<string, PlacedProcess>,
  needed: ReadonlySet<string>,
  sockets: ReadonlyMap<string, SocketConfig>,
  ports: ConfigPorts,
): ProcessConfig {
  if (name === 'all') {
    place.problem(
      { message: 'a process cannot be named "all": on the command line that means all of them' },
      'key',
    );
  }
  checkInstanceTexts(place, process, process.instances);
  const identity = resolveIdentity(place, process, ports);
  const from = { place, process, ports, identity, all, sockets, isNeeded: needed.has(name) };
  return { name, ...giveAll(PROCESS_KEYS, 'resolve', from), spawn: giveAll(PROCESS_KEYS, 'spawn', from) };
}
