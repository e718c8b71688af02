/** Two configurations compared by key: what a reload has to do to each process. */

import { instanceName } from './instance-names.ts';
import type { EngineConfig, OutputTarget, ProcessConfig, ResolvedConfig } from './resolved-config.ts';

/** What a reload does to one process. */
export interface ProcessChange {
  readonly process: string;
  /** `update`: the process keeps its pid. */
  readonly action: 'add' | 'remove' | 'restart' | 'update' | 'unchanged';
  /** Keys that differ, as in the file: `healthcheck.retries`, `env.PORT`. */
  readonly changed: readonly string[];
  /** There where the number of instances differs: those that come, and those that go. */
  readonly instances?: { readonly added: readonly string[]; readonly removed: readonly string[] };
}

export interface ConfigChange {
  /** Those of the old configuration in its order, then the new ones. */
  readonly plan: readonly ProcessChange[];
  /** Keys of `[engine]` that differ, as in the file: `engine.grace`. */
  readonly engineChanged: readonly string[];
  /** Those of them that only a new engine takes over. */
  readonly needsEngineRestart: readonly string[];
}

const ENGINE_KEYS_FOR_A_NEW_ENGINE: ReadonlySet<string> = new Set([
  'engine.socket',
  'engine.socket_mode',
  'engine.socket_group',
  'engine.log.format',
  'engine.log.output',
  'engine.journal.directory',
]);

/** Keys that a running program cannot take over; all others are policy (SPEC section 8). */
const KEYS_THAT_RESTART: ReadonlySet<string> = new Set([
  'cmd',
  'type',
  'user',
  'workingdir',
  'umask',
  'env',
  'clear_env',
  'limits',
  'nice',
  'oom_score_adj',
  'capabilities',
  'no_new_privs',
  'parent_death_signal',
  'stdin',
  'tty',
  'stdout',
  'stderr',
]);
const LIVE_BELOW_THEM =
  /^std(out|err)\.(max_size|max_files|compress|rotate_every|mode|owner|group|timestamps)$/;

export function compareConfigs(before: ResolvedConfig, after: ResolvedConfig): ConfigChange {
  const plan: ProcessChange[] = [];
  for (const [name, old] of before.processes) {
    const next = after.processes.get(name);
    plan.push(
      next === undefined ? { process: name, action: 'remove', changed: [] } : compareProcesses(old, next),
    );
  }
  for (const name of after.processes.keys()) {
    if (!before.processes.has(name)) plan.push({ process: name, action: 'add', changed: [] });
  }
  const engineChanged = changedKeys(engineKeys(before.engine), engineKeys(after.engine)).map(
    (key) => `engine.${key}`,
  );
  return {
    plan,
    engineChanged,
    needsEngineRestart: engineChanged.filter((key) => ENGINE_KEYS_FOR_A_NEW_ENGINE.has(key)),
  };
}

export function compareProcesses(before: ProcessConfig, after: ProcessConfig): ProcessChange {
  const changed = changedKeys(processKeys(before), processKeys(after));
  const action = changed.length === 0 ? 'unchanged' : changed.some(needsRestart) ? 'restart' : 'update';
  const isOtherNumber = before.instances !== after.instances;
  return {
    process: after.name,
    action,
    changed,
    ...(isOtherNumber && { instances: compareInstances(before, after) }),
  };
}

/** Copy 1 stays what it is under any number, whatever it is called. */
function compareInstances(
  before: ProcessConfig,
  after: ProcessConfig,
): NonNullable<ProcessChange['instances']> {
  const beyond = (of: ProcessConfig, number: number): string[] =>
    Array.from({ length: of.instances }, (_, index) => index + 1)
      .filter((ordinal) => ordinal > number)
      .map((ordinal) => instanceName(of, ordinal));
  return { added: beyond(after, before.instances), removed: beyond(before, after.instances) };
}

function needsRestart(key: string): boolean {
  const [first = ''] = key.split('.', 1);
  return KEYS_THAT_RESTART.has(first) && !LIVE_BELOW_THEM.test(key);
}

type Keys = ReadonlyMap<string, unknown>;

/** Values are compared as JSON; those of `processKeys` and `engineKeys` are plain data. */
function changedKeys(before: Keys, after: Keys): readonly string[] {
  const names = [...before.keys(), ...[...after.keys()].filter((key) => !before.has(key))];
  const changed = new Set(names.filter((key) => asText(before.get(key)) !== asText(after.get(key))));
  // Where a log file is new as a whole, its rotation says nothing more.
  return [...changed].filter((key) => !changed.has(key.slice(0, key.lastIndexOf('.'))));
}

