/** A spawn request in the words of the configuration, translated for the addon, and its answer translated back. */

import { SECUREBITS } from '../config/values/capabilities.ts';
import type { SpawnFailure } from '../lifecycle/exit-outcome.ts';
import { signalNumber } from '../signals.ts';
import type {
  ChildDescriptor,
  PendingSpawn,
  PlacedDescriptor,
  SpawnAnswer,
  SpawnRequest,
} from '../supervisor/ports/kernel.ts';
import { nativeLandlock } from './landlock.ts';
import { nativeMounts } from './mount-settings.ts';
import type { NativeAddon, NativePendingSpawn, NativeSpawnRequest, NativeSpawnResult } from './native.ts';
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

/** The engine stands still while it waits for an answer, which nearly always takes a millisecond. */
const PATIENCE_MS = 80;
const WHY_ABANDONED = {
  'timed-out': 'no answer from the kernel',
  cancelled: 'it was stopped before it had an answer from the kernel',
} as const;
const FIRST_NAMED = 3;
const OTHER_SOURCES: ReadonlySet<ChildDescriptor['kind']> = new Set(['inherit', 'null', 'pipe']);
/** What systemd takes (sd_listen_fds_with_names(3)). */
const DESCRIPTOR_NAME = /^[!-9;-~]{1,255}$/;

type WithoutFamily<Result> = Result extends unknown ? Omit<Result, 'family'> : never;
export type SpawnProcessAnswer = WithoutFamily<SpawnAnswer>;

export interface SpawnParticulars {
  /** The limit of open files that came from outside, for children without one of their own. */
  readonly openFiles: LimitPair | undefined;
  /** Its family's number. */
  readonly mark?: number;
  readonly patienceMs?: number | undefined;
  /** Called in a later turn, where the answer is `pending`. */
  readonly onAnswer?: (answer: SpawnProcessAnswer) => void;
}

export function spawnProcess(
  addon: Pick<NativeAddon, 'spawn' | 'landlockVersion'>,
  request: SpawnRequest,
  { openFiles, mark, patienceMs = PATIENCE_MS, onAnswer }: SpawnParticulars,
): SpawnProcessAnswer | (NativePendingSpawn & { readonly kind: 'pending' }) {
  const translated = translateRequest(request, openFiles);
  if (translated.kind === 'failed') return translated;
  const isLimited = request.limits.some(({ resource }) => resourceNumber(resource) === RLIMIT_LOCKS);
  const landlock = request.landlock && nativeLandlock(request, addon.landlockVersion());
  const native = {
    ...translated.request,
    ...(landlock && { landlock }),
    ...(mark && !isLimited && { mark }),
  };
  const result = addon.spawn(native, patienceMs, (late) => onAnswer?.(translateResult(late)));
  return 'pending' in result ? { kind: 'pending', ...result } : translateResult(result);
}

/** @param onAnswer called within `abandon`, unless the real answer is on its way. */
export function pendingSpawn(
  addon: Pick<NativeAddon, 'abandonSpawn'>,
  { pending, doing }: NativePendingSpawn,
  onAnswer: (answer: Extract<SpawnAnswer, { kind: 'failed' }>) => void,
): PendingSpawn {
  return {
    kind: 'pending',
    doing,
    abandon: (why) => {
      const hung = addon.abandonSpawn(pending);
      if (hung === null) return;
      const reason = hung.wasStopped ? 'a signal has stopped the process' : WHY_ABANDONED[why];
      const message = `cannot ${hung.doing}: ${reason}`;
      const errno = why === 'cancelled' ? 'ECANCELED' : 'ETIMEDOUT';
      onAnswer({ kind: 'failed', failure: { step: hung.step, errno, message } });
    },
  };
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
  const passed = passedDescriptors(request.descriptors);
  if (passed === undefined)
    return refused('set up streams', `cannot pass descriptors to ${request.file}: wrong numbers or names`);
  const { pidVariables: asked = [] } = request;
  const pidVariables = passed.length > 0 ? [...asked, 'LISTEN_PID'] : asked;
  const argv = [request.file, ...request.args];
  const secrets = readSecrets(request.environment.secretFiles);
  if (secrets.kind === 'failed') return secrets;
  const { secretFiles = {} } = request.environment;
  const open = Object.entries(request.environment.set).filter(([name]) => !Object.hasOwn(secretFiles, name));
  const variables = new Map([...open, ...secrets.values, ...passed]);
  const set = [...variables].map(([name, value]) => `${name}=${value}`);
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
      noNewPrivs: request.noNewPrivs || (request.landlock ?? request.seccomp) !== undefined,
      ...(request.seccomp && { filtersSystemCalls: true }),
      ...(request.parentDeathSignal && { parentDeathSignal: signalNumber(request.parentDeathSignal) }),
      capabilities: capabilities?.filter((number) => typeof number === 'number'),
      ...(request.boundingCapabilities && {
        bounding: request.boundingCapabilities.flatMap((name) => capabilityNumber(name) ?? []),
      }),
      ...nativeMounts(request.mounts),
      ...(request.securebits && {
        securebits: request.securebits.reduce((bits, name) => bits | (SECUREBITS[name] ?? 0), 0),
      }),
      descriptors: request.descriptors.map(({ source }) => streamNumber(source)),
      ...(pidVariables.length > 0 && { pidVariables }),
      ...sizeOf(request.descriptors[0]),
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

/**
 * What tells the program of descriptors with a name.
 * @returns undefined where a number is missing, or a name is none.
 */
function passedDescriptors(
  descriptors: readonly PlacedDescriptor[],
): readonly (readonly [string, string])[] | undefined {
  const names = descriptors.flatMap(({ name }) => name ?? []);
  const isInOrder = descriptors.every(
    ({ target, source, name }, index) =>
      target === index &&
      (target < FIRST_NAMED || OTHER_SOURCES.has(source.kind)) &&
      (name === undefined || DESCRIPTOR_NAME.test(name)),
  );
  const isNamedFirst = descriptors.every(
    ({ name }, index) =>
      (name !== undefined) === (index >= FIRST_NAMED && index < FIRST_NAMED + names.length),
  );
  if (!isInOrder || !isNamedFirst) return undefined;
  if (names.length === 0) return [];
  return [
    ['LISTEN_FDS', String(names.length)],
    ['LISTEN_FDNAMES', names.join(':')],
  ];
}

function sizeOf(stdin: PlacedDescriptor | undefined): Pick<NativeSpawnRequest, 'columns' | 'rows'> {
  return stdin?.source.kind === 'terminal' ? stdin.source.size : {};
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

function translateResult(result: NativeSpawnResult): SpawnProcessAnswer {
  if (!('pid' in result)) return { kind: 'failed', failure: result };
  const [stdin, stdout, stderr, ...others] = result.fds;
  const otherPipes = others.flatMap((fd, index) => (fd < 0 ? [] : [[index + FIRST_NAMED, fd] as const]));
  return {
    kind: 'spawned',
    pid: result.pid,
    stdinFd: ourEnd(stdin),
    stdoutFd: ourEnd(stdout),
    stderrFd: ourEnd(stderr),
    ...(otherPipes.length > 0 && { otherPipes: new Map(otherPipes) }),
  };
}

function ourEnd(fd: number): number | undefined {
  return fd < 0 ? undefined : fd;
}

function refused(step: string, message: string): { readonly kind: 'failed'; readonly failure: SpawnFailure } {
  return { kind: 'failed', failure: { step, errno: 'EINVAL', message } };
}
