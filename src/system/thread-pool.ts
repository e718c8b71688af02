/**
 * Node's thread pool (file system, name look-ups) is made by libuv at its first use, and libuv aborts the process
 * where a thread cannot be made: under a limit of processes that our own processes have filled, that would be the end
 * of the container. So it is made before there is any of them, and small, because threads count against the limit.
 */

import { stat } from 'node:fs';

/** Half of libuv's default: one may be held up by a slow disk. */
const THREADS = '2';

/** Call once, before anything is spawned. libuv makes all of its threads in this call. */
export function startThreadPool(environment: NodeJS.ProcessEnv = process.env): void {
  const given = environment.UV_THREADPOOL_SIZE;
  environment.UV_THREADPOOL_SIZE ??= THREADS;
  stat('/', () => {});
  // Processes inherit the environment, and may be Node programs themselves.
  if (given === undefined) delete environment.UV_THREADPOOL_SIZE;
}
