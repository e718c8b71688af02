/** One checked `[processes.NAME]` table to what the engine goes by. */

import { dirname, resolve } from 'node:path';
import { commandAt } from './command-line.ts';
import type { ConfigPorts } from './config-ports.ts';
import { durationAt, sizeAt } from './durations.ts';
import { resolveEnvironment } from './environment.ts';
import { resolveHealth } from './health-rules.ts';
import { resolveCapabilities, resolveIdentity } from './identity.ts';
import { checkInstanceTexts } from './instance-text.ts';
import { resolveLimits } from './limits.ts';
import { octalAt } from './octal.ts';
import { resolveOutput } from './output-target.ts';
import type { Place } from './place.ts';
import type { Dependency, ProcessConfig, SpawnSettings } from './resolved-config.ts';
import { resolveRestart } from './restart-policy.ts';
import type { ProcessSource } from './schema.ts';
import { showValue } from './show-value.ts';
import { signalAt } from './signal-at.ts';
import { resolveStop } from './stop-sequence.ts';

const LEAST_RING_BYTES = 1_024;
const MOST_RING_BYTES = 16 * 1_048_576;

/** A process's table where it stands. */
export interface PlacedProcess {
  readonly place: Place;
  readonly process: ProcessSource;
}

/**
 * @param all the processes of all files: the default condition of a dependency goes by its type.
 * @param needed names of those that some process depends on.
 */
export function resolveProcess(
  name: string,
  { place, process }: PlacedProcess,
  all: ReadonlyMap<string, PlacedProcess>,
  needed: ReadonlySet<string>,
  ports: ConfigPorts,
): ProcessConfig {
  if (name === 'all') {
    place.problem(
      { message: 'a process cannot be named "all": on the command line that means all of them' },
      'key',
    );
  }
  if (process.type === 'notify') {
    const hint = 'use "simple" with a healthcheck';
    place.at('type').problem({ message: 'type = "notify" is not supported by this version', hint });
  }
  checkInstanceTexts(place, process, process.instances);
  return {
    name,
    description: process.description,
    command: commandAt(place, process.cmd, process.args) ?? { file: '', args: [] },
    type: process.type,
    instances: process.instances,
    autostart: process.autostart,
    essential: process.essential,
    dependsOn: dependenciesOf(process.depends_on).map(({ condition, ...dependency }) => ({
      ...dependency,
      condition: condition ?? defaultCondition(all.get(dependency.process)),
    })),
    restart: resolveRestart(place, process),
    startTimeoutMs: startTimeoutAt(place.at('start_timeout'), process, needed.has(name)),
    ...resolveStop(place, process),
    reloadSignal:
      process.reload_signal === undefined
        ? undefined
        : signalAt(place.at('reload_signal'), process.reload_signal),
    health: resolveHealth(place.at('healthcheck'), process),
    spawn: resolveSpawn(place, process, ports),
    ...resolveStreams(place, process, ports),
    ringBytes: ringBytesAt(place.at('ring_size'), process.ring_size),
  };
}

/** A one-shot that hangs must not keep what depends on it waiting for ever; systemd gives a start 90 s too. */
const NEEDED_ONESHOT_START_MS = 90_000;

function startTimeoutAt(place: Place, process: ProcessSource, isNeeded: boolean): number | undefined {
  if (process.start_timeout === undefined)
    return process.type === 'oneshot' && isNeeded ? NEEDED_ONESHOT_START_MS : undefined;
  return durationAt(place, process.start_timeout, 'zero') || undefined;
}

/** @returns names of the processes that another one depends on. */
export function neededNames(placed: ReadonlyMap<string, PlacedProcess>): ReadonlySet<string> {
  const dependencies = [...placed.values()].flatMap(({ process }) => dependenciesOf(process.depends_on));
  return new Set(dependencies.map(({ process }) => process));
}

function ringBytesAt(place: Place, given: string | number): number {
  const bytes = sizeAt(place, given);
  if (bytes < LEAST_RING_BYTES || bytes > MOST_RING_BYTES)
    place.problem({ message: `found ${showValue(given)}`, expected: 'between 1KiB and 16MiB' });
  return bytes;
}

function resolveStreams(
  place: Place,
  process: ProcessSource,
  ports: ConfigPorts,
): Pick<ProcessConfig, 'stdin' | 'stdout' | 'stderr'> {
  const stdout = resolveOutput(place.at('stdout'), process.stdout, ports);
  if (!process.tty) {
    return { stdin: process.stdin, stdout, stderr: resolveOutput(place.at('stderr'), process.stderr, ports) };
  }
  for (const key of ['stdin', 'stderr'] as const) {
    if (!place.isGiven(key) || place.at(key).isInherited) continue;
    const hint = `leave ${key} out; stdout says where what the terminal shows goes`;
    place.at(key).problem({ message: `with tty = true the terminal is ${key} as well`, hint }, 'key');
  }
  if (stdout.kind === 'passthrough') {
    const message = 'with tty = true the engine reads the terminal, so nothing can pass it by';
    place.at('stdout').problem({ message, hint: 'write stdout = "inherit"' });
  }
  return { stdin: 'terminal', stdout, stderr: { kind: 'null' } };
}

function resolveSpawn(place: Place, process: ProcessSource, ports: ConfigPorts): SpawnSettings {
  const { identity, variables } = resolveIdentity(place, process, ports);
  return {
    identity,
    workingDirectory:
      process.workingdir === undefined
        ? undefined
        : resolve(dirname(place.at('workingdir').source.path), process.workingdir),
    umask: process.umask === undefined ? undefined : octalAt(place.at('umask'), process.umask, 'mask'),
    environment: resolveEnvironment(place, process, variables, ports),
    limits: resolveLimits(place.at('limits'), process.limits),
    nice: process.nice,
    oomScoreAdj: process.oom_score_adj,
    noNewPrivs: process.no_new_privs,
    ...(process.parent_death_signal !== undefined && {
      parentDeathSignal: signalAt(place.at('parent_death_signal'), process.parent_death_signal),
    }),
    capabilities: resolveCapabilities(place.at('capabilities'), process.capabilities, ports.self),
  };
}

interface DependencySource {
  readonly process: string;
  readonly condition: Dependency['condition'] | undefined;
  readonly restart: boolean;
}

/** All forms of `depends_on` as one; each name once. */
function dependenciesOf(source: ProcessSource['depends_on']): readonly DependencySource[] {
  if (source === undefined) return [];
  if (typeof source === 'string') return [{ process: source, condition: undefined, restart: false }];
  if (Array.isArray(source)) {
    return [...new Set(source)].map((process) => ({ process, condition: undefined, restart: false }));
  }
  return Object.entries(source).map(([process, wanted]) =>
    typeof wanted === 'string'
      ? { process, condition: asCondition(wanted), restart: false }
      : { process, condition: wanted.condition, restart: wanted.restart },
  );
}

function defaultCondition(dependency: PlacedProcess | undefined): Dependency['condition'] {
  return dependency?.process.type === 'oneshot' ? 'completed' : 'healthy';
}

function asCondition(text: string): Dependency['condition'] | undefined {
  return (['started', 'healthy', 'completed'] as const).find((condition) => condition === text);
}
