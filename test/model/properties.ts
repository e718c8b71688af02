/**
 * What must hold on every passage, whatever the tables say. Each property is written from the specification and
 * not from the tables, so that a wrong table cannot agree with it.
 */

import type { Activity } from '../../src/lifecycle/effects.ts';
import type { SpawnFailure } from '../../src/lifecycle/exit-outcome.ts';
import type { Instance } from '../../src/lifecycle/instance.ts';
import type { Rules, StopStage } from '../../src/lifecycle/rules.ts';
import type { MonitorState } from '../../src/lifecycle/states.ts';
import type { Exploration } from './explore.ts';
import type { Passage, World } from './world.ts';

export interface Property {
  readonly name: string;
  /** @returns true where it holds. */
  readonly holds: (passage: Passage) => boolean;
}

const monitorAfter = (passage: Passage): MonitorState => passage.after.instance.monitor;
const effectsOf = (passage: Passage, kind: string): readonly { readonly kind: string }[] =>
  passage.taken.effects.filter((effect) => effect.kind === kind);
const signalsOf = (passage: Passage): readonly string[] =>
  passage.taken.effects.flatMap((effect) => (effect.kind === 'signal' ? [effect.signal] : []));
const targetsOf = (passage: Passage): readonly string[] =>
  passage.taken.effects.flatMap((effect) => (effect.kind === 'signal' ? [effect.to] : []));
/** The leader has just ended, and something of it lives on. */
const leavesOthers = ({ event }: Passage): boolean =>
  event.type === 'fact' && event.fact.kind === 'exited' && event.fact.leaves !== 'nothing';
const wasKilled = ({ before }: Passage): boolean =>
  before.instance.monitor === 'stopping' && before.instance.stopStage === 'killed';
const isCommand = (passage: Passage, ...kinds: string[]): boolean =>
  passage.event.type === 'decision' && kinds.includes(passage.event.decision.kind);
const isFact = (passage: Passage, kind: string): boolean =>
  passage.event.type === 'fact' && passage.event.fact.kind === kind;
const somethingLives = (world: World): boolean => world.leaderAlive || world.othersAlive;
const isRunning = (monitor: MonitorState): boolean =>
  ['healthcheck', 'running', 'poststart', 'healthy', 'unhealthy'].includes(monitor);

const firstStep = ({ stop }: Rules): number => stop.findIndex(({ kind }) => kind === 'signal');
const hasSteps = ({ step }: World): boolean => step !== 'none';
const isStepEnd = (passage: Passage): boolean =>
  isFact(passage, 'stepSucceeded') || isFact(passage, 'stepFailed');
/** Steps after its end come next, if nothing of the incarnation is left. */
const hasPostExit = ({ before, rules }: Passage): boolean =>
  rules.steps.postExit > 0 && before.instance.desired !== 'killed';

const stageOf = ({ stopStage }: Instance, rules: Rules): StopStage | undefined =>
  typeof stopStage === 'number' ? rules.stop[stopStage] : undefined;
const toOf = (stage: StopStage | undefined): string | undefined =>
  stage?.kind === 'signal' ? stage.to : undefined;
/** What the stop sequence sends when the present stage is over; nothing: it runs a command, or waits. */
const nextSignal = ({ before, rules }: Passage): string | undefined => {
  const { stopStage, leader } = before.instance;
  if (leader === 'none') return undefined;
  const from = typeof stopStage === 'number' ? stopStage + 1 : firstStep(rules);
  const next = rules.stop.slice(from).find(({ kind }) => kind !== 'command' || leader === 'alive');
  if (next === undefined) return 'SIGKILL';
  return next.kind === 'signal' ? next.signal : undefined;
};

/** It stops, and has not had the first signal of the sequence. */
const isBeforeFirst = ({ stopStage }: Instance): boolean =>
  stopStage === 'announced' || stopStage === 'aborted';

/** The process that was spawned has done what it is for: it has left a daemon, or should have. */
const isStart = ({ event, before, rules }: Passage): boolean =>
  event.type === 'fact' &&
  event.fact.kind === 'exited' &&
  rules.isForking &&
  before.instance.monitor === 'healthcheck' &&
  !before.instance.isAdopted &&
  event.fact.status.how === 'exited' &&
  event.fact.status.code === 0;
/** It has left something, among which the daemon is looked for. */
const leavesDaemon = (passage: Passage): boolean => isStart(passage) && leavesOthers(passage);
const seeksDaemon = ({ instance, othersAlive }: World): boolean =>
  instance.monitor === 'healthcheck' && instance.leader === 'dead' && othersAlive;
const isAborted = (passage: Passage): boolean =>
  isFact(passage, 'watchdogExpired') && passage.rules.onWatchdog === 'restart';

