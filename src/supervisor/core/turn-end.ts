/** What is reported, and what follows, once nothing is left in the queue of a turn. */

import { reportState } from '../events/reports.ts';
import { verdictOnAllDone, verdictOnEnd } from '../world/exit-verdict.ts';
import { type Draft, type InstanceRecord, isAtRest, isBlocked, isWaiting } from '../world/instance-record.ts';
import { endedBadly, reasonFor } from '../world/reasons.ts';
import type { WorldEffect, WorldEvent } from '../world/world-event.ts';
import type { Circumstances, Known, Step } from './step-types.ts';

/** Reports each record's state after a turn once, even if it passed through several states. */
export class TurnEnd {
  readonly #known: Known;
  readonly #circumstances: Circumstances;
  readonly #drafts: Draft[] = [];
  readonly #gone: string[] = [];
  readonly #effects: WorldEffect[] = [];
  readonly #next: WorldEvent[] = [];

  constructor(known: Known, circumstances: Circumstances) {
    this.#known = known;
    this.#circumstances = circumstances;
  }

  step(): Step {
    for (const key of this.#known.world.changed) {
      const record = this.#known.byKey(key);
      if (record !== undefined) this.#conclude({ ...record });
    }
    const hasEnd = this.#drafts.some((record) => isAtRest(record) || isBlocked(record));
    if (hasEnd && this.#known.engine.exitWhen === 'all-done') this.#lookIfAllDone();
    if (this.#known.world.rollouts.length > 0) this.#next.push({ type: 'rollOn' });
    return { records: this.#drafts, gone: this.#gone, effects: this.#effects, next: this.#next };
  }

  #conclude(draft: Draft): void {
    this.#drafts.push(draft);
    const { from, cause } = draft.change ?? {};
    draft.change = undefined;
    draft.reason = reasonFor(draft);
    if (from === undefined) return;
    const { machine } = draft;
    if (from.state !== machine.monitor || from.incarnation !== machine.incarnation) {
      const event = reportState(draft, from.state, cause, this.#circumstances, this.#circumstances.events);
      const isOther = machine.incarnation > from.incarnation || !from.wasAlive;
      // One that was idle and is started by a connection has served anyone who depends on it all the time.
      const isRestart = machine.incarnation > 1 && (draft.activatedBy === undefined || endedBadly(draft));
      this.#passOn(draft, isRestart && machine.leader === 'alive' && isOther, event);
    }
    const verdict = verdictOnEnd(draft, this.#known.engine);
    if (verdict !== undefined)
      this.#effects.push({ kind: 'endContainer', verdict: { ...verdict, causedBy: draft.lastEvent } });
    if (!this.#isLeaving(draft)) return;
    this.#gone.push(draft.key);
    this.#effects.push({ kind: 'forget', name: draft.name, family: draft.family });
  }

  /** To those that wait for it, or depend on it. */
  #passOn(record: InstanceRecord, isRestarted: boolean, causedBy: number): void {
    const process = record.process.name;
    const followers = [...this.#known.followersOf(record), ...this.#known.dependentsOf(process)];
    for (const { key } of followers.filter(isWaiting)) this.#next.push({ type: 'reconsider', key, causedBy });
    for (const { key, process: dependent, machine } of this.#known.dependentsOf(process)) {
      if (!isRestarted || machine.leader !== 'alive' || machine.desired !== 'up') continue;
      if (dependent.dependsOn.find((link) => link.process === process)?.restart !== true) continue;
      const wanted = { by: 'policy', cause: `${record.name} was restarted` } as const;
      this.#next.push({ type: 'decision', key, kind: 'restart', wanted, causedBy });
    }
  }

  #lookIfAllDone(): void {
    const drafts = new Map(this.#drafts.map((draft) => [draft.key, draft]));
    const all = this.#known.world.instances
      .map((record) => drafts.get(record.key) ?? record)
      .filter((record) => !this.#isLeaving(record));
    const verdict = verdictOnAllDone(all);
    if (verdict === undefined) return;
    const causedBy = this.#drafts.findLast(({ lastEvent }) => lastEvent !== undefined)?.lastEvent;
    this.#effects.push({ kind: 'endContainer', verdict: { ...verdict, causedBy } });
  }

  #isLeaving(record: InstanceRecord): boolean {
    return !this.#known.isConfigured(record) && isAtRest(record);
  }
}
