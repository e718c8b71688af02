/** The life of an incarnation as the kernel has it: its spawn or its adoption, and its end. */

import { ofInstance } from '../../config/text/instance-text.ts';
import { BRIEF_LIFE_MS } from '../../lifecycle/backoff.ts';
import type { Leftovers } from '../../lifecycle/events.ts';
import type { ExitStatus, SpawnFailure } from '../../lifecycle/exit-outcome.ts';
import type { LeftProcess } from '../../wire/snapshot.ts';
import type { IncarnationId } from '../ports/incarnation.ts';
import type { Leftover, PendingSpawn, SpawnAnswer } from '../ports/kernel.ts';
import type { InstanceRecord } from '../world/instance-record.ts';
import type { Notice, WorldEffect, WorldEvent } from '../world/world-event.ts';
import type { PerformContext } from './perform-context.ts';
import { environmentFor, spawnRequest, streamsFor, targetsFor, withSockets } from './spawn-request.ts';

/** How often, and how many times, the engine looks whether what a program left becomes a daemon. */
const LOOK_EVERY_MS = 20;
const MAX_LOOKS = 10;

type Spawn = Pick<Extract<WorldEffect, { kind: 'spawn' }>, 'incarnation' | 'causedBy'>;

export function spawn(record: InstanceRecord, effect: Spawn, context: PerformContext): void {
  const attempt = new SpawnAttempt(record, effect, context);
  const takeBack = context.spawnTurns.run(() => attempt.begin());
  if (takeBack === undefined) return;
  attempt.await({
    kind: 'pending',
    doing: 'start, after those before it',
    abandon: (why) => {
      takeBack();
      const errno = why === 'cancelled' ? 'ECANCELED' : 'ETIMEDOUT';
      attempt.fail({ step: 'wait', errno, message: 'it was stopped before its turn to start came' });
    },
  });
}

/** Goes on with what another engine has spawned. */
export function adoptLife(record: InstanceRecord, context: PerformContext): void {
  const { incarnation } = record.machine;
  new SpawnAttempt(record, { incarnation, causedBy: record.lastEvent }, context).adopt();
}

/** One spawn, from its turn to the end of the process. */
class SpawnAttempt {
  readonly #record: InstanceRecord;
  readonly #effect: Spawn;
  readonly #context: PerformContext;

  constructor(record: InstanceRecord, effect: Spawn, context: PerformContext) {
    this.#record = record;
    this.#effect = effect;
    this.#context = context;
  }

