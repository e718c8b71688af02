/** Waits for the thing, never for time. */

import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 5;

/**
 * Calls `check` until it neither throws nor returns false, and returns what it returned. Rejects with its last error
 * once `withinMs` are over.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { withinMs = 5_000 }: { readonly withinMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      const result = await check();
      if (result !== false) return result;
      if (performance.now() > deadline) throw new Error(`not so within ${withinMs} ms: ${check}`);
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await pause(POLL_MS);
  }
}