/** The first stage of the stop sequence is under way. */
const beginsStop = ({ after, rules, taken }: Passage): boolean => {
  const { step, stopStage } = after.instance;
  const [stage] = rules.stop;
  if (after.instance.leader !== 'alive' || stage?.kind !== 'command')
    return taken.effects.some((effect) => effect.kind === 'signal' && effect.signal === 'SIGTERM');
  return stopStage === 0 && step !== 'none';
};
/** The command of the present stop stage has ended by itself. */
const isOwnCommand = ({ before, rules }: Passage): boolean =>
  before.step === 'running' && stageOf(before.instance, rules)?.kind === 'command';
const IN_PASSAGE: readonly MonitorState[] = ['preparing', 'starting', 'stopping', 'cleaning'];
const isToBeIntroduced = ({ before, rules }: Passage): boolean =>
  rules.steps.postStart > 0 && !before.instance.isIntroduced;
const isFinal = ({ errno, stepStatus }: SpawnFailure, { restart }: Rules): boolean =>
  errno === 'ENOENT' || (restart.policy === 'no' && stepStatus !== undefined);
/** Of the program, or of a step before it. */
function failureOf({ event, before }: Passage): SpawnFailure | undefined {
  if (event.type !== 'fact') return undefined;
  const { fact } = event;
  const isStart = fact.kind === 'spawnFailed' || before.instance.monitor === 'preparing';
  return isStart && 'failure' in fact ? fact.failure : undefined;
}

/** The start's time runs. */
const isBeingProven = (monitor: MonitorState): boolean => monitor === 'healthcheck' || monitor === 'running';
/** Of a spawn that has no answer yet. */
const isGivenUp = ({ instance }: World): boolean => instance.stopStage === 'killed';

/** Wishes for a new incarnation. */
const BEGINNERS: readonly string[] = ['start', 'restart', 'run', 'once'];
/** What a wish leads to when nothing lives any more. */
const begun = (desired: string, { before, rules }: Passage): MonitorState => {
  if (desired !== 'start') return 'waiting';
  return before.instance.isRunDue ? 'waiting' : beginning(rules);
};
const beginning = (rules: Rules): MonitorState => {
  if (rules.schedule !== undefined) return rules.schedule.runsOnStart ? 'waiting' : 'scheduled';
  return retrying(rules);
};
const retrying = (rules: Rules): MonitorState => (rules.isActivated ? 'listening' : 'waiting');

const WORK: Partial<Record<MonitorState, Activity>> = {
  listening: 'awaitConnection',
  waiting: 'awaitDependencies',
  blocked: 'awaitDependencies',
  healthcheck: 'watchReadiness',
  healthy: 'watchLiveness',
  unhealthy: 'watchLiveness',
};

