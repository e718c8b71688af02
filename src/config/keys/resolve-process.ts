/** One checked `[processes.NAME]` table to what the engine goes by: what the rows of its keys give, together. */

import type { ConfigPorts } from '../document/config-ports.ts';
import type { ProcessConfig, SocketConfig } from '../resolved-config.ts';
import { checkInstanceTexts } from '../text/instance-text.ts';
import type { Groups } from '../values/groups.ts';
import { resolveIdentity } from '../values/identity.ts';
import type { PlacedProcess } from '../values/placed-process.ts';
import { PROCESS_KEYS } from './process-keys.ts';
import { giveAll } from './rows.ts';

/** What is beside a process, of all files. */
export interface Surroundings {
  readonly all: ReadonlyMap<string, PlacedProcess>;
  /** Names of those that some process depends on. */
  readonly needed: ReadonlySet<string>;
  readonly sockets: ReadonlyMap<string, SocketConfig>;
  readonly groups: Groups;
  readonly ports: ConfigPorts;
}

export function resolveProcess(
  name: string,
  { place, process }: PlacedProcess,
  { needed, ...surroundings }: Surroundings,
): ProcessConfig {
  if (name === 'all') {
    place.problem(
      { message: 'a process cannot be named "all": on the command line that means all of them' },
      'key',
    );
  }
  checkInstanceTexts(place, process, process.instances);
  const identity = resolveIdentity(place, process, surroundings.ports);
  const from = { name, place, process, identity, ...surroundings, isNeeded: needed.has(name) };
  return { name, ...giveAll(PROCESS_KEYS, 'resolve', from), spawn: giveAll(PROCESS_KEYS, 'spawn', from) };
}
