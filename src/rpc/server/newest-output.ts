/** How much of what an instance printed goes into one reply. */

import type { RecentChunk } from '../access/engine-port.ts';

/** Of one reply of `logs.output`; rings may be larger, `attach` replays all. */
const MOST_OUTPUT_BYTES = 4 * 2 ** 20;
const LONGEST_CHUNK_BYTES = 64 * 1024;
/** Put into a reply in one piece of work. */
export const CHUNKS_A_PIECE = 4;

/** In chunks that are soon done with, and no more of them than fit in a reply. */
export function newestOf(recent: readonly RecentChunk[]): readonly RecentChunk[] {
  const pieces: RecentChunk[] = [];
  for (const chunk of recent) {
    for (let from = 0; from < chunk.bytes.length; from += LONGEST_CHUNK_BYTES) {
      const bytes = chunk.bytes.subarray(from, from + LONGEST_CHUNK_BYTES);
      pieces.push({ ...chunk, bytes, position: chunk.position + from });
    }
  }
  let left = MOST_OUTPUT_BYTES;
  const first = pieces.findLastIndex(({ bytes }) => {
    left -= bytes.length;
    return left < 0;
  });
  return pieces.slice(first + 1);
}
