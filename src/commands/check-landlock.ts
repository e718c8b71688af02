/** Paths of `landlock` that do not exist, so that their processes cannot start. */

import { join } from 'node:path';
import type { ProcessConfig } from '../config/resolved-config.ts';
import { ofInstance } from '../config/text/instance-text.ts';
import { inspectNow } from '../files/safe-files.ts';

/** @returns one sentence for each path. */
export function warningsOfLandlock(processes: Iterable<ProcessConfig>): readonly string[] {
  const warnings: string[] = [];
  for (const process of processes) {
    const { landlock, mounts } = ofInstance(process, 1).spawn;
    const { read = [], write = [], execute = [] } = landlock ?? {};
    for (const path of new Set([...read, ...write, ...execute])) {
      if (path.startsWith('-') || inspectNow(join(mounts?.root ?? '/', path))?.errno !== 'ENOENT') continue;
      const advice = `create it in the image or by a step with as = "engine", or write "-${path}" if it may be absent`;
      warnings.push(`${process.name}: ${path} of landlock does not exist, so it cannot start; ${advice}`);
    }
  }
  return warnings;
}
