/** How a process is stopped: which signals, in which order, to whom, and what becomes of what it started. */

import type { Place } from '../document/place.ts';
import type { ProcessConfig, StopStage } from '../resolved-config.ts';
import type { ProcessSource } from '../schema/schema.ts';
import { durationAt } from './durations.ts';
import { signalAt } from './signal-at.ts';
import { preStopStages, stopCommandAt } from './steps.ts';

/**
 * A shell runs its trap only when the program in its foreground has ended, and does not pass the signal on. By default
 * its children therefore get the signal too, so long before KILL: this share of the last wait, and no longer than this.
 */
const LAST_CALL_SHARE = 0.2;
const MAX_LAST_CALL_MS = 1_000;
/** Of the TERM that follows a last command. */
const LAST_WAIT_MS = 5_000;

type KillMode = NonNullable<ProcessSource['kill_mode']>;
type StopSettings = Pick<ProcessConfig, 'stop' | 'kill' | 'leaveRunning'>;

export function resolveStop(place: Place, process: ProcessSource): StopSettings {
  const { kill_mode: given, leave_running: leaveRunning } = process;
  if (leaveRunning) refuseOtherModes(place, process);
  const mode = leaveRunning ? 'leader' : given;
  const stop = [...preStopStages(place, process), ...stagesOf(place, process, mode)];
  return {
    stop: isDefault(process) ? withLastCall(stop) : stop,
    kill: mode === 'leader' ? 'leader' : 'all',
    leaveRunning,
  };
}

function isDefault({ kill_mode: mode, stop, leave_running: leaveRunning }: ProcessSource): boolean {
  return !leaveRunning && mode === undefined && stop?.at(-1)?.kill_mode === undefined;
}

function withLastCall(stop: readonly StopStage[]): readonly StopStage[] {
  const last = stop.at(-1);
  if (last?.kind !== 'signal' || last.waitMs === 0) return stop;
  const lastCallMs = Math.min(MAX_LAST_CALL_MS, last.waitMs * LAST_CALL_SHARE);
  return [
    ...stop.slice(0, -1),
    { ...last, waitMs: last.waitMs - lastCallMs },
    { ...last, to: 'others', waitMs: lastCallMs },
  ];
}

function refuseOtherModes(place: Place, process: ProcessSource): void {
  const problem = {
    message: 'with leave_running = true all signals go to the leader',
    hint: 'leave kill_mode out',
  };
  if (process.kill_mode !== undefined && process.kill_mode !== 'leader' && !place.at('kill_mode').isInherited)
    place.at('kill_mode').problem(problem);
  process.stop?.forEach(({ kill_mode: mode }, index) => {
    if (mode !== undefined && mode !== 'leader') place.at('stop', index, 'kill_mode').problem(problem);
  });
}

function stagesOf(place: Place, process: ProcessSource, mode: KillMode | undefined): readonly StopStage[] {
  const to = targetOf(mode);
  if (process.stop === undefined) {
    const signal = signalAt(place.at('stop_signal'), process.stop_signal);
    const waitMs = durationAt(place.at('stop_timeout'), process.stop_timeout, 'zero');
    return [{ kind: 'signal', signal: signal ?? 'SIGTERM', waitMs, to }];
  }
  const short = (['stop_signal', 'stop_timeout'] as const).find((key) => place.isGiven(key));
  if (short !== undefined) {
    place
      .at(short)
      .problem({ message: `${short} and stop cannot be used together`, hint: 'put it into stop' }, 'key');
  }
  const stages = process.stop.map((stage, index) => stageAt(place.at('stop', index), stage, index, to));
  if (stages.at(-1)?.kind === 'signal') return stages;
  // A command may only ask it to end, and a hung one has not even done that.
  return [...stages, { kind: 'signal', signal: 'SIGTERM', waitMs: LAST_WAIT_MS, to }];
}

type StageSource = NonNullable<ProcessSource['stop']>[number];

function stageAt(at: Place, stage: StageSource, index: number, to: 'group' | 'leader'): StopStage {
  const { signal, cmd, kill_mode: mode } = stage;
  const waitMs = durationAt(at.at('wait'), stage.wait, 'zero');
  if (signal !== undefined && cmd !== undefined) {
    const problem = {
      message: 'a stage of stop has either signal or cmd',
      hint: 'put them into two tables, in their order',
    };
    at.at('cmd').problem(problem, 'key');
  }
  if (cmd !== undefined) {
    if (mode !== undefined)
      at.at('kill_mode').problem({ message: 'kill_mode is for a signal, not for cmd' }, 'key');
    const step = stopCommandAt(at, { cmd, as: stage.as }, `stop[${index}]`, waitMs);
    return { kind: 'command', waitMs, step };
  }
  if (at.isGiven('as')) at.at('as').problem({ message: 'as is for cmd, not for a signal' }, 'key');
  if (signal === undefined) {
    if (at.isGiven('wait')) return { kind: 'pause', waitMs };
    at.problem({
      message: 'found an empty table',
      expected: 'signal = "TERM", cmd = "…" or wait = "5s" in it',
    });
  }
  return {
    kind: 'signal',
    signal: (signal === undefined ? undefined : signalAt(at.at('signal'), signal)) ?? 'SIGTERM',
    waitMs,
    to: mode === undefined ? to : targetOf(mode),
  };
}

function targetOf(mode: KillMode | undefined): 'group' | 'leader' {
  return mode === 'group' ? 'group' : 'leader';
}