function asText(value: unknown): string {
  return (
    JSON.stringify(value, (_, child: unknown) =>
      child === Number.POSITIVE_INFINITY ? 'unlimited' : child,
    ) ?? ''
  );
}

const PROBE_KEYS = { uptime: 'uptime', command: 'cmd', http: 'http', tcp: 'tcp' } as const;

/** A process by the keys of the file; what is undefined is absent there too. */
function processKeys(config: ProcessConfig): Keys {
  const { spawn, health, restart } = config;
  const { backoff } = restart;
  return new Map<string, unknown>([
    ['cmd', config.command],
    ['type', config.type],
    ['user', spawn.identity],
    ['workingdir', spawn.workingDirectory],
    ['umask', spawn.umask],
    ['clear_env', spawn.environment.clear],
    ...Object.entries(spawn.environment.set).map(([name, value]) => [`env.${name}`, value] as const),
    ...Object.entries(spawn.environment.secretFiles ?? {}).map(
      ([name, file]) => [`env.${name}`, { file }] as const,
    ),
    ...spawn.limits.map(({ resource, soft, hard }) => [`limits.${resource}`, [soft, hard]] as const),
    ['nice', spawn.nice],
    ['oom_score_adj', spawn.oomScoreAdj],
    ['capabilities', spawn.capabilities === undefined ? undefined : [...spawn.capabilities].sort()],
    ['no_new_privs', spawn.noNewPrivs],
    ['parent_death_signal', spawn.parentDeathSignal],
    ['stdin', config.stdin === 'pipe'],
    ['tty', config.stdin === 'terminal'],
    ...outputKeys('stdout', config.stdout),
    ...outputKeys('stderr', config.stdin === 'terminal' ? { kind: 'inherit' } : config.stderr),
    ['ring_size', config.ringBytes],
    ['instances', config.instances],
    ['description', config.description],
    ['autostart', config.autostart],
    ['essential', config.essential],
    ['autorestart', [restart.policy, restart.maxRestarts]],
    ['exit_codes', [...restart.exitCodes].sort((left, right) => left - right)],
    ['backoff.base', backoff.baseMs],
    ['backoff.factor', backoff.factor],
    ['backoff.max', backoff.maxMs],
    ['backoff.reset', backoff.resetMs],
    ['depends_on', config.dependsOn],
    ['start_timeout', config.startTimeoutMs],
    ['stop', [config.stop, config.kill]],
    ['leave_running', config.leaveRunning],
    ['reload_signal', config.reloadSignal],
    [`healthcheck.${PROBE_KEYS[health.probe.kind]}`, health.probe],
    ['healthcheck.interval', health.intervalMs],
    ['healthcheck.timeout', health.timeoutMs],
    ['healthcheck.retries', health.retries],
    ['healthcheck.start_period', health.startPeriodMs],
    ['healthcheck.start_interval', health.startIntervalMs],
    ['healthcheck.on_unhealthy', health.onUnhealthy],
  ]);
}

function outputKeys(stream: 'stdout' | 'stderr', target: OutputTarget): (readonly [string, unknown])[] {
  if (target.kind !== 'file') return [[stream, target.kind]];
  return [
    [stream, ['file', target.path]],
    [`${stream}.max_size`, target.maxSizeBytes],
    [`${stream}.max_files`, target.maxFiles],
    [`${stream}.compress`, target.compress],
    [`${stream}.rotate_every`, target.rotateEveryMs],
    [`${stream}.mode`, target.access?.mode],
    [`${stream}.owner`, target.access?.uid],
    [`${stream}.group`, target.access?.gid],
    [`${stream}.shared`, target.isShared],
    [`${stream}.timestamps`, target.hasTimestamps],
  ];
}

function engineKeys(engine: EngineConfig): Keys {
  return new Map<string, unknown>([
    ['socket', engine.socket],
    ['socket_mode', engine.socketMode],
    ['socket_group', engine.socketGid],
    ['access', engine.access],
    ['log.level', engine.log.level],
    ['log.format', engine.log.format],
    ['log.output', engine.log.output],
    ['log.marks', engine.log.marks],
    ['log.when_slow', engine.log.slowReader.whenSlow],
    ['log.stuck_after', engine.log.slowReader.stuckAfterMs],
    ['journal.output', engine.journal.output],
    ['journal.directory', engine.journal.directory],
    ['journal.max_size', engine.journal.maxBytes],
    ['journal.max_age', engine.journal.maxAgeMs],
    ['http.listen', engine.http],
    ['grace', engine.graceMs],
    ['exit_when', engine.exitWhen],
    ['main', engine.main],
    ['termination_log', engine.terminationLog],
    ...engine.hooks.map((hook) => [`hooks.on_${hook.on}`, hook] as const),
  ]);
}
