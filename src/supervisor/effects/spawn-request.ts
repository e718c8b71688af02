/** From a process's configuration to what the kernel is asked for. */

import type { EnvironmentPlan, OutputTarget, ProcessConfig } from '../../config/resolved-config.ts';
import { outputTargetOfInstance } from '../../config/values/output-target.ts';
import type { ChildDescriptor, PlacedDescriptor, SpawnRequest, TerminalSize } from '../ports/kernel.ts';
import type { OutputTargets } from '../ports/output.ts';
import type { SocketPort } from '../ports/sockets.ts';

/** The instance's own additions come first, so that the configuration may override them. */
export function environmentFor(process: ProcessConfig, instance: string, ordinal: number): EnvironmentPlan {
  const { set, ...others } = process.spawn.environment;
  return {
    ...others,
    set: {
      TASKMASTER_PROCESS: process.name,
      TASKMASTER_INSTANCE: instance,
      TASKMASTER_INSTANCE_NUMBER: String(ordinal),
      ...set,
    },
  };
}

/** Where the instance's streams go: no two instances write to the same file. */
export function targetsFor(process: ProcessConfig, ordinal: number): OutputTargets {
  return {
    ringBytes: process.ringBytes,
    stdout: targetFor(process, process.stdout, ordinal),
    stderr: targetFor(process, process.stderr, ordinal),
  };
}

function targetFor({ spawn }: ProcessConfig, configured: OutputTarget, ordinal: number): OutputTarget {
  const target = outputTargetOfInstance(configured, ordinal);
  const user = spawn.identity?.uid;
  if (target.kind !== 'file' || user === undefined) return target;
  return { ...target, access: { ...target.access, user } };
}

export interface ChildStreams {
  /** Undefined: /dev/null. */
  readonly stdin?: ChildDescriptor;
  readonly stdout: ChildDescriptor;
  readonly stderr: ChildDescriptor;
}

/** @param outputs as they would be without a terminal. */
export function streamsFor(
  process: ProcessConfig,
  size: TerminalSize,
  outputs: Pick<ChildStreams, 'stdout' | 'stderr'>,
): ChildStreams {
  if (process.stdin !== 'terminal') return { stdin: { kind: process.stdin }, ...outputs };
  const terminal = { kind: 'terminal', size } as const;
  return { stdin: terminal, stdout: terminal, stderr: terminal };
}

/** The first three descriptors of any program. */
export function standardStreams({ stdin, stdout, stderr }: ChildStreams): readonly PlacedDescriptor[] {
  return [stdin ?? { kind: 'null' }, stdout, stderr].map((source, target) => ({ target, source }) as const);
}

/** Any program that runs on behalf of a process: the process itself or its probe. */
export function spawnRequest(
  process: ProcessConfig,
  command: { readonly file: string; readonly args: readonly string[] },
  environment: EnvironmentPlan,
  streams: ChildStreams,
): SpawnRequest {
  const { spawn } = process;
  return {
    file: command.file,
    args: command.args,
    environment,
    workingDirectory: spawn.workingDirectory,
    identity: spawn.identity,
    umask: spawn.umask,
    limits: spawn.limits,
    nice: spawn.nice,
    oomScoreAdj: spawn.oomScoreAdj,
    noNewPrivs: spawn.noNewPrivs,
    ...(spawn.seccomp && { seccomp: spawn.seccomp }),
    ...(spawn.mounts && { mounts: spawn.mounts }),
    ...(spawn.landlock && { landlock: spawn.landlock }),
    parentDeathSignal: spawn.parentDeathSignal,
    capabilities: spawn.capabilities,
    ...(spawn.boundingCapabilities && { boundingCapabilities: spawn.boundingCapabilities }),
    ...(spawn.securebits && { securebits: spawn.securebits }),
    descriptors: standardStreams(streams),
  };
}

/** The same program with sockets as its descriptors 3, 4 and so on. */
export function withSockets(
  request: SpawnRequest,
  sockets: ReturnType<SocketPort['descriptorsOf']>,
): SpawnRequest {
  if (sockets.length === 0) return request;
  const passed = sockets.map(({ name, fd }, index) => ({
    target: request.descriptors.length + index,
    source: { kind: 'inherit', fd } as const,
    name,
  }));
  return { ...request, descriptors: [...request.descriptors, ...passed] };
}
