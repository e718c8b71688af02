/** What must hold of the steps around a life, and of the commands among its stop signals. */

import type { Effect, StepStage } from '../../src/lifecycle/effects.ts';
import type { MonitorState } from '../../src/lifecycle/states.ts';
import type { Property } from './properties.ts';
import type { Passage } from './world.ts';

type RunStep = Extract<Effect, { kind: 'runStep' }>;

const runs = ({ taken }: Passage): readonly RunStep[] =>
  taken.effects.filter((effect) => effect.kind === 'runStep');
const ends = ({ taken }: Passage): readonly Effect[] =>
  taken.effects.filter((effect) => effect.kind === 'endStep');
const isFact = ({ event }: Passage, kind: string): boolean =>
  event.type === 'fact' && event.fact.kind === kind;
const isStepEnd = (passage: Passage): boolean =>
  isFact(passage, 'stepSucceeded') || isFact(passage, 'stepFailed');

/** The states that a step belongs to. */
const OWNERS: Readonly<Record<StepStage, readonly MonitorState[]>> = {
  preStart: ['preparing'],
  postStart: ['poststart'],
  reload: ['running', 'healthy', 'unhealthy'],
  stop: ['stopping'],
  postExit: ['cleaning'],
};
const ONLY_STEPS: readonly MonitorState[] = ['preparing', 'poststart', 'cleaning'];
const RESTS: readonly MonitorState[] = ['waiting', 'scheduled', 'backoff', 'completed', 'failed', 'stopped'];
const LIVES: readonly MonitorState[] = [
  'preparing',
  'starting',
  'healthcheck',
  'running',
  'poststart',
  'healthy',
  'unhealthy',
  'stopping',
];

