/** The spawn request of a step, with the variables that describe the process. */

import type { ProcessConfig, StepConfig } from '../../config/resolved-config.ts';
import type { ExitStatus } from '../../exit-status.ts';
import type { StepStage } from '../../lifecycle/effects.ts';
import type { Ending } from '../../lifecycle/instance.ts';
import type { SpawnRequest } from '../ports/kernel.ts';
import type { InstanceRecord } from '../world/instance-record.ts';
import { type ChildStreams, environmentFor, spawnRequest } from './spawn-request.ts';

/** As systemd writes it; nothing else of a shell is known. */
const MAIN_PID = /\$\{MAINPID\}|\$MAINPID\b/g;

const AS_THE_ENGINE = {
  identity: undefined,
  capabilities: undefined,
  boundingCapabilities: undefined,
  securebits: undefined,
  noNewPrivs: false,
  landlock: undefined,
  mounts: undefined,
  seccomp: undefined,
} as const;

/** @param process with its texts filled in. */
export function stepRequest(
  process: ProcessConfig,
  { command, as }: StepConfig,
  stage: StepStage,
  outputs: Pick<ChildStreams, 'stdout' | 'stderr'>,
  record: InstanceRecord,
): SpawnRequest {
  const plan = environmentFor(process, record.name, record.ordinal);
  const told = variablesFor(stage, record);
  const environment = { ...plan, set: { ...plan.set, ...told } };
  const { MAINPID: mainPid } = told;
  const words = (text: string): string => (mainPid === undefined ? text : text.replace(MAIN_PID, mainPid));
  const filled = { file: words(command.file), args: command.args.map(words) };
  const request = spawnRequest(process, filled, environment, {
    stdout: outputs.stdout,
    stderr: outputs.stderr,
  });
  if (as === 'process') return request;
  return { ...request, ...AS_THE_ENGINE };
}

/** As systemd.exec(5) has them. */
function variablesFor(stage: StepStage, record: InstanceRecord): Readonly<Record<string, string>> {
  const { pid, machine } = record;
  const lives = machine.leader === 'alive' && pid !== undefined;
  if (stage === 'preStart') return {};
  const result = stage === 'stop' || stage === 'postExit' ? { SERVICE_RESULT: serviceResult(record) } : {};
  if (stage !== 'postExit') return { ...(lives && { MAINPID: String(pid) }), ...result };
  const status = machine.outcome?.kind === 'ended' ? machine.outcome.status : undefined;
  return { ...result, ...(status !== undefined && exitVariables(status)) };
}

function exitVariables(status: ExitStatus): { readonly EXIT_CODE: string; readonly EXIT_STATUS: string } {
  if (status.how === 'exited') return { EXIT_CODE: 'exited', EXIT_STATUS: String(status.code) };
  return { EXIT_CODE: status.core ? 'dumped' : 'killed', EXIT_STATUS: status.signal.replace(/^SIG/, '') };
}

/** Of the others, what it ended with decides. */
const RESULTS: Partial<Readonly<Record<Ending, string>>> = {
  unhealthy: 'watchdog',
  watchdog: 'watchdog',
  'start-timeout': 'timeout',
  backgrounded: 'protocol',
  vanished: 'protocol',
  'poststart-failed': 'exit-code',
};

/** In systemd's words. */
export function serviceResult({ machine, rules }: InstanceRecord): string {
  const { outcome } = machine;
  if (machine.leader === 'alive') return RESULTS[machine.ending] ?? 'success';
  if (outcome === undefined) return 'success';
  if (outcome.kind === 'notStarted') return startResult(outcome.failure);
  const { status, ending } = outcome;
  const known = RESULTS[ending];
  if (known !== undefined) return known;
  if (ending !== 'by-itself') {
    const wasKilled = status.how === 'signalled' && status.signal === 'SIGKILL';
    return wasKilled && machine.desired !== 'killed' ? 'timeout' : 'success';
  }
  if (status.how === 'exited') return rules.restart.exitCodes.includes(status.code) ? 'success' : 'exit-code';
  return signalResult(status);
}

function signalResult(status: Extract<ExitStatus, { how: 'signalled' }>): string {
  if (status.oom === true) return 'oom-kill';
  return status.core ? 'core-dump' : 'signal';
}

function startResult({
  errno,
  stepStatus,
}: {
  errno: string;
  stepStatus?: ExitStatus | 'timed-out';
}): string {
  if (errno === 'ECANCELED') return 'success';
  if (stepStatus === 'timed-out') return 'timeout';
  if (stepStatus === undefined) return 'resources';
  return stepStatus.how === 'exited' ? 'exit-code' : signalResult(stepStatus);
}
