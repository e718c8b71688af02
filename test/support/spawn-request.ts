/** A request to start a program, with everything left as it is but what the test is about. */

import { type ChildStreams, standardStreams } from '../../src/supervisor/effects/spawn-request.ts';
import type { SpawnRequest } from '../../src/supervisor/ports/kernel.ts';

export interface Particulars extends Partial<SpawnRequest>, Partial<ChildStreams> {}

export function spawnRequest(particulars: Particulars & Pick<SpawnRequest, 'file'>): SpawnRequest {
  const { stdin, stdout, stderr, ...others } = particulars;
  const nowhere = { kind: 'null' } as const;
  return {
    args: [],
    environment: { clear: false, set: {} },
    workingDirectory: undefined,
    identity: undefined,
    umask: undefined,
    limits: [],
    nice: undefined,
    oomScoreAdj: undefined,
    noNewPrivs: false,
    capabilities: undefined,
    descriptors: standardStreams({
      stdin: stdin ?? nowhere,
      stdout: stdout ?? nowhere,
      stderr: stderr ?? nowhere,
    }),
    ...others,
  };
}

/** For spawns whose answer comes at once. */
export function noLateAnswer(answer: unknown): void {
  throw new Error(`a late answer: ${JSON.stringify(answer)}`);
}

/** A request to run a line of shell. */
export function shellRequest(line: string, particulars: Particulars = {}): SpawnRequest {
  return spawnRequest({ file: '/bin/sh', args: ['-c', line], ...particulars });
}