export const PROPERTIES: readonly Property[] = [
  {
    name: 'nothing impossible happens',
    holds: (passage) => effectsOf(passage, 'reportImpossible').length === 0,
  },
  {
    name: 'only a one-shot is running, and only a service is proven healthy',
    holds: ({ after, rules }) =>
      rules.isOneShot
        ? !['healthcheck', 'poststart', 'healthy', 'unhealthy'].includes(after.instance.monitor)
        : after.instance.monitor !== 'running',
  },
  {
    name: 'there are never two live incarnations',
    holds: (passage) =>
      effectsOf(passage, 'spawn').length === 0 ||
      (!somethingLives(passage.before) &&
        !passage.before.spawnPending &&
        passage.after.step === 'none' &&
        effectsOf(passage, 'spawn').length === 1),
  },
  {
    name: 'a signal goes only to what lives',
    holds: (passage) => {
      const lives = isFact(passage, 'exited') ? leavesOthers(passage) : somethingLives(passage.before);
      return signalsOf(passage).length === 0 || lives || isFact(passage, 'spawned');
    },
  },
  {
    name: 'KILL comes only when asked for, after the last stage, or to what a killed leader left',
    holds: (passage) => {
      if (!signalsOf(passage).includes('SIGKILL')) return true;
      const lastStageOver =
        isFact(passage, 'deadlinePassed') &&
        passage.before.instance.monitor === 'stopping' &&
        passage.before.instance.stopStage === passage.rules.stop.length - 1;
      const goesOn = leavesOthers(passage) && wasKilled(passage) && passage.rules.kill === 'all';
      return passage.after.instance.desired === 'killed' || lastStageOver || goesOn;
    },
  },
  {
    name: 'each signal goes to whom the rules say, and once the leader is dead to what it left',
    holds: (passage) => {
      const [target] = targetsOf(passage);
      if (target === undefined) return true;
      const { instance } = passage.after;
      if (signalsOf(passage)[0] === 'SIGKILL') {
        const spares = passage.rules.kill === 'leader' && instance.leader === 'alive';
        return target === (spares && instance.desired !== 'killed' ? 'leader' : 'all');
      }
      if (signalsOf(passage)[0] === 'SIGABRT') return target === 'leader';
      if (instance.leader === 'alive') return target === toOf(stageOf(instance, passage.rules));
      const hadIt = leavesOthers(passage) && passage.before.instance.monitor === 'stopping';
      const wasSentToGroup = toOf(stageOf(passage.before.instance, passage.rules)) === 'group';
      return target === (hadIt && wasSentToGroup ? 'outsiders' : 'others');
    },
  },
  {
    name: 'what a leader leaves has every signal before its KILL, unless it has had it or is killed',
    holds: (passage) => {
      if (!leavesOthers(passage) || leavesDaemon(passage)) return true;
      const { instance } = passage.before;
      const stage = stageOf(instance, passage.rules);
      const first = firstStep(passage.rules);
      const begins = signalsOf(passage)[0] === 'SIGTERM' && passage.after.instance.stopStage === first;
      if (instance.desired === 'killed') return signalsOf(passage)[0] === 'SIGKILL';
      if (instance.monitor !== 'stopping' || isBeforeFirst(instance)) return begins;
      if (stage !== undefined && (stage.kind !== 'signal' || stage.to === 'leader')) return begins;
      if (stage === undefined)
        return passage.rules.kill === 'leader' ? begins : signalsOf(passage)[0] === 'SIGKILL';
      const same = passage.after.instance.stopStage === instance.stopStage && passage.after.deadline;
      const due = stage.kind === 'signal' && stage.to === 'group' ? stage.signal : undefined;
      return same && signalsOf(passage)[0] === due;
    },
  },
  {
    name: 'what ends well before it is healthy, and leaves a daemon, has failed for good',
    holds: (passage) => {
      const { event, before, after } = passage;
      if (event.type !== 'fact' || event.fact.kind !== 'exited') return true;
      const { status, leaves } = event.fact;
      const expected =
        before.instance.monitor === 'healthcheck' &&
        leaves === 'daemons' &&
        !passage.rules.isForking &&
        status.how === 'exited' &&
        passage.rules.restart.exitCodes.includes(status.code);
      const { outcome } = after.instance;
      return (outcome?.kind === 'ended' && outcome.ending === 'backgrounded') === expected;
    },
  },
  {
    name: 'a kill reaches everything that lives, at once and once',
    holds: (passage) => {
      if (!isCommand(passage, 'kill') || !somethingLives(passage.before)) return true;
      const alreadyKilled = passage.before.instance.stopStage === 'killed';
      const expected = alreadyKilled && passage.before.instance.monitor === 'stopping' ? 0 : 1;
      return signalsOf(passage).length === expected && monitorAfter(passage) === 'stopping';
    },
  },
  {
    name: 'stopping begins with the first stage, and only its deadline or the end of its command brings the next',
    holds: (passage) => {
      const [first, ...more] = signalsOf(passage);
      if (more.length > 0) return false;
      const wasStopping = passage.before.instance.monitor === 'stopping';
      if (wasStopping && isFact(passage, 'deadlinePassed')) return first === nextSignal(passage);
      if (wasStopping && isStepEnd(passage))
        return first === (isOwnCommand(passage) ? nextSignal(passage) : undefined);
      if (isAborted(passage)) return first === 'SIGABRT';
      if (leavesOthers(passage)) return true;
      if (wasStopping && !isCommand(passage, 'kill')) return first === undefined;
      return first === undefined || first === 'SIGTERM' || first === 'SIGKILL';
    },
  },
  {
    name: 'while signals can still come, stopping has a deadline',
    holds: ({ after }) => {
      if (after.instance.monitor !== 'stopping') return true;
      if (!somethingLives(after)) return after.deadline === (after.step === 'running');
      return after.deadline === (after.instance.stopStage !== 'killed');
    },
  },
  {
    name: 'never at rest in a passing state',
    holds: ({ after }) =>
      after.instance.monitor !== 'ended' && (after.instance.monitor === 'starting') === after.spawnPending,
  },
  {
    name: 'the state says what lives',
    holds: ({ after }) => {
      const { monitor } = after.instance;
      if (seeksDaemon(after)) return true;
      if (isRunning(monitor)) return after.leaderAlive;
      return (
        (somethingLives(after) || (hasSteps(after) && monitor === 'stopping')) === (monitor === 'stopping')
      );
    },
  },
  {
    name: 'an instance has a living leader exactly as long as there is one',
    holds: ({ after }) => (after.instance.leader === 'alive') === after.leaderAlive,
  },
  {
    name: 'each state does its own work and no other',
    holds: ({ after }) => after.activity === WORK[after.instance.monitor],
  },
  {
    name: 'a deadline runs only where it has a meaning',
    holds: ({ after, rules }) => {
      const { monitor } = after.instance;
      if (monitor === 'backoff') return after.deadline;
      const { restarts, briefLives } = after.instance;
      if (monitor === 'listening') return after.deadline === restarts + briefLives > 0;
      if (monitor === 'starting') return after.deadline || isGivenUp(after);
      if (isBeingProven(monitor)) return after.deadline === (rules.startTimeoutMs !== undefined);
      return !after.deadline || monitor === 'stopping' || monitor === 'healthy';
    },
  },
  {
    name: 'becoming healthy after restarts sets the deadline at which they are forgotten',
    holds: (passage) =>
      monitorAfter(passage) !== 'healthy' ||
      !(isFact(passage, 'becameHealthy') || passage.before.instance.monitor === 'poststart') ||
      passage.after.deadline === passage.after.instance.restarts > 0,
  },
  {
    name: 'after enough healthy running restarts count from nought, and nothing else happens',
    holds: (passage) =>
      passage.before.instance.monitor !== 'healthy' ||
      !isFact(passage, 'deadlinePassed') ||
      (passage.after.instance.restarts === 0 &&
        monitorAfter(passage) === 'healthy' &&
        passage.taken.effects.length === 0),
  },
  {
    name: 'what is wanted down never spawns',
    holds: (passage) => {
      const { desired, monitor } = passage.after.instance;
      if (desired !== 'down' && desired !== 'killed') return true;
      if (monitor === 'preparing') return ['asked', 'killed'].includes(passage.after.step);
      return (
        effectsOf(passage, 'spawn').length === 0 &&
        !['listening', 'scheduled', 'waiting', 'blocked', 'backoff'].includes(monitor)
      );
    },
  },
  {
    name: 'a requested stop is never a failure',
    holds: ({ after }) => {
      const { desired, monitor } = after.instance;
      const isDown = desired === 'down' || desired === 'killed';
      return (
        !isDown ||
        !['failed', 'completed', 'backoff', 'listening', 'scheduled', 'waiting', 'blocked'].includes(monitor)
      );
    },
  },
  {
    name: 'a stop takes effect at once',
    holds: (passage) => {
      if (!isCommand(passage, 'stop', 'kill')) return true;
      const wanted = passage.after.instance.desired;
      const isWantedDown = wanted === 'down' || wanted === 'killed';
      const allowed =
        passage.before.instance.monitor === 'idle'
          ? ['idle']
          : ['stopped', 'stopping', 'starting', 'preparing', 'cleaning'];
      return isWantedDown && allowed.includes(monitorAfter(passage));
    },
  },
  {
    name: 'a stop after a kill stays a kill',
    holds: (passage) =>
      !isCommand(passage, 'stop', 'kill') ||
      (isCommand(passage, 'kill') || passage.before.instance.desired === 'killed') ===
        (passage.after.instance.desired === 'killed'),
  },
  {
    name: 'a start takes effect at once and leaves what runs alone',
    holds: (passage) => {
      if (!isCommand(passage, 'start')) return true;
      const { monitor, desired, leader } = passage.before.instance;
      if (isRunning(monitor) || ['waiting', 'blocked', 'scheduled'].includes(monitor)) {
        return (
          monitorAfter(passage) === monitor ||
          (monitor === 'unhealthy' && desired !== 'up' && leader === 'alive')
        );
      }
      if (IN_PASSAGE.includes(monitor)) return monitorAfter(passage) === monitor;
      return monitorAfter(passage) === (monitor === 'listening' ? 'waiting' : beginning(passage.rules));
    },
  },
  {
    name: 'a restart replaces what runs and starts what does not',
    holds: (passage) => {
      if (!isCommand(passage, 'restart')) return true;
      const { monitor } = passage.before.instance;
      if (isRunning(monitor)) return monitorAfter(passage) === 'stopping' && beginsStop(passage);
      if (['blocked', 'waiting', 'scheduled', ...IN_PASSAGE].includes(monitor))
        return monitorAfter(passage) === monitor;
      return monitorAfter(passage) === (monitor === 'listening' ? 'waiting' : beginning(passage.rules));
    },
  },
  {
    name: 'a wish for a new incarnation survives until it is on its way',
    holds: (passage) => {
      const wanted = passage.after.instance.desired;
      if (isCommand(passage, 'start', 'restart')) {
        if (IN_PASSAGE.includes(monitorAfter(passage))) {
          const pending = isCommand(passage, 'restart') || passage.before.instance.desired === 'restart';
          const run = passage.before.instance.desired === 'run' ? 'run' : 'start';
          return wanted === (pending ? 'restart' : run);
        }
        return wanted === 'up';
      }
      const before = passage.before.instance;
      const wish = before.desired === 'start' || before.desired === 'restart';
      const isOnItsWay = before.monitor === 'stopping' || before.monitor === 'cleaning';
      if (!wish || passage.event.type === 'decision' || !isOnItsWay) return true;
      const hasBegun = ['waiting', 'listening', 'scheduled'].includes(monitorAfter(passage));
      return hasBegun ? wanted === 'up' : wanted === before.desired;
    },
  },
  {
    name: 'once what was stopped for a wish is gone, the wish begins without a wait',
    holds: (passage) => {
      const { desired, monitor } = passage.before.instance;
      if (monitor !== 'stopping' || (desired !== 'start' && desired !== 'restart')) return true;
      if (passage.event.type === 'decision' || somethingLives(passage.after)) return true;
      if (passage.after.step !== 'none' && monitorAfter(passage) === 'stopping') return true;
      return (
        monitorAfter(passage) === (hasPostExit(passage) ? 'cleaning' : begun(desired, passage)) &&
        passage.after.instance.restarts === passage.before.instance.restarts
      );
    },
  },
  {
    name: 'a failed spawn, or step before it, ends where the wish and its errno say',
    holds: (passage) => {
      const failure = failureOf(passage);
      if (failure === undefined) return true;
      const { desired, restarts } = passage.before.instance;
      if (hasPostExit(passage)) return monitorAfter(passage) === 'cleaning';
      if (desired === 'down' || desired === 'killed') return monitorAfter(passage) === 'stopped';
      if (BEGINNERS.includes(desired)) return monitorAfter(passage) === begun(desired, passage);
      if (desired === 'last') return monitorAfter(passage) === 'stopped';
      if (passage.rules.schedule !== undefined)
        return monitorAfter(passage) === afterRun(!isFinal(failure, passage.rules), restarts, passage);
      if (isFinal(failure, passage.rules)) return monitorAfter(passage) === 'failed';
      return monitorAfter(passage) === stateAfterRetry(restarts, passage);
    },
  },
  {
    name: 'a successful spawn runs, unless something else is wanted meanwhile',
    holds: (passage) => {
      if (!isFact(passage, 'spawned')) return true;
      const { desired } = passage.before.instance;
      const unwanted = desired === 'down' || desired === 'killed' || desired === 'restart';
      const alive = passage.rules.isOneShot ? 'running' : 'healthcheck';
      return monitorAfter(passage) === (unwanted ? 'stopping' : alive);
    },
  },
  {
    name: 'a spawn without an answer is given up once: when it takes too long, or something else is wanted',
    holds: (passage) => {
      const { before, taken } = passage;
      const isUnwanted = isCommand(passage, 'stop', 'kill', 'restart');
      const isLate = isFact(passage, 'deadlinePassed');
      const isDue = before.instance.monitor === 'starting' && !isGivenUp(before) && (isUnwanted || isLate);
      const reasons = taken.effects.flatMap((effect) => (effect.kind === 'abandonSpawn' ? [effect.why] : []));
      return reasons.join() === (isDue ? (isLate ? 'timed-out' : 'cancelled') : '');
    },
  },
  {
    name: 'a spawn has an answer, given up or not',
    holds: (passage) =>
      !passage.before.spawnPending ||
      isFact(passage, 'spawned') ||
      isFact(passage, 'spawnFailed') ||
      monitorAfter(passage) === 'starting',
  },
  {
    name: 'only what is activated listens, and a connection brings it on its way',
    holds: (passage) => {
      if (isFact(passage, 'connectionCame')) return monitorAfter(passage) === 'waiting';
      return monitorAfter(passage) !== 'listening' || passage.rules.isActivated;
    },
  },
  {
    name: 'what is activated is on its way only for a connection, or because somebody asked for it',
    holds: (passage) => {
      const { instance } = passage.before;
      const wasOnItsWay = instance.monitor === 'waiting' || instance.monitor === 'blocked';
      if (!passage.rules.isActivated || monitorAfter(passage) !== 'waiting' || wasOnItsWay) return true;
      if (isFact(passage, 'connectionCame') || instance.desired === 'restart') return true;
      return instance.monitor === 'listening' && isCommand(passage, 'start', 'restart');
    },
  },
  {
    name: 'while no connection comes, what went wrong before is forgotten, and nothing else happens',
    holds: (passage) => {
      const { before, after, taken } = passage;
      if (before.instance.monitor !== 'listening' || !isFact(passage, 'deadlinePassed')) return true;
      const { restarts, briefLives, ...others } = after.instance;
      const { restarts: _, briefLives: __, ...othersBefore } = before.instance;
      const isSame = JSON.stringify(others) === JSON.stringify(othersBefore);
      return restarts + briefLives === 0 && isSame && taken.effects.length === 0;
    },
  },
  {
    name: 'the end of the wait for a retry forgets nothing',
    holds: (passage) => {
      const { before, after } = passage;
      if (before.instance.monitor !== 'backoff' || !isFact(passage, 'deadlinePassed')) return true;
      const { restarts, briefLives } = after.instance;
      return restarts === before.instance.restarts && briefLives === before.instance.briefLives;
    },
  },
  {
    name: 'an idle process is stopped, and that is not a failure',
    holds: (passage) =>
      !isFact(passage, 'becameIdle') ||
      (monitorAfter(passage) === 'stopping' &&
        passage.after.instance.ending === 'idle' &&
        passage.after.instance.desired === 'up' &&
        beginsStop(passage)),
  },
  {
    name: 'satisfied dependencies begin an incarnation',
    holds: (passage) =>
      !isFact(passage, 'dependenciesReady') ||
      (monitorAfter(passage) === (passage.rules.steps.preStart > 0 ? 'preparing' : 'starting') &&
        passage.after.instance.incarnation === passage.before.instance.incarnation + 1),
  },
  {
    name: 'what it waited for does not change how often it was restarted',
    holds: (passage) =>
      !(isFact(passage, 'connectionCame') || isFact(passage, 'dependenciesRevived')) ||
      passage.after.instance.restarts === passage.before.instance.restarts,
  },
  {
    name: 'dependencies that have failed block, and those that are started again do not',
    holds: (passage) => {
      if (isFact(passage, 'dependenciesFailed')) return monitorAfter(passage) === 'blocked';
      return !isFact(passage, 'dependenciesRevived') || monitorAfter(passage) === 'waiting';
    },
  },
  {
    name: 'a start that takes too long is stopped, and that counts as a failure',
    holds: (passage) =>
      !isBeingProven(passage.before.instance.monitor) ||
      !isFact(passage, 'deadlinePassed') ||
      (monitorAfter(passage) === 'stopping' &&
        passage.after.instance.ending === 'start-timeout' &&
        beginsStop(passage)),
  },
  {
    name: 'a change of the rules counts restarts from nought and moves only what waits for a retry',
    holds: (passage) => {
      if (!isFact(passage, 'rulesChanged')) return true;
      const { before, after, rules } = passage;
      if (after.instance.briefLives !== 0) return false;
      const { monitor } = before.instance;
      if (monitor === 'listening' && !rules.isActivated) return monitorAfter(passage) === 'waiting';
      if (monitor === 'listening')
        return monitorAfter(passage) === monitor && !after.deadline && after.instance.restarts === 0;
      if (monitor === 'completed' && rules.isActivated)
        return monitorAfter(passage) === 'listening' && after.instance.desired === 'up';
      if (monitor === 'scheduled' && rules.schedule === undefined) return monitorAfter(passage) === 'waiting';
      if (monitor === 'completed' && rules.schedule !== undefined)
        return monitorAfter(passage) === 'scheduled' && after.instance.desired === 'up';
      if (monitor !== 'backoff') {
        const isRenewed = isBeingProven(monitor) && rules.startTimeoutMs !== undefined;
        return (
          after.deadline === (before.deadline && monitor !== 'healthy') &&
          effectsOf(passage, 'armDeadline').length === (isRenewed ? 1 : 0) &&
          (monitor === 'healthy' || isBeingProven(monitor) || passage.taken.effects.length === 0) &&
          after.instance.restarts === 0 &&
          monitorAfter(passage) === monitor
        );
      }
      const { maxRestarts, backoff } = rules.restart;
      if (hasEndedWell(before, rules))
        return monitorAfter(passage) === beginning(rules) && after.instance.restarts === 0;
      if (maxRestarts === 0) return monitorAfter(passage) === 'failed';
      const expected = backoff.baseMs === 0 ? retrying(rules) : 'backoff';
      return monitorAfter(passage) === expected && after.instance.restarts === 1;
    },
  },
  {
    name: 'being healthy for long enough forgets restarts, but not that lives were brief',
    holds: (passage) => {
      const { before, after } = passage;
      if (before.instance.monitor !== 'healthy' || !isFact(passage, 'deadlinePassed')) return true;
      return after.instance.restarts === 0 && after.instance.briefLives === before.instance.briefLives;
    },
  },
  {
    name: 'a daemon that is found leads the incarnation, and nothing else changes',
    holds: (passage) => {
      if (!isFact(passage, 'leaderFound')) return true;
      const { before, after, taken } = passage;
      const { leader, isAdopted, ...others } = after.instance;
      const { leader: _, isAdopted: __, ...othersBefore } = before.instance;
      return (
        leader === 'alive' &&
        isAdopted &&
        taken.effects.length === 0 &&
        JSON.stringify(others) === JSON.stringify(othersBefore)
      );
    },
  },
  {
    name: 'a process that leaves a daemon has not failed, and is waited for without a signal',
    holds: (passage) => {
      if (!leavesDaemon(passage)) return true;
      const { before, after, taken } = passage;
      return (
        seeksDaemon(after) &&
        taken.effects.length === 0 &&
        after.instance.briefLives === before.instance.briefLives &&
        after.instance.restarts === before.instance.restarts
      );
    },
  },
  {
    name: 'what says that it stops has its time to do so, and no signal before that is over',
    holds: (passage) => {
      if (!isFact(passage, 'stopAnnounced')) return true;
      const { instance, deadline } = passage.after;
      return (
        instance.monitor === 'stopping' &&
        instance.stopStage === 'announced' &&
        instance.ending === 'by-itself' &&
        deadline &&
        signalsOf(passage).length === 0
      );
    },
  },
  {
    name: 'what hangs is dealt with as its rule says',
    holds: (passage) => {
      if (!isFact(passage, 'watchdogExpired')) return true;
      const { rules, before, after, taken } = passage;
      const exits = effectsOf(passage, 'exitEngine').length;
      if (rules.onWatchdog === 'restart') {
        const { monitor, ending } = after.instance;
        return monitor === 'stopping' && ending === 'watchdog' && after.deadline && exits === 0;
      }
      const isUntouched = JSON.stringify(after.instance) === JSON.stringify(before.instance);
      const expected = rules.onWatchdog === 'exit' ? 1 : 0;
      return isUntouched && exits === expected && taken.effects.length === expected;
    },
  },
  {
    name: 'health is believed',
    holds: (passage) =>
      !isFact(passage, 'becameHealthy') ||
      (monitorAfter(passage) === (isToBeIntroduced(passage) ? 'poststart' : 'healthy') &&
        passage.after.instance.restarts === passage.before.instance.restarts),
  },
  {
    name: 'what becomes unhealthy is dealt with as its rule says',
    holds: (passage) => {
      if (!isFact(passage, 'becameUnhealthy')) return true;
      const exits = effectsOf(passage, 'exitEngine').length;
      if (passage.rules.onUnhealthy === 'restart') return monitorAfter(passage) === 'stopping' && exits === 0;
      return (
        monitorAfter(passage) === 'unhealthy' && exits === (passage.rules.onUnhealthy === 'exit' ? 1 : 0)
      );
    },
  },
  {
    name: 'what ends by itself, or for its health, goes where policy says',
    holds: (passage) => {
      const expected = expectedAfterEnd(passage) ?? expectedAfterSteps(passage);
      return expected === undefined || monitorAfter(passage) === expected;
    },
  },
  {
    name: 'the wait for a retry ends in one new start',
    holds: (passage) =>
      passage.before.instance.monitor !== 'backoff' ||
      !isFact(passage, 'deadlinePassed') ||
      monitorAfter(passage) === retrying(passage.rules),
  },
  {
    name: 'the way is direct: no state is entered but what ends, or is on its way',
    holds: (passage) => {
      // Each state entered disarms the deadline of the one before.
      const entered = effectsOf(passage, 'disarmDeadline').length;
      if (passage.event.type === 'decision') return entered <= 1;
      const { kind } = passage.event.fact;
      const passesThrough = [
        'exited',
        'othersVanished',
        'spawnFailed',
        'spawned',
        'stepSucceeded',
        'stepFailed',
        'becameUnhealthy',
        'rulesChanged',
      ].includes(kind);
      return entered <= (passesThrough ? 2 : 1);
    },
  },
  {
    name: 'what is under way is not begun again',
    holds: (passage) => {
      const same = monitorAfter(passage) === passage.before.instance.monitor;
      const begun = passage.taken.effects.filter(({ kind }) => kind !== 'abandonSpawn' && kind !== 'endStep');
      return !same || !isCommand(passage, 'start', 'restart', 'stop') || begun.length === 0;
    },
  },
  {
    name: 'nothing but what happened to it moves an instance',
    holds: (passage) => {
      const { monitor, desired } = passage.before.instance;
      if (passage.event.type !== 'fact' || passage.event.fact.kind !== 'exited') return true;
      if (!leavesOthers(passage) || monitor !== 'stopping') return true;
      return monitorAfter(passage) === 'stopping' && passage.after.instance.desired === desired;
    },
  },
];

