/** Which users, beside root and the engine's, can change the configuration: it decides what runs as root. */

import { dirname } from 'node:path';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { inspectNow } from '../files/safe-files.ts';

const FOR_GROUP = 0o020;
const FOR_OTHERS = 0o002;
const STICKY = 0o1000;

type Service = { readonly process: string; readonly uid: number; readonly gids: ReadonlySet<number> };

/** @returns one sentence for each file that a process's user can change. Processes of the engine's user can anyway. */
export function warningsOfConfigFiles({ files, processes }: ResolvedConfig): readonly string[] {
  const services: Service[] = [];
  for (const { name, spawn } of processes.values()) {
    const { identity } = spawn;
    if (identity === undefined || identity.uid === 0 || identity.uid === process.geteuid?.()) continue;
    services.push({ process: name, uid: identity.uid, gids: new Set([identity.gid, ...identity.groups]) });
  }
  return files.flatMap((path) => {
    const found = services.map((service) => wayToChange(path, service)).find((way) => way !== undefined);
    return found === undefined ? [] : [found];
  });
}

function wayToChange(path: string, { process: name, uid, gids }: Service): string | undefined {
  const facts = inspectNow(path);
  if (facts === undefined || facts.errno !== undefined) return undefined;
  const can = `the user of ${name} can change what the engine runs`;
  if (facts.uid === uid) return `${path} belongs to user ${uid}: ${can}`;
  const isForAll = (facts.mode & FOR_OTHERS) !== 0;
  const isForGroup = (facts.mode & FOR_GROUP) !== 0 && gids.has(facts.gid);
  if (isForAll || isForGroup) return `${path} may be written to by user ${uid}: ${can}`;
  const directory = dirname(path);
  if (facts.directoryUid === uid) return `${directory} belongs to user ${uid}: ${can}`;
  const isOpen = (facts.directoryMode & FOR_OTHERS) !== 0 && (facts.directoryMode & STICKY) === 0;
  // Where the engine itself may not write, it is most likely a read-only mount, as of a ConfigMap.
  if (isOpen && facts.mayWrite) return `${directory} may be written to by everybody: ${can}`;
  return undefined;
}
