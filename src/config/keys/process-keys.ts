/** The keys of `[processes.NAME]`, one row each. */

import { dirname, resolve } from 'node:path';
import type { ConfigPorts } from '../document/config-ports.ts';
import type { Place } from '../document/place.ts';
import type {
  OutputTarget,
  ProcessConfig,
  SocketConfig,
  SpawnSettings,
  StopStage,
} from '../resolved-config.ts';
import type { HealthcheckSource, ProcessSource } from '../schema/schema.ts';
import { showValue } from '../text/show-value.ts';
import { resolveActivation } from '../values/activation.ts';
import { commandAt } from '../values/command-line.ts';
import { durationAt, sizeAt } from '../values/durations.ts';
import { resolveEnvironment } from '../values/environment.ts';
import type { Groups } from '../values/groups.ts';
import { resolveHealth } from '../values/health-rules.ts';
import {
  type ResolvedIdentity,
  resolveBounding,
  resolveCapabilities,
  resolveSecurebits,
} from '../values/identity.ts';
import { resolveLandlock } from '../values/landlock.ts';
import { resolveLimits } from '../values/limits.ts';
import { resolveMounts } from '../values/mounts.ts';
import { octalAt } from '../values/octal.ts';
import { resolveStreams } from '../values/output-target.ts';
import type { PlacedProcess } from '../values/placed-process.ts';
import { resolveReadiness } from '../values/readiness.ts';
import { resolveDependencies } from '../values/resolve-dependencies.ts';
import { resolveRestart } from '../values/restart-policy.ts';
import { resolveSchedule } from '../values/schedule.ts';
import { resolveSeccomp } from '../values/seccomp.ts';
import { socketsAt } from '../values/service-socket.ts';
import { signalAt } from '../values/signal-at.ts';
import { resolveReload, resolveSteps } from '../values/steps.ts';
import { resolveStop } from '../values/stop-sequence.ts';
import type { KeyRow, KeyRows } from './rows.ts';

const MIN_RING_BYTES = 1_024;
const MAX_RING_BYTES = 16 * 1_048_576;

/** A table of a file, and what its keys are resolved with. */
export interface Unresolved {
  readonly name: string;
  readonly place: Place;
  readonly process: ProcessSource;
  readonly ports: ConfigPorts;
  /** Of `user`, `group` and `groups` together. */
  readonly identity: ResolvedIdentity;
  /** All processes of all files. */
  readonly all: ReadonlyMap<string, PlacedProcess>;
  /** All sockets of all files. */
  readonly sockets: ReadonlyMap<string, SocketConfig>;
  readonly groups: Groups;
  /** Another process depends on it. */
  readonly isNeeded: boolean;
}

/** Some give parts of the resolved process, or of its settings for a spawn, for themselves and those beside them. */
type Row = KeyRow<ProcessConfig> & {
  readonly resolve?: (from: Unresolved) => Partial<ProcessConfig>;
  readonly spawn?: (from: Unresolved) => Partial<SpawnSettings>;
};

const PROBES = { uptime: 'uptime', cmd: 'command', http: 'http', tcp: 'tcp' } as const;

function probe(key: keyof typeof PROBES): KeyRow<ProcessConfig> {
  return { value: ({ health }) => (health.probe.kind === PROBES[key] ? health.probe : undefined) };
}

const HEALTHCHECK: KeyRows<HealthcheckSource, ProcessConfig> = {
  uptime: probe('uptime'),
  cmd: probe('cmd'),
  args: { partOf: 'cmd' },
  http: probe('http'),
  tcp: probe('tcp'),
  interval: { value: ({ health }) => health.intervalMs },
  timeout: { value: ({ health }) => health.timeoutMs },
  retries: { value: ({ health }) => health.retries },
  start_period: { value: ({ health }) => health.startPeriodMs },
  start_interval: { value: ({ health }) => health.startIntervalMs },
  on_unhealthy: { value: ({ health }) => health.onUnhealthy },
};

type FileTarget = Extract<OutputTarget, { kind: 'file' }>;
type FileSource = Exclude<ProcessSource['stdout'], string>;

