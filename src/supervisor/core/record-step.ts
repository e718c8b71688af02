/** What an event about one instance comes to: through the lifecycle, and what follows from that. */

import type { ProcessConfig } from '../../config/resolved-config.ts';
import { assertNever } from '../../errors.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import type { Activity, Effect } from '../../lifecycle/effects.ts';
import type { Fact, LifecycleEvent } from '../../lifecycle/events.ts';
import type { Instance } from '../../lifecycle/instance.ts';
import { type DesiredState, hasArrived, isAtWork } from '../../lifecycle/states.ts';
import { step as stepInstance } from '../../lifecycle/step.ts';
import { reportFact } from '../events/reports.ts';
import { factAbout, needsOf } from '../world/dependencies.ts';
import {
  type Change,
  configured,
  type Draft,
  followsSchedule,
  hasEndedForGood,
  type InstanceRecord,
  isWaiting,
  rulesOf,
  subjectOf,
} from '../world/instance-record.ts';
import type { Evidence, WorldEffect, WorldEvent } from '../world/world-event.ts';
import { reportDue, runsAfter, scheduleEffects } from './schedule-step.ts';
import type { Circumstances, Known, Of, RecordEvent, Step } from './step-types.ts';
import { isWatch, watchOf } from './watching.ts';

/** A step of one instance. */
export class RecordStep {
  readonly #known: Known;
  readonly #circumstances: Circumstances;
  readonly #record: InstanceRecord;
  readonly #draft: Draft;
  readonly #effects: WorldEffect[] = [];
  readonly #next: WorldEvent[] = [];

  constructor(known: Known, record: InstanceRecord, circumstances: Circumstances) {
    this.#known = known;
    this.#circumstances = circumstances;
    this.#record = record;
    this.#draft = { ...record };
  }

  take(event: RecordEvent): Step {
    const draft = this.#draft;
    switch (event.type) {
      case 'fact':
        this.#fact(event);
        break;
      case 'decision':
        draft.wanted = event.wanted;
        draft.activatedBy = undefined;
        this.#apply({ type: 'decision', decision: { kind: event.kind } }, event.causedBy);
        break;
      case 'reconsider':
        if (this.#consider(event.causedBy)) this.#note({ from: undefined, cause: event.causedBy });
        break;
      case 'configure':
        this.#configure(event);
        break;
      case 'noticed':
        Object.assign(draft, event.notice);
        if (event.isShown) this.#note({ from: undefined, cause: undefined });
        break;
      case 'reloadProgram':
        this.#reloadProgram(event.causedBy);
        break;
      case 'extend':
        this.#extend(event.ms);
        break;
      case 'planned':
        draft.nextRunAt = event.nextRunAt;
        this.#note({ from: undefined, cause: undefined });
        break;
      default:
        assertNever(event, 'event');
    }
    this.#effects.push(...scheduleEffects(this.#record, draft));
    if (!followsSchedule(draft)) draft.nextRunAt = undefined;
    return { records: [draft], effects: this.#effects, next: this.#next };
  }

  #fact({ fact, evidence, causedBy }: Of<'fact'>): void {
    const draft = this.#draft;
    // Several changes in one turn may have come to the same, or to the opposite.
    if (isOnDependencies(fact) && this.#look()?.kind !== fact.kind) return;
    if (fact.kind === 'spawned' || fact.kind === 'spawnFailed') draft.spawning = undefined;
    if (evidence?.life !== undefined) {
      Object.assign(draft, evidence.life);
      draft.spawnedAt = this.#circumstances.now;
      draft.spawnedWall = this.#circumstances.wall;
    }
    if (evidence?.left !== undefined) draft.left = evidence.left;
    if (fact.kind === 'connectionCame') draft.activatedBy = fact.socket;
    this.#apply({ type: 'fact', fact }, causedBy, evidence);
  }

  #configure({ process }: Of<'configure'>): void {
    const draft = this.#draft;
    const before = draft.process;
    Object.assign(draft, configured(draft, process));
    if (watchedOf(before) !== watchedOf(process)) this.#watchAnew();
    this.#effects.push({ kind: 'updateOutput', key: draft.key });
    this.#note({ from: undefined, cause: undefined });
    this.#apply({ type: 'fact', fact: { kind: 'rulesChanged' } }, draft.lastEvent);
  }

  /** One that does not run reads its configuration when it starts. */
  #reloadProgram(causedBy: number | undefined): void {
    const { key, machine, process } = this.#draft;
    if (!isAtWork(machine.monitor)) return;
    if (process.reload !== undefined)
      this.#apply({ type: 'fact', fact: { kind: 'reloadRequested' } }, causedBy);
    else if (process.reloadSignal !== undefined)
      this.#effects.push({ kind: 'reloadSignal', key, signal: process.reloadSignal, causedBy });
  }

