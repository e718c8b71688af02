/** How orphans come to the engine: by right as PID 1, or by asking the kernel for them. */

import { getSystemErrorName } from 'node:util';
import { SystemError } from '../errors.ts';
import type { NativeAddon } from './native.ts';

export type InitRole = 'pid1' | 'subreaper';

/**
 * Takes the part of an init: nothing to do as PID 1 of its PID namespace, else as child subreaper (prctl(2)
 * PR_SET_CHILD_SUBREAPER), which hands it the orphans among its own descendants. Throws SystemError.
 */
export function takeInitRole(addon: Pick<NativeAddon, 'becomeSubreaper'>, pid = process.pid): InitRole {
  if (pid === 1) return 'pid1';
  const failure = addon.becomeSubreaper();
  if (failure === 0) return 'subreaper';
  const errno = getSystemErrorName(-failure);
  throw new SystemError(
    errno,
    `cannot become a child subreaper: ${errno}; orphaned grandchildren would not be collected. ` +
      'Run taskmaster as PID 1, or allow prctl in the seccomp profile',
  );
}
