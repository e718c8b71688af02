/**
 * One step of all that the engine knows: from the world and an event to the values that records have after it, and to what
 * is to be done. Nothing is changed here and nothing outside is asked: the moment and chance come with the event. What is
 * reported goes out by the way, since the id of a report is the cause of what comes after it.
 */

import { stepEngine } from '../../lifecycle/engine.ts';
import { followsSchedule, type InstanceRecord, isPresent } from '../world/instance-record.ts';
import type { WorldEvent } from '../world/world-event.ts';
import { RecordStep } from './record-step.ts';
import { resume } from './resume-step.ts';
import { beginRollout, endRollouts, rollOn } from './rollout-step.ts';
import { fitToSettings, followReload } from './settings-step.ts';
import type { Circumstances, Known, Of, RecordEvent, Step } from './step-types.ts';
import { TurnEnd } from './turn-end.ts';

export function step(known: Known, event: WorldEvent, circumstances: Circumstances): Step {
  switch (event.type) {
    case 'resumed':
      return resume(known, circumstances);
    case 'configured':
      return fitToSettings(known, event, circumstances);
    case 'reloaded':
      return followReload(known, event, circumstances);
    case 'rollout':
      return beginRollout(known, event, circumstances);
    case 'rollOn':
      return rollOn(known, circumstances);
    case 'turnEnded':
      return new TurnEnd(known, circumstances).step();
    case 'engine':
      return stepOfEngine(known, event, circumstances);
    default: {
      const record = known.byKey(event.key);
      if (record === undefined || !isAboutNow(known, record, event)) return NOTHING;
      return new RecordStep(known, record, circumstances).take(event);
    }
  }
}

const NOTHING: Step = { records: [], effects: [], next: [] };

function isAboutNow({ world }: Known, record: InstanceRecord, event: RecordEvent): boolean {
  switch (event.type) {
    case 'fact':
      // Nothing new begins while the engine stops.
      if (event.fact.kind === 'due' && (world.engine.phase !== 'running' || !followsSchedule(record)))
        return false;
      return isPresent(record, event.about);
    case 'noticed':
    case 'extend':
      return isPresent(record, { incarnation: event.incarnation });
    default:
      return true;
  }
}

function stepOfEngine(known: Known, { fact, verdict }: Of<'engine'>, circumstances: Circumstances): Step {
  const { phase, shutdown } = known.world.engine;
  const next = stepEngine(phase, fact);
  if (next === undefined) throw new Error(`impossible for the engine: ${fact} while ${phase}`);
  const effects = next.effects.map((effect) => ({ kind: 'engine', effect }) as const);
  const begins = verdict !== undefined && next.effects.includes('announce');
  if (!begins) return { ...NOTHING, engine: { phase: next.phase, shutdown }, effects };
  const fields = { reason: verdict.reason, exit_code: verdict.code };
  const event = circumstances.events.emit('engine_draining', fields, {}, verdict.causedBy);
  const engine = { phase: next.phase, shutdown: { verdict, startedAt: circumstances.now, event } };
  endRollouts(known, circumstances);
  return { ...NOTHING, engine, effects, rollouts: [] };
}