function stream(
  name: 'stdout' | 'stderr',
  target: (config: ProcessConfig) => OutputTarget,
): {
  readonly value: (config: ProcessConfig) => unknown;
  readonly keys: KeyRows<FileSource, ProcessConfig>;
} {
  const file = (read: (file: FileTarget) => unknown): KeyRow<ProcessConfig> => ({
    value: (config) => {
      const found = target(config);
      return found.kind === 'file' ? read(found) : undefined;
    },
  });
  return {
    value: (config) => {
      const found = target(config);
      return found.kind === 'file' ? ['file', found.path] : found.kind;
    },
    keys: {
      file: { partOf: name },
      max_size: file(({ maxSizeBytes }) => maxSizeBytes),
      max_files: file(({ maxFiles }) => maxFiles),
      compress: file(({ compress }) => compress),
      rotate_every: file(({ rotateEveryMs }) => rotateEveryMs),
      mode: file(({ access }) => access?.mode),
      owner: file(({ access }) => access?.uid),
      group: file(({ access }) => access?.gid),
      shared: file(({ isShared }) => isShared),
      timestamps: file(({ hasTimestamps }) => hasTimestamps),
    },
  };
}

export const PROCESS_KEYS = {
  extends: { appliedBy: 'reading' },
  profiles: { appliedBy: 'reading' },
  cmd: {
    value: ({ command }) => command,
    resolve: ({ place, process }) => ({
      command: commandAt(place, process.cmd, process.args) ?? { file: '', args: [] },
    }),
  },
  args: { partOf: 'cmd' },
  description: {
    value: ({ description }) => description,
    resolve: ({ process }) => ({ description: process.description }),
  },
  type: { value: ({ type }) => type, resolve: ({ process }) => ({ type: process.type }) },
  notify_access: {
    value: ({ readiness }) => (readiness?.kind === 'notified' ? readiness.access : undefined),
    resolve: ({ place, process }) => resolveReadiness(place, process),
  },
  watchdog: { value: ({ watchdogMs }) => watchdogMs },
  on_watchdog: { value: ({ onWatchdog }) => onWatchdog },
  notify_fd: { value: ({ readiness }) => (readiness?.kind === 'descriptor' ? readiness.fd : undefined) },
  ready_log: { value: ({ readiness }) => (readiness?.kind === 'line' ? readiness.expression : undefined) },
  pid_file: { value: ({ readiness }) => (readiness?.kind === 'forked' ? readiness.pidFile : undefined) },
  user: {
    value: ({ spawn }) => spawn.identity,
    spawn: ({ identity }) => ({ identity: identity.identity }),
  },
  group: { partOf: 'user' },
  groups: { partOf: 'user' },
  workingdir: {
    value: ({ spawn }) => spawn.workingDirectory,
    spawn: ({ place, process }) => ({
      workingDirectory:
        process.workingdir === undefined
          ? undefined
          : resolve(dirname(place.at('workingdir').source.path), process.workingdir),
    }),
  },
  umask: {
    value: ({ spawn }) => spawn.umask,
    spawn: ({ place, process }) => ({
      umask: process.umask === undefined ? undefined : octalAt(place.at('umask'), process.umask, 'mask'),
    }),
  },
  env: {
    entries: ({ spawn }) => [
      ...Object.entries(spawn.environment.set),
      ...Object.entries(spawn.environment.secretFiles ?? {}).map(([name, file]) => [name, { file }] as const),
    ],
    spawn: ({ place, process, identity, ports }) => ({
      environment: resolveEnvironment(place, process, identity.variables, ports),
    }),
  },
  env_file: { partOf: 'env' },
  clear_env: { value: ({ spawn }) => spawn.environment.clear },
  autostart: {
    value: ({ autostart }) => autostart,
    resolve: ({ process }) => ({ autostart: process.autostart }),
  },
  autorestart: {
    value: ({ restart }) => [restart.policy, restart.maxRestarts],
    resolve: ({ place, process }) => ({ restart: resolveRestart(place, process) }),
  },
  exit_codes: { value: ({ restart }) => [...restart.exitCodes].sort((left, right) => left - right) },
  backoff: {
    keys: {
      base: { value: ({ restart }) => restart.backoff.baseMs },
      factor: { value: ({ restart }) => restart.backoff.factor },
      max: { value: ({ restart }) => restart.backoff.maxMs },
      reset: { value: ({ restart }) => restart.backoff.resetMs },
    } satisfies KeyRows<ProcessSource['backoff'], ProcessConfig>,
  },
  instances: {
    value: ({ instances }) => instances,
    resolve: ({ process }) => ({ instances: process.instances }),
  },
  rollout: {
    value: ({ rollout }) => rollout !== undefined,
    resolve: ({ place, process }) => rolloutAt(place, process),
  },
  max_unavailable: { value: ({ rollout }) => rollout?.maxUnavailable },
  depends_on: {
    value: ({ dependsOn }) => dependsOn,
    resolve: ({ name, process, all, groups }) => ({
      dependsOn: resolveDependencies(name, process.depends_on, all, groups),
    }),
  },
  sockets: {
    value: ({ sockets }) => sockets.map(({ name, key }) => [name, key]),
    resolve: ({ place, process, sockets }) => ({ sockets: socketsAt(place, process, sockets) }),
  },
  activate: {
    value: ({ activation }) => activation !== undefined,
    resolve: ({ place, process }) => resolveActivation(place, process),
  },
  idle_stop: { value: ({ activation }) => activation?.idleStopMs },
  essential: {
    value: ({ essential }) => essential,
    resolve: ({ process }) => ({ essential: process.essential }),
  },
  stop: {
    value: ({ stop, kill }) => [stop.filter((stage) => !isPreStop(stage)), kill],
    resolve: ({ place, process }) => resolveStop(place, process),
  },
  stop_signal: { partOf: 'stop' },
  start_timeout: {
    value: ({ startTimeoutMs }) => startTimeoutMs,
    resolve: ({ place, process, isNeeded }) => ({
      startTimeoutMs: startTimeoutAt(place.at('start_timeout'), process, isNeeded),
    }),
  },
  stop_timeout: { partOf: 'stop' },
  kill_mode: { partOf: 'stop' },
  leave_running: { value: ({ leaveRunning }) => leaveRunning },
  pre_start: {
    value: ({ steps }) => steps?.preStart ?? [],
    resolve: ({ place, process }) => resolveSteps(place, process),
  },
  post_start: { value: ({ steps }) => steps?.postStart ?? [] },
  pre_stop: { value: ({ stop }) => stop.filter(isPreStop) },
  post_exit: { value: ({ steps }) => steps?.postExit ?? [] },
  reload: {
    value: ({ reload }) => reload,
    resolve: ({ place, process }) => resolveReload(place, process),
  },
  schedule: {
    value: ({ schedule }) => (schedule?.times.kind === 'cron' ? schedule.times.expression : undefined),
    resolve: ({ place, process }) => resolveSchedule(place, process),
  },
  every: {
    value: ({ schedule }) => (schedule?.times.kind === 'every' ? schedule.times.periodMs : undefined),
  },
  timezone: {
    value: ({ schedule }) => (schedule?.times.kind === 'cron' ? schedule.times.timezone : undefined),
  },
  overlap: { value: ({ schedule }) => schedule?.overlap },
  run_on_start: { value: ({ schedule }) => schedule?.runOnStart },
  missed: { value: ({ schedule }) => schedule?.missed },
  splay: { value: ({ schedule }) => schedule?.splayMs },
  reload_signal: {
    value: ({ reloadSignal }) => reloadSignal,
    resolve: ({ place, process: { reload_signal: given } }) => ({
      reloadSignal: given === undefined ? undefined : signalAt(place.at('reload_signal'), given),
    }),
  },
  stdin: {
    value: ({ stdin }) => stdin === 'pipe',
    resolve: ({ place, process, ports }) => resolveStreams(place, process, ports),
  },
  tty: { value: ({ stdin }) => stdin === 'terminal' },
  stdout: stream('stdout', ({ stdout }) => stdout),
  // On a terminal there is no such stream: as if the file did not mention it.
  stderr: stream('stderr', ({ stdin, stderr }) => (stdin === 'terminal' ? { kind: 'inherit' } : stderr)),
  ring_size: {
    value: ({ ringBytes }) => ringBytes,
    resolve: ({ place, process }) => ({ ringBytes: ringBytesAt(place.at('ring_size'), process.ring_size) }),
  },
  healthcheck: {
    keys: HEALTHCHECK,
    resolve: ({ place, process }) => ({ health: resolveHealth(place.at('healthcheck'), process) }),
  },
  limits: {
    entries: ({ spawn }) => spawn.limits.map(({ resource, soft, hard }) => [resource, [soft, hard]]),
    spawn: ({ place, process }) => ({ limits: resolveLimits(place.at('limits'), process.limits) }),
  },
  nice: { value: ({ spawn }) => spawn.nice, spawn: ({ process }) => ({ nice: process.nice }) },
  oom_score_adj: {
    value: ({ spawn }) => spawn.oomScoreAdj,
    spawn: ({ process }) => ({ oomScoreAdj: process.oom_score_adj }),
  },
  capabilities: {
    value: ({ spawn: { capabilities } }) =>
      capabilities === undefined ? undefined : [...capabilities].sort(),
    spawn: ({ place, process, ports }) => ({
      capabilities: resolveCapabilities(place.at('capabilities'), process.capabilities, ports.self),
    }),
  },
  bounding_capabilities: {
    value: ({ spawn: { boundingCapabilities } }) =>
      boundingCapabilities === undefined ? undefined : [...boundingCapabilities].sort(),
    spawn: ({ place, process, ports }) => resolveBounding(place, process, ports.self),
  },
  seccomp: {
    value: ({ spawn }) => spawn.seccomp,
    spawn: ({ place, process: { seccomp }, ports }) => resolveSeccomp(place, seccomp, ports.self),
  },
  read_only_paths: {
    value: ({ spawn }) => spawn.mounts?.readOnly,
    spawn: ({ place, process, ports }) => resolveMounts(place, process, ports.self),
  },
  inaccessible_paths: { value: ({ spawn }) => spawn.mounts?.inaccessible },
  private_tmp: { value: ({ spawn }) => spawn.mounts?.privateTmp },
  chroot: { value: ({ spawn }) => spawn.mounts?.root },
  securebits: {
    value: ({ spawn: { securebits } }) => (securebits === undefined ? undefined : [...securebits].sort()),
    spawn: ({ place, process, ports }) => resolveSecurebits(place, process, ports.self),
  },
  parent_death_signal: {
    value: ({ spawn }) => spawn.parentDeathSignal,
    spawn: ({ place, process: { parent_death_signal: given } }) =>
      given === undefined ? {} : { parentDeathSignal: signalAt(place.at('parent_death_signal'), given) },
  },
  landlock: {
    keys: {
      read: { value: ({ spawn }) => spawn.landlock?.read },
      write: { value: ({ spawn }) => spawn.landlock?.write },
      execute: { value: ({ spawn }) => spawn.landlock?.execute },
      connect_tcp: { value: ({ spawn }) => spawn.landlock?.connectTcp },
      bind_tcp: { value: ({ spawn }) => spawn.landlock?.bindTcp },
      required: { value: ({ spawn }) => spawn.landlock?.isRequired },
    } satisfies KeyRows<NonNullable<ProcessSource['landlock']>, ProcessConfig>,
    spawn: ({ place, process, ports }) =>
      resolveLandlock(place.at('landlock'), process.landlock, process.instances, ports.self),
  },
  no_new_privs: {
    value: ({ spawn }) => spawn.noNewPrivs,
    spawn: ({ process }) => ({ noNewPrivs: process.no_new_privs }),
  },
} as const satisfies { readonly [Key in keyof ProcessSource]-?: Row };

