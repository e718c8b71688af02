/** What is wrong with the directories of log files, as far as it can be seen before anything is started. */

import { dirname } from 'node:path';
import type { ProcessConfig } from '../config/resolved-config.ts';
import { inspectNow } from '../files/safe-files.ts';
import { targetsFor } from '../supervisor/effects/spawn-request.ts';

const FOR_OTHERS = 0o022;

/** @returns one sentence for each directory. */
export function warningsOfLogDirectories(processes: Iterable<ProcessConfig>): readonly string[] {
  const warnings = new Map<string, string>();
  for (const process of processes) {
    const { stdout, stderr } = targetsFor(process, 1);
    for (const target of [stdout, stderr]) {
      if (target.kind !== 'file') continue;
      const wrong = problemOf(target.path, process.spawn.identity?.uid);
      const directory = dirname(target.path);
      if (wrong !== undefined) warnings.set(directory, `${process.name}: ${directory} ${wrong}`);
    }
  }
  return [...warnings.values()];
}

function problemOf(path: string, user: number | undefined): string | undefined {
  const facts = inspectNow(path);
  if (facts === undefined) return 'does not answer: its file system hangs';
  const { errno, why, control, directoryUid, directoryMode, mayWrite } = facts;
  if (why === 'link')
    return `leads over ${facts.at}, a symbolic link that another user could have made: the engine will not follow it`;
  const isMissing = errno === 'ENOENT' && facts.at !== '' && facts.at !== path;
  if (isMissing && !mayWrite) return 'does not exist, and the engine cannot make it; create it in the image';
  if (errno !== undefined && errno !== 'ENOENT') return `cannot be used: ${errno}`;
  if (!mayWrite) return 'may not be written to by the engine';
  const isOfOthers = control === 'foreign' && directoryUid !== user;
  const isForOthers = control !== 'ours' && (directoryMode & FOR_OTHERS) !== 0;
  if (!isOfOthers && !isForOthers) return undefined;
  const owner = isOfOthers ? `belongs to user ${directoryUid}` : 'may be written to by others';
  return `${owner}: they can remove, replace and read its log files; use a directory of root, or of the process's user alone`;
}