function stateAfterRetry(restarts: number, passage: Passage): MonitorState {
  const { maxRestarts, backoff } = passage.rules.restart;
  if (maxRestarts !== undefined && restarts >= maxRestarts) return 'failed';
  if (isTriggeredTooOften(passage)) return 'failed';
  return backoff.baseMs === 0 && !isCrashLoop(passage) ? retrying(passage.rules) : 'backoff';
}

function isCrashLoop(passage: Passage): boolean {
  return briefLivesIn(passage) > passage.rules.maxBriefLives;
}

/** Each of them was started by a connection, or could have been. */
function isTriggeredTooOften(passage: Passage): boolean {
  const { isActivated, maxActivations } = passage.rules;
  return isActivated && briefLivesIn(passage) >= maxActivations;
}

/** In a row, the one that has just ended included. */
function briefLivesIn({ before, event }: Passage): number {
  const fact = event.type === 'fact' ? event.fact : undefined;
  if (fact?.kind === 'exited' && !fact.wasBrief) return 0;
  const hasVanished = fact?.kind === 'othersVanished' && before.instance.monitor === 'healthcheck';
  const isFailedStart = fact?.kind === 'stepFailed' && before.instance.monitor === 'preparing';
  const endsNow = fact?.kind === 'exited' || fact?.kind === 'spawnFailed' || hasVanished || isFailedStart;
  return before.instance.briefLives + (endsNow ? 1 : 0);
}

