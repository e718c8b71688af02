/** Drives the addon's spawn without the engine around it: one child at a time, to its end. */

import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { type NativeSpawnRequest, type NativeSpawnResult, native } from '../../src/system/native.ts';
import { eventually } from './eventually.ts';
import { noLateAnswer } from './spawn-request.ts';

/** Tests may run on a machine that is busy. */
export const PATIENCE_MS = 30_000;
export const NULL_DEVICE = -1;
export const NEW_PIPE = -2;
export const NEW_TERMINAL = -3;

export type SpawnedChild = Extract<NativeSpawnResult, { pid: number }>;
export type SpawnFailed = Extract<NativeSpawnResult, { step: string }>;

export interface EndedChild {
  readonly pid: number;
  /** As wait(2) gives it. */
  readonly status: number;
  readonly stdout: Buffer;
  /** Standard output as text. */
  readonly text: string;
}

/** A request that leaves everything as it is and catches standard output; standard error is the test's own. */
export function nativeRequest(
  command: readonly [string, ...string[]],
  particulars: Partial<NativeSpawnRequest> = {},
): NativeSpawnRequest {
  return {
    file: command[0],
    argv: command,
    clearEnvironment: false,
    unset: [],
    set: [],
    cwd: undefined,
    userName: undefined,
    uid: undefined,
    gid: undefined,
    groups: undefined,
    umask: undefined,
    limits: [],
    nice: undefined,
    oomScoreAdj: undefined,
    noNewPrivs: false,
    capabilities: undefined,
    descriptors: [NULL_DEVICE, NEW_PIPE, 2],
    ...particulars,
  };
}

export function spawnChild(request: NativeSpawnRequest): SpawnedChild {
  const result = native().spawn(request, PATIENCE_MS, noLateAnswer);
  assert.ok('pid' in result, JSON.stringify(result));
  return result;
}

/** @returns the failure of a request that must fail. */
export function spawnFailure(request: NativeSpawnRequest): SpawnFailed {
  const result = native().spawn(request, PATIENCE_MS, noLateAnswer);
  assert.ok(!('pid' in result), 'the program was started');
  assert.ok('step' in result, 'the answer is pending');
  return result;
}

/** Collects one child, whatever else has died. @returns its status as in wait(2). */
export async function collect(pid: number, others: Map<number, number> = new Map()): Promise<number> {
  return await eventually(
    () => {
      const { collected } = native().reap(new Int32Array(), 1_000);
      for (let index = 0; index + 1 < collected.length; index += 2) {
        others.set(collected[index] ?? 0, collected[index + 1] ?? 0);
      }
      const status = others.get(pid);
      assert.notEqual(status, undefined, `${pid} has ended`);
      return status ?? 0;
    },
    { withinMs: 10_000 },
  );
}

/** Reads our end of a pipe until the last writer is gone, and closes it. */
export async function readToEnd(fd: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of new Socket({ fd, readable: true, writable: false })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Runs a program to its end. */
export async function runChild(
  command: readonly [string, ...string[]],
  particulars: Partial<NativeSpawnRequest> = {},
): Promise<EndedChild> {
  const child = spawnChild(nativeRequest(command, particulars));
  const stdout = child.fds[1] < 0 ? Buffer.alloc(0) : await readToEnd(child.fds[1]);
  const status = await collect(child.pid);
  return { pid: child.pid, status, stdout, text: stdout.toString() };
}

/** What the kernel says of a program of that request: the fields of its /proc/self/status (proc_pid_status(5)). */
export async function statusFields(
  particulars: Partial<NativeSpawnRequest> = {},
): Promise<Readonly<Record<string, string>>> {
  const { text } = await runChild(['/bin/cat', '/proc/self/status'], particulars);
  return Object.fromEntries(
    text
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/:\s*/, 2) as [string, string])
      .map(([name, value]) => [name, value.trim().replaceAll(/\s+/g, ' ')]),
  );
}
