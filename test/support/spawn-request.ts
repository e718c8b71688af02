/** A request to start a program, with everything left as it is but what the test is about. */

import type { SpawnRequest } from '../../src/supervisor/ports.ts';

export function spawnRequest(particulars: Partial<SpawnRequest> & Pick<SpawnRequest, 'file'>): SpawnRequest {
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
    stdin: { kind: 'null' },
    stdout: { kind: 'null' },
    stderr: { kind: 'null' },
    ...particulars,
  };
}

/** A request to run a line of shell. */
export function shellRequest(line: string, particulars: Partial<SpawnRequest> = {}): SpawnRequest {
  return spawnRequest({ file: '/bin/sh', args: ['-c', line], ...particulars });
}