/** Nothing but a crash loop keeps what a connection starts from listening again. */
function hasEndedWell({ instance }: World, { isActivated }: Rules): boolean {
  const { outcome } = instance;
  if (!isActivated || outcome?.kind !== 'ended') return false;
  const { status, ending } = outcome;
  return ending === 'idle' || (ending === 'by-itself' && status.how === 'exited' && status.code === 0);
}

function endedAs({ instance }: World): string | undefined {
  return instance.outcome?.kind === 'ended' ? instance.outcome.ending : undefined;
}

/** SPEC section 4, once more and in other words. */
function expectedAfterEnd(passage: Passage): MonitorState | undefined {
  const { event, before, after } = passage;
  if (event.type !== 'fact' || (event.fact.kind !== 'exited' && event.fact.kind !== 'othersVanished'))
    return undefined;
  const { desired, restarts, ending, monitor } = before.instance;
  if (leavesDaemon(passage)) return 'healthcheck';
  if (leavesOthers(passage)) return 'stopping';
  if (somethingLives(after)) return monitor;
  if (hasSteps(before)) return 'stopping';
  if (hasPostExit(passage)) return 'cleaning';
  if (desired === 'down' || desired === 'killed') return 'stopped';
  if (desired === 'last') return 'stopped';
  if (desired !== 'up') return begun(desired, passage);
  const status =
    event.fact.kind === 'exited'
      ? event.fact.status
      : before.instance.outcome?.kind === 'ended'
        ? before.instance.outcome.status
        : undefined;
  if (event.fact.kind === 'othersVanished' && endedAs(before) === 'backgrounded') return 'failed';
  const wasStopped = monitor === 'stopping' && STOPPED_FOR.includes(ending);
  // It was to leave a daemon.
  const isWithoutDaemon =
    isStart(passage) || (monitor === 'healthcheck' && event.fact.kind === 'othersVanished');
  const wasIdle = endedAs(after) === 'idle';
  const failed = !wasIdle && (wasStopped || isWithoutDaemon || status?.how !== 'exited' || status.code !== 0);
  return stateByPolicy(failed, restarts, passage);
}

