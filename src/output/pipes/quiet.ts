/** Waiting until nothing more comes, without waiting for the end of what may never end. */

import type { Clock } from '../../supervisor/ports/clock.ts';

/** A pipe that is resumed in one turn is polled in the next, and its bytes are handed on in that. */
const QUIET_TURNS = 3;

/**
 * Resolves once all that was read is written and then, for some turns of the event loop, no pipe had anything: a
 * grandchild that merely holds one is not waited for.
 */
export async function untilQuiet(what: {
  readonly clock: Pick<Clock, 'soon'>;
  readonly bytesRead: () => number;
  readonly written: () => Promise<unknown>;
}): Promise<void> {
  for (let quietTurns = 0; quietTurns < QUIET_TURNS; ) {
    const before = what.bytesRead();
    await what.written();
    await new Promise<void>((resolve) => void what.clock.soon(resolve));
    quietTurns = what.bytesRead() === before ? quietTurns + 1 : 0;
  }
}
