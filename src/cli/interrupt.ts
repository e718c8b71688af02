/** Commands that go on until somebody ends them. */

import { TaskmasterError } from '../errors.ts';
import { INTERRUPTED } from '../exit-codes.ts';
import type { RpcClient } from '../rpc/client/client.ts';
import type { CliIo } from './io.ts';

/** Resolves with 130 at Ctrl-C; rejects with `engine-unreachable` when the engine goes. */
export async function untilInterrupted(client: RpcClient, io: CliIo, signal: AbortSignal): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const interrupt = (): void => resolve(INTERRUPTED);
  const undo = io.onInterrupt(interrupt);
  signal.addEventListener('abort', interrupt);
  try {
    const gone = client.closed.then(() => {
      throw new TaskmasterError('engine-unreachable', 'the engine closed the connection');
    });
    return await Promise.race([promise, gone]);
  } finally {
    undo();
    signal.removeEventListener('abort', interrupt);
  }
}
