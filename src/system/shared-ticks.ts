/** Calls all who want to be called as often at the same time: that is one wake-up for all of them. */

import type { Cancel, Clock } from '../supervisor/ports/clock.ts';

interface Group {
  readonly members: Set<() => void>;
  cancel: Cancel;
}

export class SharedTicks {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #groups = new Map<number, Group>();

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  /** The first call may come sooner. */
  every(pauseMs: number, callback: () => void): Cancel {
    const group = this.#groups.get(pauseMs) ?? this.#begin(pauseMs);
    group.members.add(callback);
    return () => {
      group.members.delete(callback);
      if (group.members.size > 0 || this.#groups.get(pauseMs) !== group) return;
      group.cancel();
      this.#groups.delete(pauseMs);
    };
  }

  #begin(pauseMs: number): Group {
    const tick = (): void => {
      group.cancel = this.#clock.after(pauseMs, tick);
      for (const member of [...group.members]) member();
    };
    const group: Group = { members: new Set(), cancel: this.#clock.after(pauseMs, tick) };
    this.#groups.set(pauseMs, group);
    return group;
  }
}