  /** @param causedBy id of the event that caused this one; events that follow from it get it too. */
  #apply(event: LifecycleEvent, causedBy: number | undefined, evidence?: Evidence): void {
    const draft = this.#draft;
    const before = draft.machine;
    const { next, effects } = stepInstance(before, event, draft.rules);
    draft.machine = next;
    if (next.desired !== before.desired && isPolicys(next.desired))
      draft.wanted = { ...draft.wanted, by: 'policy' };
    const reported =
      event.type === 'fact' ? this.#report(event.fact, effects, causedBy, evidence) : undefined;
    const cause = reported ?? causedBy;
    for (const effect of effects) this.#follow(effect, cause);
    this.#keepUp(before, cause);
  }

  #report(
    fact: Fact,
    effects: readonly Effect[],
    causedBy: number | undefined,
    evidence: Evidence | undefined,
  ): number | undefined {
    const { events } = this.#circumstances;
    if (fact.kind === 'due') return reportDue(this.#draft, evidence?.due, effects, events);
    return reportFact(this.#draft, fact, causedBy, this.#circumstances, events);
  }

  /** What an effect changes in the record, and what it leaves to be done. */
  #follow(effect: Effect, causedBy: number | undefined): void {
    const draft = this.#draft;
    const { key } = draft;
    switch (effect.kind) {
      case 'spawn':
        this.#release();
        draft.lastSignal = undefined;
        draft.statusText = undefined;
        draft.left = [];
        this.#effects.push({ ...effect, key, causedBy });
        break;
      case 'abandonSpawn':
        this.#effects.push({ ...effect, key });
        break;
      case 'endStep':
        this.#effects.push({ ...effect, key });
        break;
      case 'runStep':
      case 'signal':
        this.#effects.push({ ...effect, key, causedBy });
        break;
      case 'armDeadline':
        this.#arm(effect);
        break;
      case 'disarmDeadline':
        if (draft.deadline !== undefined) this.#effects.push({ kind: 'stopTimer', key });
        draft.deadline = undefined;
        break;
      case 'beginActivity':
        draft.begun += 1;
        draft.activity = { kind: effect.activity, number: draft.begun };
        this.#begin(effect.activity, causedBy);
        break;
      case 'endActivity':
        this.#endActivity();
        break;
      case 'skipRun':
        this.#circumstances.events.emit(
          'run_skipped',
          { because: effect.because },
          subjectOf(draft),
          causedBy,
        );
        break;
      case 'exitEngine': {
        const reason = `${draft.name} is unhealthy: ${draft.healthReason ?? 'its health check failed'}`;
        const verdict = { code: EXIT_CODES.unhealthy, reason, causedBy };
        this.#effects.push({ kind: 'endContainer', verdict });
        break;
      }
      case 'reportImpossible': {
        const message = `impossible event for ${draft.name}: ${effect.what}`;
        this.#effects.push({ kind: 'reportFault', message });
        break;
      }
      default:
        assertNever(effect, 'effect');
    }
  }

  #arm({ afterMs, from, spread }: Extract<Effect, { kind: 'armDeadline' }>): void {
    const draft = this.#draft;
    const { now, chance } = this.#circumstances;
    const goneMs = from === 'spawn' ? now - draft.spawnedAt : 0;
    this.#setDeadline(Math.max(0, afterMs * (1 + spread * (2 * chance - 1)) - goneMs));
  }

  /** Without a deadline nothing is to be extended. */
  #extend(ms: number): void {
    const { deadline, machine } = this.#draft;
    const isLimited = machine.monitor === 'healthcheck' || machine.monitor === 'stopping';
    const at = this.#circumstances.now + ms;
    if (deadline !== undefined && isLimited && at > deadline.at) this.#setDeadline(ms);
  }

  #setDeadline(afterMs: number): void {
    const draft = this.#draft;
    draft.begun += 1;
    draft.deadline = { number: draft.begun, at: this.#circumstances.now + afterMs, afterMs };
    this.#effects.push({ kind: 'startTimer', key: draft.key, number: draft.begun, afterMs });
  }

  #begin(activity: Activity, causedBy: number | undefined): void {
    switch (activity) {
      case 'awaitDependencies':
        this.#consider(causedBy);
        break;
      case 'awaitConnection':
        this.#draft.activatedBy = undefined;
        this.#watch();
        break;
      case 'watchReadiness':
      case 'watchLiveness':
        this.#watch();
        break;
      default:
        assertNever(activity, 'activity');
    }
  }

  #endActivity(): void {
    const draft = this.#draft;
    if (isWatch(draft.activity?.kind)) this.#effects.push({ kind: 'endWatch', key: draft.key });
    draft.activity = undefined;
    draft.waitingFor = [];
    draft.blockedBy = [];
  }

  #watch(): void {
    const effect = watchOf(this.#draft);
    if (effect !== undefined) this.#effects.push(effect);
  }

  /** What is watched changed: the same work once more. */
  #watchAnew(): void {
    const draft = this.#draft;
    const kind = draft.activity?.kind;
    if (kind === undefined || !isWatch(kind)) return;
    this.#endActivity();
    draft.begun += 1;
    draft.activity = { kind, number: draft.begun };
    this.#watch();
  }

  /** @returns whether it waits for something else now. */
  #consider(causedBy: number | undefined): boolean {
    const { waitingFor, activity, machine, key } = this.#draft;
    const fact = this.#look();
    const about = { incarnation: machine.incarnation, ...(activity && { activity: activity.number }) };
    if (fact !== undefined) this.#next.push({ type: 'fact', key, fact, about, causedBy });
    return this.#draft.waitingFor.join() !== waitingFor.join();
  }

  /** Looks what it waits for now. @returns the fact that follows. */
  #look(): Fact | undefined {
    const draft = this.#draft;
    draft.predecessors = draft.predecessors.filter((before) => this.#known.isLeft(before));
    if (!isWaiting(draft)) return undefined;
    const needs = needsOf(draft.process.dependsOn, (process) => this.#known.of(process));
    const leaving = this.#known.predecessorsOf(draft).map(({ name }) => `${name} to stop`);
    const missing = [...needs.missing, ...leaving];
    draft.waitingFor = missing;
    draft.blockedBy = needs.impossible;
    return factAbout({ ...needs, missing }, draft.machine.monitor);
  }

  /** What follows from a changed machine, beside its effects. */
  #keepUp(before: Instance, cause: number | undefined): void {
    const draft = this.#draft;
    const { machine, family, key } = draft;
    const { now, wall } = this.#circumstances;
    if (machine.restarts > before.restarts) draft.totalRestarts += 1;
    if (machine.incarnation > before.incarnation) draft.begunAt = now;
    draft.runs = runsAfter(draft, before, this.#circumstances);
    if (before.leader !== 'dead' && machine.leader === 'dead') {
      this.#effects.push({ kind: 'awaitLeftovers', key });
      if (machine.monitor === 'healthcheck') this.#effects.push({ kind: 'seekDaemon', key });
    }
    if (before.leader === 'dead' && machine.leader === 'alive') this.#lead(cause);
    if (machine.leader === 'none' && hasRun(before) && machine.monitor !== 'starting')
      this.#effects.push({ kind: 'endSelfReports', key });
    if (machine.leader === 'none' && before.leader !== 'none') {
      this.#effects.push({ kind: 'leaveLeftovers', key });
      if (family !== undefined) this.#effects.push({ kind: 'letDaemonsGo', key, family });
      draft.pid = undefined;
      draft.startTime = undefined;
    }
    if (machine.monitor === before.monitor && machine.incarnation === before.incarnation) return;
    if (machine.monitor === 'healthy' && family !== undefined)
      this.#effects.push({ kind: 'remember', key, family });
    if (draft.begunWith !== undefined) {
      draft.begunWith = undefined;
      draft.rules = rulesOf(draft.process);
    }
    draft.enteredAt = now;
    draft.enteredWall = wall;
    draft.hasBeenReady ||= hasArrived('start', machine.monitor);
    draft.restedAt = hasEndedForGood(draft) ? now : undefined;
    const wasAlive = before.leader === 'alive';
    this.#note({ from: { state: before.monitor, incarnation: before.incarnation, wasAlive }, cause });
  }

  /** The daemon that was sought is found. */
  #lead(cause: number | undefined): void {
    this.#effects.push({ kind: 'leaveLeftovers', key: this.#draft.key });
    this.#draft.healthReason = undefined;
    this.#watchAnew();
    this.#note({ from: undefined, cause });
  }

  #note({ from, cause }: Change): void {
    const { change } = this.#draft;
    this.#draft.change = { from: change?.from ?? from, cause: cause ?? change?.cause };
  }

  #release(): void {
    const { key, family } = this.#draft;
    if (family !== undefined) this.#effects.push({ kind: 'release', key, family });
    this.#draft.family = undefined;
  }
}

/** Or was about to. */
function hasRun({ leader, monitor }: Instance): boolean {
  return leader !== 'none' || monitor === 'starting';
}

function isOnDependencies({ kind }: Fact): boolean {
  return kind === 'dependenciesReady' || kind === 'dependenciesFailed' || kind === 'dependenciesRevived';
}

/** What the work of a state goes by. */
function watchedOf({ type, health, sockets, activation }: ProcessConfig): string {
  return JSON.stringify([type, health, activation, activation && sockets]);
}

/** What nobody but policy decides. */
function isPolicys(desired: DesiredState): boolean {
  return desired === 'resting' || desired === 'givenUp';
}
