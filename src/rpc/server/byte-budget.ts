/** How much may wait for clients to be read, counted in bytes: of one user, and of all users together. */

export interface BudgetLimits {
  readonly bytesOfOne: number;
  readonly bytesOfAll: number;
}

/** What waits for one client. */
export interface BudgetShare {
  /** True while what waits for its user, or for all, is as much as may be. */
  readonly isSpent: boolean;
  /** What waits for the client itself. */
  readonly bytes: number;
  take(bytes: number): void;
  giveBack(bytes: number): void;
}

export class ByteBudget {
  readonly #limits: BudgetLimits;
  readonly #onRelieved: () => void;
  readonly #ofUsers = new Map<number, number>();
  #ofAll = 0;

  /** @param onRelieved somebody's share, or that of all, is no longer spent. */
  constructor(limits: BudgetLimits, onRelieved: () => void = () => {}) {
    this.#limits = limits;
    this.#onRelieved = onRelieved;
  }

  get bytes(): number {
    return this.#ofAll;
  }

  /** @param isKept the user's own part is kept free for them, whatever the others have waiting. */
  shareOf(uid: number, isKept: boolean): BudgetShare {
    const budget = this;
    let own = 0;
    return {
      get isSpent() {
        return budget.#isSpent(uid, isKept);
      },
      get bytes() {
        return own;
      },
      take: (bytes) => {
        own += bytes;
        budget.#change(uid, isKept, bytes);
      },
      giveBack: (bytes) => {
        own -= bytes;
        const wasSpent = budget.#isSpent(uid, isKept);
        budget.#change(uid, isKept, -bytes);
        if (wasSpent && !budget.#isSpent(uid, isKept)) budget.#onRelieved();
      },
    };
  }

  #isSpent(uid: number, isKept: boolean): boolean {
    const ofUser = this.#ofUsers.get(uid) ?? 0;
    return ofUser >= this.#limits.bytesOfOne || (!isKept && this.#ofAll >= this.#limits.bytesOfAll);
  }

  #change(uid: number, isKept: boolean, bytes: number): void {
    const ofUser = (this.#ofUsers.get(uid) ?? 0) + bytes;
    if (ofUser === 0) this.#ofUsers.delete(uid);
    else this.#ofUsers.set(uid, ofUser);
    if (!isKept) this.#ofAll += bytes;
  }
}
