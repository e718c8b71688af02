/** A spawn request in the words of the configuration, translated for the addon, and its answer translated back. */

import type { SpawnFailure } from '../lifecycle/exit-outcome.ts';
import { signalNumber } from '../signals.ts';
import type { ChildDescriptor, SpawnRequest, SpawnResult } from '../supervisor/ports.ts';
import type { NativeAddon, NativeSpawnRequest, NativeSpawnResult } from './native.ts';
import { readSecrets } from './secret-files.ts';
import {
  capabilityNumber,
  type LimitPair,
  RLIMIT_LOCKS,
  RLIMIT_NOFILE,
  resourceNumber,
} from './spawn-limits.ts';

/** The engine's own variables; what the configuration sets is laid over all the same. */
const ENGINE_VARIABLES: readonly string[] = ['TASKMASTER_*'];
const UNLIMITED = -1;
const NULL_DEVICE = -1;
const NEW_PIPE = -2;
const NEW_TERMINAL = -3;
const LIKE_STDOUT = -4;

type WithoutFamily<Result> = Result extends unknown ? Omit<Result, 'family'> : never;

/**
 * @param mark its family's number.
 * @param openFiles the limit of open files that came from outside, for children without one of their own.
 */
export function spawnProcess(
  addon: Pick<NativeAddon, 'spawn'>,
  request: SpawnRequest,
  openFiles: LimitPair | undefined,
  mark?: number,
): WithoutFamily<SpawnResult> {
  const translated = translateRequest(request, openFiles);
  if (translated.kind === 'failed') return translated;
  const isLimited = request.limits.some(({ resource }) => resourceNumber(resource) === RLIMIT_LOCKS);
  return translateResult(addon.spawn({ ...translated.request, ...(mark && !isLimited && { mark }) }));
}

/** Everything is checked here that the kernel would misread rather than refuse. */
export function translateRequest(
  request: SpawnRequest,
  openFiles: LimitPair | undefined,
):
  | { readonly kind: 'ready'; readonly request: NativeSpawnRequest }
  | { readonly kind: 'failed'; readonly failure: SpawnFailure } {
  const { limits, unknownLimit } = translateLimits(request, openFiles);
  if (unknownLimit !== undefined)
    return refused('set limit', `cannot set limit ${unknownLimit}: no such resource (setrlimit(2))`);
  const capabilities = request.capabilities?.map((name) => capabilityNumber(name) ?? name);
  const unknownCapability = capabilities?.find((number) => typeof number === 'string');
  if (unknownCapability !== undefined)
    return refused('keep capabilities', `cannot keep capability ${unknownCapability}: no such capability`);
  const argv = [request.file, ...request.args];
  const secrets = readSecrets(request.environment.secretFiles);
  if (secrets.kind === 'failed') return secrets;
  const { secretFiles = {} } = request.environment;
  const open = Object.entries(request.environment.set).filter(([name]) => !Object.hasOwn(secretFiles, name));
  const set = [...open, ...secrets.values].map(([name, value]) => `${name}=${value}`);
  // In C a NUL ends a text: what follows it would be cut off without a word.
  if ([...argv, ...set, request.workingDirectory].some((text) => text?.includes('\0')))
    return refused('execute', `cannot execute ${request.file}: its command or environment has a NUL byte`);
  return {
    kind: 'ready',
    request: {
      file: request.file,
      argv,
      clearEnvironment: request.environment.clear,
      unset: ENGINE_VARIABLES,
      set,
      cwd: request.workingDirectory,
      userName: request.identity?.userName,
      uid: request.identity?.uid,
      gid: request.identity?.gid,
      groups: request.identity?.groups,
      umask: request.umask,
      limits,
      nice: request.nice,
      oomScoreAdj: request.oomScoreAdj,
      noNewPrivs: request.noNewPrivs,
      ...(request.parentDeathSignal && { parentDeathSignal: signalNumber(request.parentDeathSignal) }),
      capabilities: capabilities?.filter((number) => typeof number === 'number'),
      stdio: [streamNumber(request.stdin), streamNumber(request.stdout), streamNumber(request.stderr)],
      ...(request.stdin.kind === 'terminal' && request.stdin.size),
    },
  };
}

function translateLimits(
  request: SpawnRequest,
  openFiles: LimitPair | undefined,
): { readonly limits: readonly number[]; readonly unknownLimit: string | undefined } {
  const limits: number[] = [];
  let isOpenFilesLimited = false;
  for (const { resource, soft, hard } of request.limits) {
    const number = resourceNumber(resource);
    if (number === undefined) return { limits, unknownLimit: resource };
    isOpenFilesLimited ||= number === RLIMIT_NOFILE;
    limits.push(number, limitNumber(soft), limitNumber(hard));
  }
  // Node has raised its own soft limit to the hard one; select(2) and old programs suffer from that.
  if (openFiles !== undefined && !isOpenFilesLimited)
    limits.push(RLIMIT_NOFILE, limitNumber(openFiles.soft), limitNumber(openFiles.hard));
  return { limits, unknownLimit: undefined };
}

function limitNumber(limit: number): number {
  return limit === Number.POSITIVE_INFINITY ? UNLIMITED : limit;
}

function streamNumber(descriptor: ChildDescriptor): number {
  switch (descriptor.kind) {
    case 'null':
      return NULL_DEVICE;
    case 'pipe':
      return NEW_PIPE;
    case 'stdout':
      return LIKE_STDOUT;
    case 'inherit':
      return descriptor.fd;
    case 'terminal':
      return NEW_TERMINAL;
  }
}

function translateResult(result: NativeSpawnResult): WithoutFamily<SpawnResult> {
  if (!('pid' in result)) return { kind: 'failed', failure: result };
  const [stdin, stdout, stderr] = result.fds;
  return {
    kind: 'spawned',
    pid: result.pid,
    stdinFd: ourEnd(stdin),
    stdoutFd: ourEnd(stdout),
    stderrFd: ourEnd(stderr),
  };
}

function ourEnd(fd: number): number | undefined {
  return fd < 0 ? undefined : fd;
}

function refused(step: string, message: string): { readonly kind: 'failed'; readonly failure: SpawnFailure } {
  return { kind: 'failed', failure: { step, errno: 'EINVAL', message } };
}
