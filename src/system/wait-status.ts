/** The number that wait(2) gives, read as its macros do (bits/waitstatus.h; the same on every Linux). */

import type { ExitStatus } from '../lifecycle/exit-outcome.ts';
import { signalName } from '../signals.ts';

const SIGNAL_BITS = 0x7f;
const CORE_BIT = 0x80;

/**
 * @param status of a child that is dead (neither stopped nor continued). Node's own reading loses real-time
 *   signals: it reports such a death as `exit(0, null)`.
 */
export function decodeWaitStatus(status: number): ExitStatus {
  const signal = status & SIGNAL_BITS;
  if (signal === 0) return { how: 'exited', code: (status >> 8) & 0xff };
  return { how: 'signalled', signal: signalName(signal), core: (status & CORE_BIT) !== 0 };
}