export const STEP_PROPERTIES: readonly Property[] = [
  {
    name: 'what the machine knows of its step is so',
    holds: ({ after }) => {
      const known = { none: 'none', running: 'running', ending: 'asked', killed: 'killed' } as const;
      return known[after.instance.step] === after.step;
    },
  },
  {
    name: 'one step runs at a time, and only once the one before is gone',
    holds: (passage) => {
      const wasFree = passage.before.step === 'none' || isStepEnd(passage);
      return runs(passage).length <= (wasFree ? 1 : 0);
    },
  },
  {
    name: 'a step runs only in its state, and ends with it',
    holds: ({ after }) =>
      after.step !== 'running' ||
      (after.stage !== undefined && OWNERS[after.stage].includes(after.instance.monitor)),
  },
  {
    name: 'no step outlives its state but in stopping, where its end is awaited',
    holds: ({ after }) => {
      const { monitor } = after.instance;
      if (ONLY_STEPS.includes(monitor)) return after.step !== 'none';
      return after.step === 'none' || monitor === 'stopping' || OWNERS.reload.includes(monitor);
    },
  },
  {
    name: 'a step is asked to end once, and killed once patience is over',
    holds: (passage) => {
      const { before, event } = passage;
      const isKill = event.type === 'decision' && event.decision.kind === 'kill';
      if (isKill && before.step !== 'none') return passage.after.step === 'killed';
      if (passage.after.step === 'killed') return before.step === 'killed' && ends(passage).length === 0;
      return ends(passage).length === (passage.after.step === 'asked' && before.step === 'running' ? 1 : 0);
    },
  },
  {
    name: 'a step is not ended but with its state, by a wish, or when its stage is over',
    holds: (passage) => {
      const { before, after, event } = passage;
      if (ends(passage).length === 0) return true;
      if (event.type === 'decision') return event.decision.kind !== 'start' && event.decision.kind !== 'run';
      const isLeft = before.instance.monitor !== after.instance.monitor;
      return (
        isLeft ||
        isFact(passage, 'deadlinePassed') ||
        isFact(passage, 'exited') ||
        (isFact(passage, 'due') && passage.rules.schedule?.overlap === 'kill')
      );
    },
  },
  {
    name: 'a stop or a restart ends the steps before a start at once',
    holds: ({ event, before, after }) =>
      before.instance.monitor !== 'preparing' ||
      event.type !== 'decision' ||
      event.decision.kind === 'start' ||
      event.decision.kind === 'run' ||
      after.step === 'asked' ||
      after.step === 'killed',
  },
  {
    name: 'only its own end leads on from a state of steps without a program',
    holds: (passage) => {
      const { monitor } = passage.before.instance;
      if (monitor !== 'preparing' && monitor !== 'cleaning') return true;
      return isStepEnd(passage) || passage.after.instance.monitor === monitor;
    },
  },
  {
    name: 'steps run in order, the next when the one before has ended well',
    holds: (passage) => {
      const { before, after } = passage;
      return runs(passage).every(({ stage, index }) => {
        if (stage === 'reload' || stage === 'stop') return true;
        if (after.instance.stepIndex !== index) return false;
        if (index === 0) return before.instance.monitor !== after.instance.monitor;
        const isNext = before.instance.stepIndex === index - 1 && before.stage === stage;
        return isNext && (isFact(passage, 'stepSucceeded') || (stage === 'postExit' && isStepEnd(passage)));
      });
    },
  },
  {
    name: 'a program starts only after all steps before it have ended well',
    holds: (passage) => {
      const { before, rules, taken } = passage;
      const spawns = taken.effects.some(({ kind }) => kind === 'spawn');
      if (!spawns || rules.steps.preStart === 0) return true;
      const isLast = before.instance.stepIndex === rules.steps.preStart - 1;
      return isFact(passage, 'stepSucceeded') && before.stage === 'preStart' && isLast;
    },
  },
  {
    name: 'when the last step before it has ended well, the program starts',
    holds: (passage) => {
      const { before, after, rules } = passage;
      if (before.instance.monitor !== 'preparing' || !isFact(passage, 'stepSucceeded')) return true;
      const isLast = before.instance.stepIndex === rules.steps.preStart - 1;
      return after.instance.monitor === (isLast ? 'starting' : 'preparing');
    },
  },
  {
    name: 'a start whose step has failed has failed with it',
    holds: ({ event, before, after, rules }) => {
      if (before.instance.monitor !== 'preparing' || event.type !== 'fact') return true;
      if (event.fact.kind !== 'stepFailed') return true;
      const { outcome, briefLives, incarnation } = after.instance;
      const isKnown = outcome?.kind === 'notStarted' && outcome.failure === event.fact.failure;
      // The next run of a schedule is no restart.
      const isNextRun =
        rules.schedule !== undefined && !['backoff', 'cleaning', 'stopped'].includes(after.instance.monitor);
      const isCounted = isNextRun || briefLives === Math.min(before.instance.briefLives + 1, 2);
      return isKnown && isCounted && incarnation === before.instance.incarnation;
    },
  },
  {
    name: 'it is healthy only after the steps after its start have ended well',
    holds: ({ after, rules }) =>
      after.instance.monitor !== 'healthy' || rules.steps.postStart === 0 || after.instance.isIntroduced,
  },
  {
    name: 'the steps after a start are run once, and the last makes it healthy',
    holds: (passage) => {
      const { before, after, rules } = passage;
      if (before.instance.monitor !== 'poststart' || !isFact(passage, 'stepSucceeded')) {
        const isKept = after.instance.isIntroduced === before.instance.isIntroduced;
        return isKept || !['healthy', 'unhealthy'].includes(after.instance.monitor);
      }
      const isLast = before.instance.stepIndex === rules.steps.postStart - 1;
      if (!isLast) return after.instance.monitor === 'poststart' && !after.instance.isIntroduced;
      return after.instance.monitor === 'healthy' && after.instance.isIntroduced;
    },
  },
  {
    name: 'a failed step after the start stops the program, and that counts as a failure',
    holds: (passage) => {
      const { before, after } = passage;
      if (before.instance.monitor !== 'poststart' || !isFact(passage, 'stepFailed')) return true;
      return after.instance.monitor === 'stopping' && after.instance.ending === 'poststart-failed';
    },
  },
  {
    name: 'steps after its end run after every incarnation but one that is killed',
    holds: ({ before, after, rules }) => {
      const hasEnded = LIVES.includes(before.instance.monitor) && RESTS.includes(after.instance.monitor);
      return (
        !hasEnded ||
        rules.steps.postExit === 0 ||
        after.instance.desired === 'killed' ||
        before.instance.desired === 'killed'
      );
    },
  },
  {
    name: 'what is killed runs no steps after its end',
    holds: (passage) =>
      passage.after.instance.desired !== 'killed' || runs(passage).every(({ stage }) => stage !== 'postExit'),
  },
  {
    name: 'a stop command runs at its stage, while the program lives',
    holds: (passage) => {
      const { after, rules } = passage;
      const isRight = runs(passage).every(
        ({ stage, index }) =>
          stage !== 'stop' ||
          (rules.stop[index]?.kind === 'command' && after.leaderAlive && after.instance.stopStage === index),
      );
      const { stopStage, monitor } = after.instance;
      const isAtCommand =
        monitor === 'stopping' && typeof stopStage === 'number' && rules.stop[stopStage]?.kind === 'command';
      return isRight && (!isAtCommand || !after.leaderAlive || after.step !== 'none');
    },
  },
  {
    name: 'a program that has ended leaves its stop command the time of its stage',
    holds: (passage) => {
      const { before, after } = passage;
      if (before.instance.monitor !== 'stopping' || !isFact(passage, 'exited')) return true;
      if (after.leaderAlive || after.othersAlive || before.stage !== 'stop') return true;
      return after.step === before.step && after.deadline === (before.step === 'running');
    },
  },
  {
    name: 'a request to read the configuration again is carried out once it can be, and no oftener',
    holds: (passage) => {
      const { before, after, rules } = passage;
      const { monitor } = after.instance;
      const isWaiting = after.instance.isReloadDue;
      const hasStarted =
        monitor !== 'unhealthy' || rules.steps.postStart === 0 || after.instance.isIntroduced;
      const isDue = isWaiting && hasStarted && OWNERS.reload.includes(monitor);
      if (isDue && after.step === 'none') return false;
      const isAsked = before.instance.isReloadDue || isFact(passage, 'reloadRequested');
      const begun = runs(passage).filter(({ stage }) => stage === 'reload').length;
      if (begun > 0) return isAsked && !isWaiting;
      const lives = after.instance.leader === 'alive' && monitor !== 'stopping';
      return isWaiting === (isAsked && lives);
    },
  },
  {
    name: 'a request to read the configuration again changes nothing else',
    holds: (passage) => {
      if (!isFact(passage, 'reloadRequested')) return true;
      const rest = ({ step, isReloadDue, ...others }: Passage['after']['instance']): string =>
        JSON.stringify(others);
      return rest(passage.before.instance) === rest(passage.after.instance);
    },
  },
  {
    name: 'the end of that command changes nothing else',
    holds: (passage) => {
      const { before, after } = passage;
      if (!isStepEnd(passage) || !OWNERS.reload.includes(before.instance.monitor)) return true;
      return after.instance.monitor === before.instance.monitor && after.deadline === before.deadline;
    },
  },
];