function isPreStop(stage: StopStage): boolean {
  return stage.kind === 'command' && stage.step.name.startsWith('pre_stop');
}

/** What hangs must not keep what depends on it waiting for ever; systemd gives a start 90 s too. */
const LIMITED_START_MS = 90_000;

function startTimeoutAt(place: Place, process: ProcessSource, isNeeded: boolean): number | undefined {
  if (process.start_timeout === undefined) {
    const saysIt = process.notify_fd !== undefined || process.ready_log !== undefined;
    const isLimited = process.type === 'oneshot' ? isNeeded : process.type !== 'simple' || saysIt;
    return isLimited ? LIMITED_START_MS : undefined;
  }
  return durationAt(place, process.start_timeout, 'zero') || undefined;
}

/** Without the field where nothing rolls: most configurations have none. */
function rolloutAt(place: Place, process: ProcessSource): Pick<ProcessConfig, 'rollout'> {
  if (process.rollout === 'rolling') return { rollout: { maxUnavailable: process.max_unavailable } };
  if (place.isGiven('max_unavailable') && !place.at('max_unavailable').isInherited) {
    const message = 'max_unavailable is for a rolling restart';
    place.at('max_unavailable').problem({ message, hint: 'add rollout = "rolling"' }, 'key');
  }
  return {};
}

function ringBytesAt(place: Place, given: string | number): number {
  const bytes = sizeAt(place, given);
  if (bytes < MIN_RING_BYTES || bytes > MAX_RING_BYTES)
    place.problem({ message: `found ${showValue(given)}`, expected: 'between 1KiB and 16MiB' });
  return bytes;
}
