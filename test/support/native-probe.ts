/** Runs fixtures/native-probe.ts below a shell that can leave things to a child which Node cannot. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { NativeSpawnRequest, NativeSpawnResult } from '../../src/system/native.ts';

const fixture = resolve(import.meta.dirname, '../fixtures/native-probe.ts');

export interface ProbeJob {
  readonly command: readonly [string, ...string[]];
  readonly particulars?: Partial<NativeSpawnRequest>;
  /** Drop to this uid and gid before the spawn. */
  readonly becomeUid?: number;
  /** Open files until no descriptor is left, then spawn. */
  readonly useUpDescriptors?: boolean;
  /** So many are given back after that. */
  readonly freeDescriptors?: number;
  /** Report the /proc/self/fdinfo of this descriptor of the spawning process. */
  readonly showFd?: number;
}

export interface ProbeAnswer {
  readonly result: NativeSpawnResult;
  readonly stdout: Buffer;
  readonly status: number | undefined;
  readonly hasChildren: boolean;
  readonly shownFd: string | undefined;
  /** What the process itself got on its standard output and error, the answer aside. */
  readonly ownStdout: string;
  readonly ownStderr: string;
}

/** @param shellSetUp lines of bash that run before Node is executed in the same process. */
export async function probe(job: ProbeJob, shellSetUp = ''): Promise<ProbeAnswer> {
  const script = `${shellSetUp}\nexec "$0" "$@"`;
  const { stdout, stderr } = await promisify(execFile)('bash', [
    '-c',
    script,
    process.execPath,
    fixture,
    JSON.stringify(job),
  ]);
  const lines = stdout.trimEnd().split('\n');
  const answer = JSON.parse(lines.pop() ?? '');
  return {
    ...answer,
    stdout: Buffer.from(answer.stdout ?? '', 'base64'),
    ownStdout: lines.join('\n'),
    ownStderr: stderr,
  };
}

/** @returns the failure of a job that must fail. */
export async function probeFailure(
  job: ProbeJob,
  shellSetUp = '',
): Promise<{ readonly step: string; readonly errno: string; readonly message: string }> {
  const { result, hasChildren } = await probe(job, shellSetUp);
  assert.ok(!('pid' in result), 'the program was started');
  assert.equal(hasChildren, false, 'the child that failed was collected');
  return result;
}