/** Why the engine stops what nobody has asked it to stop. */
const STOPPED_FOR: readonly string[] = [
  'unhealthy',
  'watchdog',
  'start-timeout',
  'poststart-failed',
  'overlap',
];

/** The same, if the last step that was waited for has ended after all else. */
function expectedAfterSteps(passage: Passage): MonitorState | undefined {
  const { before, rules } = passage;
  const { monitor, leader, desired, restarts, outcome, stepIndex } = before.instance;
  if (!isStepEnd(passage) || leader !== 'none' || monitor === 'preparing') return undefined;
  const isMoreDue = monitor === 'stopping' || stepIndex + 1 < rules.steps.postExit;
  if (isMoreDue && hasPostExit(passage)) return 'cleaning';
  if (desired === 'down' || desired === 'killed') return 'stopped';
  if (desired === 'last') return 'stopped';
  if (desired !== 'up') return begun(desired, passage);
  if (outcome?.kind !== 'ended') {
    const isOver = outcome === undefined || isFinal(outcome.failure, rules);
    if (rules.schedule !== undefined) return afterRun(!isOver, restarts, passage);
    return isOver ? 'failed' : stateAfterRetry(restarts, passage);
  }
  if (outcome.ending === 'backgrounded') return 'failed';
  const { status, ending } = outcome;
  const endedBadly = status.how !== 'exited' || status.code !== 0;
  const failed = STOPPED_FOR.includes(ending) || ending === 'vanished' || (ending !== 'idle' && endedBadly);
  return stateByPolicy(failed, restarts, passage);
}

