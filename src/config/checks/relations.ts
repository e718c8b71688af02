/** What processes are to each other: checks that need all of them. */

import { nearestWord } from '../../nearest-word.ts';
import { shortDuration } from '../../units.ts';
import type { Place } from '../document/place.ts';
import type { Dependency, EngineConfig, ProcessConfig, StepConfig, StopStage } from '../resolved-config.ts';
import type { Groups } from '../values/groups.ts';
import type { PlacedProcess } from '../values/placed-process.ts';
import { placeOfDependency } from '../values/resolve-dependencies.ts';
import { hasSchedule } from '../values/schedule.ts';
import { type DependencyGraph, findCycles, heaviestPath } from './dependency-graph.ts';
import { profilesOfProcess } from './profiles.ts';

/** Reports unknown names, cycles and conditions that can never hold. */
export function checkDependencies(
  processes: ReadonlyMap<string, ProcessConfig>,
  placed: ReadonlyMap<string, PlacedProcess>,
  all: ReadonlyMap<string, PlacedProcess>,
  groups: Groups,
): void {
  for (const process of processes.values()) {
    const origin = placed.get(process.name);
    if (origin === undefined) continue;
    for (const dependency of process.dependsOn) {
      const place = placeOfDependency(origin, dependency.process, groups);
      const other = processes.get(dependency.process);
      // One that has problems of its own is known all the same.
      if (other !== undefined) checkCondition(place, dependency, other);
      else if (!placed.has(dependency.process)) reportUnknown(place, dependency.process, all, groups.keys());
    }
  }
  for (const cycle of findCycles(graphOf(processes))) {
    const [first = '', second = ''] = cycle;
    const origin = placed.get(first);
    if (origin === undefined) continue;
    placeOfDependency(origin, second, groups).problem({
      message:
        first === second
          ? `${first} depends on itself`
          : `processes that wait for each other never start: ${cycle.join(' → ')}`,
      hint: first === second ? undefined : 'remove one of these dependencies',
    });
  }
}

/** @returns by name, what each process needs first. */
export function graphOf(processes: ReadonlyMap<string, ProcessConfig>): DependencyGraph {
  return new Map(
    [...processes].map(([name, process]) => [
      name,
      process.dependsOn.map((dependency) => dependency.process),
    ]),
  );
}

/** @param all the processes of every profile. */
function reportUnknown(
  place: Place,
  name: string,
  all: ReadonlyMap<string, PlacedProcess>,
  groups: Iterable<string> = [],
): void {
  const other = all.get(name);
  const [profile] = (other && profilesOfProcess(other.process)) ?? [];
  if (other !== undefined) {
    place.problem({
      message: `${name} is not there: none of its profiles is chosen`,
      hint: `choose one with --profile ${profile ?? 'NAME'}, or give this one the same profiles`,
    });
    return;
  }
  const near = nearestWord(name, [...all.keys(), ...groups]);
  place.problem({
    message: `there is no process ${JSON.stringify(name)}`,
    hint: near === undefined ? `add [processes.${name}]` : `did you mean ${JSON.stringify(near)}?`,
  });
}

function checkCondition(place: Place, { condition, restart }: Dependency, other: ProcessConfig): void {
  if (restart && other.schedule !== undefined)
    place.at('restart').problem({
      message: `${other.name} runs by a schedule, and its runs are no restarts`,
      hint: 'remove restart = true',
    });
  if (other.type === 'oneshot' && condition === 'healthy') {
    const what = other.schedule === undefined ? 'is a one-shot and never' : 'runs by a schedule and is never';
    place.problem({
      message: `${other.name} ${what} healthy`,
      hint: 'use condition = "completed"',
    });
  }
  if (condition === 'completed' && other.activation !== undefined) {
    place.problem({
      message: `${other.name} never completes: with activate = true it listens again when it ends`,
      hint: 'use condition = "started"',
    });
    return;
  }
  const restarts = other.restart.policy === 'always' || other.restart.policy === 'unless-stopped';
  if (condition === 'completed' && restarts) {
    place.problem({
      message: `${other.name} never completes: its autorestart is "${other.restart.policy}"`,
      hint: 'use condition = "healthy", or autorestart = "on-failure" there',
    });
  }
}

/** @param place of the `[engine]` table */
export function checkMain(
  place: Place,
  engine: EngineConfig,
  placed: ReadonlyMap<string, PlacedProcess>,
  all: ReadonlyMap<string, PlacedProcess>,
): void {
  if (engine.main === undefined) return;
  const main = placed.get(engine.main);
  if (main === undefined) reportUnknown(place.at('main'), engine.main, all);
  else if (hasSchedule(main.process)) {
    place.at('main').problem({
      message: `${engine.main} runs by a schedule and never ends for good, so the container cannot end with it`,
      hint: 'name another process, or remove main',
    });
  } else if (!main.process.autostart) {
    place
      .at('main')
      .warning(`${engine.main} has autostart = false, so the container runs without its main process`);
  }
}

/** The default of steps at the end of a life. */
const USUAL_STEP_MS = 5_000;

/** Nearly all steps end at once: only those that are given more time than others are reckoned with. */
function stepMs({ timeoutMs }: StepConfig): number {
  return timeoutMs > USUAL_STEP_MS ? timeoutMs : 0;
}

function stageMs(stage: StopStage): number {
  return stage.kind === 'command' ? stepMs(stage.step) : stage.waitMs;
}

/** Warns where stopping everything, one after the other, may take longer than there is time. */
export function checkStopPath(
  place: Place,
  engine: EngineConfig,
  processes: ReadonlyMap<string, ProcessConfig>,
): void {
  const stopMs = (name: string): number => {
    const process = processes.get(name);
    // A one-shot is over by the time its dependents run.
    if (process === undefined || process.type === 'oneshot') return 0;
    const stopping = process.stop.reduce((sum, stage) => sum + stageMs(stage), 0);
    return (process.steps?.postExit ?? []).reduce((sum, step) => sum + stepMs(step), stopping);
  };
  const { path, total } = heaviestPath(graphOf(processes), stopMs);
  // Two that take the usual 5 s each, in the usual grace of 10 s, are no reason to warn everybody.
  if (total <= engine.graceMs) return;
  const limitMs = engine.graceMs - 1_000;
  const steps = path
    .filter((name) => stopMs(name) > 0)
    .map((name) => `${name} ${shortDuration(stopMs(name))}`);
  place
    .at('grace')
    .warning(
      `stopping may take ${shortDuration(total)} (${steps.join(', then ')}), but a grace of ${shortDuration(engine.graceMs)} ` +
        `leaves ${shortDuration(limitMs)}, after which what is left is killed; raise grace (and the runtime's own limit), or lower stop_timeout`,
    );
}
