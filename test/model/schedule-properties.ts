/** What must hold of what runs by a schedule. */

import type { DesiredState, MonitorState } from '../../src/lifecycle/states.ts';
import type { Property } from './properties.ts';
import { countsTime, type Passage } from './world.ts';

const isFact = ({ event }: Passage, kind: string): boolean =>
  event.type === 'fact' && event.fact.kind === kind;
const isRun = ({ event }: Passage): boolean => event.type === 'decision' && event.decision.kind === 'run';
const skips = ({ taken }: Passage): readonly string[] =>
  taken.effects.flatMap((effect) => (effect.kind === 'skipRun' ? [effect.because] : []));
/** Of one that is under way, also what is to come of it. */
const UNDER_WAY: readonly MonitorState[] = ['preparing', 'starting', 'running', 'stopping', 'cleaning'];
const TO_COME: readonly MonitorState[] = ['waiting', 'blocked'];
const DOWN: readonly DesiredState[] = ['down', 'killed'];
const ONCE: readonly DesiredState[] = ['once', 'last'];
/** A new incarnation is coming that will do for it. */
const KEPT: readonly DesiredState[] = ['restart', 'once', 'last'];
const unchanged = ({ before, after, taken }: Passage): boolean =>
  JSON.stringify(before.instance) === JSON.stringify(after.instance) &&
  taken.effects.every(({ kind }) => kind === 'skipRun');