/** What has a schedule never ends for good: at most a failure that may heal is tried again before the next time. */
function afterRun(mayHeal: boolean, restarts: number, passage: Passage): MonitorState {
  const { policy } = passage.rules.restart;
  if (passage.before.instance.isRunDue) return 'waiting';
  const next = policy === 'on-failure' && mayHeal ? stateAfterRetry(restarts, passage) : 'scheduled';
  return next === 'failed' ? 'scheduled' : next;
}

function stateByPolicy(failed: boolean, restarts: number, passage: Passage): MonitorState {
  if (passage.rules.schedule !== undefined) return afterRun(failed, restarts, passage);
  if (passage.rules.isActivated && !failed) {
    const wasIdle = endedAs(passage.after) === 'idle' || passage.before.instance.ending === 'idle';
    if (isTriggeredTooOften(passage) && !wasIdle) return 'failed';
    return isCrashLoop(passage) ? 'backoff' : 'listening';
  }
  switch (passage.rules.restart.policy) {
    case 'no':
      return failed ? 'failed' : 'completed';
    case 'on-failure':
      return failed ? stateAfterRetry(restarts, passage) : 'completed';
    default:
      return stateAfterRetry(restarts, passage);
  }
}

/** @returns the worlds from which, with no further command, no resting place can be reached. */
export function unsettled({ worlds, factsInto }: Exploration): readonly World[] {
  const reaches = new Set([...worlds].filter(([, world]) => isAtRest(world)).map(([key]) => key));
  // A Set iterates over what is added while it is iterated over.
  for (const key of reaches) for (const earlier of factsInto.get(key) ?? []) reaches.add(earlier);
  return [...worlds].filter(([key]) => !reaches.has(key)).map(([, world]) => world);
}

function isAtRest({ instance }: World): boolean {
  const restingPlaces: Readonly<Record<string, readonly MonitorState[]>> = {
    up: ['healthy', 'unhealthy', 'listening', 'scheduled'],
    down: ['idle', 'stopped'],
    killed: ['idle', 'stopped'],
    resting: ['completed'],
    givenUp: ['failed'],
  };
  return restingPlaces[instance.desired]?.includes(instance.monitor) ?? false;
}
