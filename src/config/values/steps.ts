/** Commands around the life of a process: `pre_start` and the like, `reload`, and those in `stop`. */

import type { Place } from '../document/place.ts';
import type { ProcessConfig, StepConfig, StopStage } from '../resolved-config.ts';
import type { ProcessSource } from '../schema/schema.ts';
import { showValue } from '../text/show-value.ts';
import { commandAt } from './command-line.ts';
import { durationAt } from './durations.ts';

type StepsKey = 'pre_start' | 'post_start' | 'pre_stop' | 'post_exit';
type StepsSource = NonNullable<ProcessSource[StepsKey]>;
type StepTable = Extract<StepsSource, { readonly cmd: unknown }>;

/** As in the schema. */
const START_STEP_TIMEOUT_MS = 90_000;
const STOP_STEP_TIMEOUT_MS = 5_000;

/** Filled in when the command runs. */
const FILLED_IN = ['$MAINPID'];
const NO_STEPS: readonly StepConfig[] = [];

/** @returns nothing for a process without steps: it costs nothing. */
export function resolveSteps(place: Place, process: ProcessSource): Pick<ProcessConfig, 'steps'> {
  const { pre_start, post_start, post_exit } = process;
  if (pre_start === undefined && post_start === undefined && post_exit === undefined) return {};
  if (post_start !== undefined && process.type === 'oneshot') {
    const problem = {
      message: 'a one-shot has ended when it is ready, so nothing runs after its start',
      hint: 'use post_exit, which runs after its end',
    };
    place.at('post_start').problem(problem, 'key');
  }
  const steps = {
    preStart: stepsAt(place, 'pre_start', pre_start),
    postStart: stepsAt(place, 'post_start', post_start),
    postExit: stepsAt(place, 'post_exit', post_exit),
  };
  return { steps };
}

export function resolveReload(place: Place, process: ProcessSource): Pick<ProcessConfig, 'reload'> {
  const { reload, reload_signal: signal } = process;
  if (reload === undefined) return {};
  if (signal !== undefined) {
    const problem = {
      message: 'reload and reload_signal cannot be used together',
      hint: 'keep the one that has the program read its configuration again',
    };
    place.at('reload_signal').problem(problem, 'key');
  }
  const at = place.at('reload');
  const step = isTable(reload) ? stepAt(at, reload, 'reload') : plainAt(at, reload, 'reload', 'reload');
  return { reload: step };
}

/** Those before a stop are stages of the stop sequence, ahead of its signals. */
export function preStopStages(place: Place, process: ProcessSource): readonly StopStage[] {
  return stepsAt(place, 'pre_stop', process.pre_stop).map((step) => ({
    kind: 'command',
    waitMs: step.timeoutMs,
    step,
  }));
}

/** @param at of the table that holds `cmd`. */
export function stopCommandAt(
  at: Place,
  { cmd, as }: { readonly cmd: string | readonly string[]; readonly as?: StepConfig['as'] },
  name: string,
  timeoutMs: number,
): StepConfig {
  return { name, command: commandOf(at, cmd, 'cmd'), timeoutMs, as: as ?? 'process' };
}

function stepsAt(place: Place, key: StepsKey, source: StepsSource | undefined): readonly StepConfig[] {
  if (source === undefined) return NO_STEPS;
  const at = place.at(key);
  if (isTable(source)) return [stepAt(at, source, key)];
  if (typeof source === 'string') return [plainAt(at, source, key, key)];
  const tables = source.filter((element) => typeof element !== 'string');
  if (tables.length === 0) {
    const words = source as readonly string[];
    if (words.every((word) => /\S\s+\S/.test(word))) {
      const several = words.map((word) => `{cmd = ${showValue(word)}}`).join(', ');
      at.warning(`strings are the words of one command; several commands are ${key} = [${several}]`);
    }
    return [plainAt(at, words, key, key)];
  }
  const word = source.findIndex((element) => typeof element === 'string');
  if (word >= 0) {
    const problem = {
      message: 'words and tables cannot be mixed',
      hint: `one command: ${key} = ["program", "argument"]; several: ${key} = [{cmd = "…"}, {cmd = "…"}]`,
    };
    at.at(word).problem(problem);
    return NO_STEPS;
  }
  return tables.map((table, index) => stepAt(at.at(index), table, `${key}[${index}]`));
}

function isTable(source: StepsSource | NonNullable<ProcessSource['reload']>): source is StepTable {
  return typeof source === 'object' && !Array.isArray(source);
}

/** @param name as it appears in status and log. */
function stepAt(at: Place, { cmd, timeout, as }: StepTable, name: string): StepConfig {
  const timeoutMs = durationAt(at.at('timeout'), timeout, 'more-than-zero');
  return { name, command: commandOf(at, cmd, 'cmd'), timeoutMs, as };
}

function plainAt(
  at: Place,
  cmd: string | readonly string[],
  key: StepsKey | 'reload',
  name: string,
): StepConfig {
  const isOfStop = key === 'pre_stop' || key === 'post_exit';
  const timeoutMs = isOfStop ? STOP_STEP_TIMEOUT_MS : START_STEP_TIMEOUT_MS;
  return { name, command: commandOf(at, cmd, ''), timeoutMs, as: 'process' };
}

function commandOf(at: Place, cmd: string | readonly string[], key: 'cmd' | ''): StepConfig['command'] {
  return commandAt(at, cmd, undefined, key, FILLED_IN) ?? { file: '', args: [] };
}