  begin(): void {
    const { name, ordinal, process: ofAll } = this.#record;
    const { output, input, kernel, selfReports, sockets } = this.#context;
    const process = ofInstance(ofAll, ordinal);
    const outputs = output.prepare(name, targetsFor(ofAll, ordinal));
    if (outputs.kind === 'failed') {
      this.fail(outputs.failure);
      return;
    }
    const streams = streamsFor(process, input.terminalSize(name), outputs);
    const environment = environmentFor(process, name, ordinal);
    const plain = spawnRequest(process, process.command, environment, streams);
    const request = selfReports.prepare(this.#record, withSockets(plain, sockets.descriptorsOf(process)));
    if (typeof request === 'string') {
      this.fail({ step: 'open notify socket', errno: 'EMFILE', message: request });
      return;
    }
    const result = kernel.spawn(
      request,
      (status) => this.#end(status),
      (late) => this.#answer(late),
    );
    if (result.kind === 'pending') this.await(result);
    else this.#answer(result);
  }

  adopt(): void {
    const { key, name, ordinal, process, machine, pid = 0, startTime = 0, family = 0 } = this.#record;
    const { kernel, output, input, selfReports, handover } = this.#context;
    const held = handover.get(key);
    const isLeaderAlive = machine.leader === 'alive';
    const known = { family, pid, startTime, isLeaderAlive, sparesDaemons: sparesDaemons(this.#record) };
    const onExit = (status: ExitStatus): void => this.#end(status);
    const isThere = kernel.adopt(known, onExit);
    if (!isThere) kernel.adopt({ ...known, isLeaderAlive: false }, onExit);
    if (held !== undefined) output.adopt(name, targetsFor(process, ordinal), held.pipes);
    if (held?.input !== undefined && isLeaderAlive) input.adopt(this.#id, held.input);
    if (held?.says !== undefined) selfReports.adopt(this.#record, held.says);
    // Somebody else has collected it: how it ended is not known.
    if (!isThere) this.#end({ how: 'signalled', signal: 'SIGKILL', core: false });
  }

  /** Until the answer comes. */
  await(spawn: PendingSpawn): void {
    this.#context.handles.holdSpawn(this.#record.key, spawn);
    this.#notice({ spawning: spawn.doing });
  }

  fail(failure: SpawnFailure): void {
    this.#context.handles.forgetSpawn(this.#record.key);
    this.#tell({ fact: { kind: 'spawnFailed', failure } });
  }

  #answer(answer: SpawnAnswer): void {
    if (answer.kind === 'failed') {
      this.fail(answer.failure);
      return;
    }
    this.#context.handles.forgetSpawn(this.#record.key);
    takeOver(this.#record, answer, this.#id, this.#context);
    this.#context.selfReports.begin(this.#record, answer);
    const { pid, family } = answer;
    const startTime = this.#context.kernel.startTimeOf(family);
    this.#tell({ fact: { kind: 'spawned' }, evidence: { life: { pid, startTime, family } } });
  }

  #end(status: ExitStatus): void {
    const { clock, input } = this.#context;
    input.release(this.#id);
    const wasBrief = clock.now() - this.#record.spawnedAt < BRIEF_LIFE_MS;
    const tell = (): void => {
      const { leaves, left } = whatItLeaves(this.#record, status, this.#context);
      this.#tell({ fact: { kind: 'exited', status, leaves, wasBrief }, evidence: { left } });
    };
    if (mayLeaveDaemon(this.#record, status, this.#context)) this.#awaitDaemon(tell);
    else tell();
  }

  /** Looks again, a few times, until that is certain. Its number is free meanwhile: nobody must signal it. */
  #awaitDaemon(tell: () => void): void {
    const { kernel, clock } = this.#context;
    const record = this.#record;
    const { pid, family = 0 } = record;
    this.#notice({ pid: undefined });
    let looks = 0;
    const look = (): void => {
      looks += 1;
      const isDecided = isCertain(record, kernel.leftovers(family));
      if (!isDecided && looks < MAX_LOOKS && record.machine.monitor === 'healthcheck') {
        clock.after(LOOK_EVERY_MS, look);
        return;
      }
      this.#notice({ pid });
      tell();
    };
    clock.after(LOOK_EVERY_MS, look);
  }

  #notice(notice: Notice): void {
    const { incarnation } = this.#effect;
    this.#context.take({ type: 'noticed', key: this.#record.key, incarnation, notice });
  }

  get #id(): IncarnationId {
    return { instance: this.#record.name, incarnation: this.#effect.incarnation };
  }

  #tell(told: Pick<Extract<WorldEvent, { type: 'fact' }>, 'fact' | 'evidence'>): void {
    const { key } = this.#record;
    const { incarnation, causedBy } = this.#effect;
    this.#context.take({ type: 'fact', key, ...told, about: { incarnation }, causedBy });
  }
}

function takeOver(
  record: InstanceRecord,
  spawned: Extract<SpawnAnswer, { kind: 'spawned' }>,
  id: IncarnationId,
  { output, input }: PerformContext,
): void {
  output.attach(id, spawned);
  const { stdin } = record.process;
  if (spawned.stdinFd !== undefined && stdin !== 'null') input.attach(id, spawned.stdinFd, stdin);
}

/** It may have gone to the background, and on a busy machine that does not show yet. */
function mayLeaveDaemon(record: InstanceRecord, status: ExitStatus, { kernel }: PerformContext): boolean {
  const { process, machine, family } = record;
  const isStart = machine.monitor === 'healthcheck' && !process.leaveRunning;
  const endedWell = status.how === 'exited' && process.restart.exitCodes.includes(status.code);
  return isStart && endedWell && family !== undefined && !isCertain(record, kernel.leftovers(family));
}

/**
 * What a service left may not have called setsid(2) yet. What a forking program left may not be there yet: while it
 * forks again, a process that has just lost its parent can be missing from a reading of /proc.
 */
function isCertain({ rules }: InstanceRecord, left: readonly Leftover[]): boolean {
  if (rules.isForking) return left.length > 0;
  return left.length === 0 || left.some(({ isDaemon }) => isDaemon);
}

/** What is left of it was let go. */
function sparesDaemons({ machine, process, lastExit }: InstanceRecord): boolean {
  if (machine.leader === 'alive' || lastExit === null || process.type !== 'oneshot') return false;
  const { requested, status } = lastExit;
  return !requested && status.how === 'exited' && process.restart.exitCodes.includes(status.code);
}

/** What is to stay is let go; daemons that a set-up step has started are. */
function whatItLeaves(
  { process, machine, family }: InstanceRecord,
  status: ExitStatus,
  { kernel }: PerformContext,
): { readonly leaves: Leftovers; readonly left: readonly LeftProcess[] } {
  if (family === undefined) return { leaves: 'nothing', left: [] };
  if (process.leaveRunning) {
    kernel.letDaemonsGo(family);
    return { leaves: 'nothing', left: [] };
  }
  const endedWell =
    machine.monitor !== 'stopping' &&
    status.how === 'exited' &&
    process.restart.exitCodes.includes(status.code);
  if (process.type === 'oneshot' && endedWell) kernel.letDaemonsGo(family);
  const leftovers = kernel.leftovers(family);
  if (leftovers.length === 0) return { leaves: 'nothing', left: [] };
  const leaves = leftovers.some(({ isDaemon }) => isDaemon) ? 'daemons' : 'members';
  return { leaves, left: kernel.leftRunning(family) };
}