export const SCHEDULE_PROPERTIES: readonly Property[] = [
  {
    name: 'only what has a schedule waits for its time, and it never ends for good',
    holds: (passage) => {
      const { after, rules } = passage;
      const { monitor } = after.instance;
      if (rules.schedule === undefined) return monitor !== 'scheduled' && !after.instance.isRunDue;
      // What a reload finds failed it restarts, see the model of reloads.
      return monitor !== 'completed' && (monitor !== 'failed' || isFact(passage, 'rulesChanged'));
    },
  },
  {
    name: 'while it waits for its time, its times are watched for',
    holds: ({ after, rules }) => after.instance.monitor !== 'scheduled' || countsTime(after, rules),
  },
  {
    name: 'a run that is due begins, unless another one is under way or to come',
    holds: (passage) => {
      if (!isFact(passage, 'due')) return true;
      const { before, after } = passage;
      const { monitor } = before.instance;
      if (UNDER_WAY.includes(monitor) || TO_COME.includes(monitor)) return true;
      return after.instance.monitor === 'waiting' && after.instance.restarts === 0;
    },
  },
  {
    name: 'a run that is due while another one is to come is skipped',
    holds: (passage) => {
      if (!isFact(passage, 'due') || !TO_COME.includes(passage.before.instance.monitor)) return true;
      return unchanged(passage) && skips(passage).join() === 'waiting';
    },
  },
  {
    name: 'with overlap = skip, a run that is due while another one is under way changes nothing',
    holds: (passage) => {
      const { before, rules } = passage;
      if (!isFact(passage, 'due') || !UNDER_WAY.includes(before.instance.monitor)) return true;
      if (rules.schedule?.overlap !== 'skip') return true;
      return unchanged(passage) && skips(passage).join() === 'running';
    },
  },
  {
    name: 'with overlap = queue or kill, it is queued, once',
    holds: (passage) => {
      const { before, after, rules } = passage;
      if (!isFact(passage, 'due') || !UNDER_WAY.includes(before.instance.monitor)) return true;
      if (rules.schedule?.overlap === 'skip') return true;
      if (before.instance.isRunDue) return unchanged(passage) && skips(passage).join() === 'queued';
      return after.instance.isRunDue && skips(passage).length === 0;
    },
  },
  {
    name: 'with overlap = kill alone, the run that is under way is ended for it',
    holds: (passage) => {
      const { before, after, rules } = passage;
      if (!isFact(passage, 'due') || before.instance.isRunDue) return true;
      const { monitor } = before.instance;
      const isKill = rules.schedule?.overlap === 'kill';
      if (monitor === 'running')
        return isKill
          ? after.instance.monitor === 'stopping' && after.instance.ending === 'overlap'
          : after.instance.monitor === 'running';
      if (monitor === 'preparing')
        return after.step === (isKill ? 'asked' : before.step) || before.step !== 'running';
      return !UNDER_WAY.includes(monitor) || after.instance.monitor === monitor;
    },
  },
  {
    name: 'a run is skipped only when one is due',
    holds: (passage) => skips(passage).length === 0 || isFact(passage, 'due'),
  },
  {
    name: 'a queued run stays queued until the one before is over, and goes with a stop',
    holds: (passage) => {
      const { before, after } = passage;
      if (DOWN.includes(after.instance.desired)) return !after.instance.isRunDue;
      if (!before.instance.isRunDue) return !after.instance.isRunDue || isFact(passage, 'due');
      const { monitor } = after.instance;
      return after.instance.isRunDue ? UNDER_WAY.includes(monitor) : monitor === 'waiting';
    },
  },
  {
    name: 'a run that somebody asks for begins at once, or is under way',
    holds: (passage) => {
      if (!isRun(passage)) return true;
      const { before, after } = passage;
      const { monitor } = before.instance;
      if (UNDER_WAY.includes(monitor) || TO_COME.includes(monitor))
        return after.instance.monitor === monitor && passage.taken.effects.length === 0;
      return after.instance.monitor === 'waiting';
    },
  },
  {
    name: 'a run that is asked for leaves a schedule counting or stopped, as it was',
    holds: (passage) => {
      if (!isRun(passage)) return true;
      const { before, after } = passage;
      const wasStopped = DOWN.includes(before.instance.desired) || ONCE.includes(before.instance.desired);
      return ONCE.includes(after.instance.desired) === wasStopped;
    },
  },
  {
    name: 'a run that is asked for on the way to another one is kept in mind',
    holds: (passage) => {
      if (!isRun(passage)) return true;
      const { monitor } = passage.after.instance;
      const { desired } = passage.before.instance;
      if (monitor === 'running' || !UNDER_WAY.includes(monitor)) return true;
      const asked = DOWN.includes(desired) ? 'once' : KEPT.includes(desired) ? desired : 'run';
      return passage.after.instance.desired === asked;
    },
  },
  {
    name: 'only policy changes what is wanted of what is up, and nothing that of what is down',
    holds: ({ before, after, event }) => {
      const { desired } = before.instance;
      if (event.type === 'decision') return true;
      if (DOWN.includes(desired)) return after.instance.desired === desired;
      return desired !== 'up' || ['up', 'resting', 'givenUp'].includes(after.instance.desired);
    },
  },
  {
    name: 'a run of a stopped schedule is the last, and only a command makes it count again',
    holds: (passage) => {
      const { before, after, event } = passage;
      const { desired } = before.instance;
      if (!ONCE.includes(desired) || event.type === 'decision') return true;
      if (after.instance.monitor === 'stopped')
        return desired === 'last' && after.instance.desired === 'down';
      if (desired === 'once' && ['waiting', 'running'].includes(after.instance.monitor))
        return after.instance.desired === 'last';
      return after.instance.desired === desired;
    },
  },
  {
    name: 'a run that was asked for while one was being stopped begins when that is over',
    holds: (passage) => {
      const { before, after, event } = passage;
      if (before.instance.desired !== 'once' && before.instance.desired !== 'run') return true;
      if (event.type === 'decision') return true;
      const { monitor, desired } = after.instance;
      if (monitor === 'waiting') return desired === (before.instance.desired === 'run' ? 'up' : 'last');
      return UNDER_WAY.includes(monitor);
    },
  },
  {
    name: 'restarts and lives that were brief are counted for each run by itself',
    holds: ({ after, rules }) =>
      rules.schedule === undefined ||
      after.instance.monitor !== 'scheduled' ||
      (after.instance.restarts === 0 && after.instance.briefLives === 0),
  },
];
