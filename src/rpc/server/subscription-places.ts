/** How many subscriptions a client, and all clients of a user, may have: each takes its part of every event. */

import { TaskmasterError } from '../../errors.ts';

export interface SubscriptionLimits {
  /** `status` and `events`, of one client and of one user. */
  readonly feeds: number;
  readonly feedsOfUser: number;
  /** `attach`: of one client and of one user; anyone who follows all output has one for each instance. */
  readonly attached: number;
  readonly attachedOfUser: number;
  /** Of one client to the same instance. */
  readonly attachedToOne: number;
}

export const SUBSCRIPTION_LIMITS: SubscriptionLimits = {
  feeds: 16,
  feedsOfUser: 64,
  attached: 2_048,
  attachedOfUser: 4_096,
  attachedToOne: 4,
};

/** Those of one client. */
export interface Places {
  /** Throws `action-failed` where there is none left. */
  take(id: number, kind: 'status' | 'events' | 'attach', instance: string | undefined): void;
  free(id: number): void;
  freeAll(): void;
}

interface Counts {
  feeds: number;
  attached: number;
}

/** The book of all users. */
export class SubscriptionPlaces {
  readonly #limits: SubscriptionLimits;
  readonly #users = new Map<number, Counts>();

  constructor(limits: SubscriptionLimits) {
    this.#limits = limits;
  }

  forClientOf(uid: number): Places {
    const limits = this.#limits;
    const own = new Map<number, { readonly isFeed: boolean; readonly instance: string | undefined }>();
    const count = (isWanted: (place: { isFeed: boolean; instance: string | undefined }) => boolean): number =>
      own.values().reduce((sum, place) => sum + (isWanted(place) ? 1 : 0), 0);
    const free = (id: number): void => {
      const place = own.get(id);
      if (place === undefined) return;
      own.delete(id);
      this.#change(uid, place.isFeed, -1);
    };
    return {
      take: (id, kind, instance) => {
        const isFeed = kind !== 'attach';
        const { feeds, attached } = this.#users.get(uid) ?? { feeds: 0, attached: 0 };
        if (isFeed) {
          refuseBeyond(
            count((place) => place.isFeed),
            limits.feeds,
            'a connection',
          );
          refuseBeyond(feeds, limits.feedsOfUser, 'a user');
        } else {
          refuseBeyond(own.size, limits.attached, 'a connection');
          refuseBeyond(attached, limits.attachedOfUser, 'a user');
          refuseBeyond(
            count((place) => place.instance === instance),
            limits.attachedToOne,
            `${instance} a connection`,
          );
        }
        own.set(id, { isFeed, instance: isFeed ? undefined : instance });
        this.#change(uid, isFeed, 1);
      },
      free,
      freeAll: () => {
        for (const id of own.keys()) free(id);
      },
    };
  }

  #change(uid: number, isFeed: boolean, by: number): void {
    const counts = this.#users.get(uid) ?? { feeds: 0, attached: 0 };
    counts[isFeed ? 'feeds' : 'attached'] += by;
    if (counts.feeds + counts.attached === 0) this.#users.delete(uid);
    else this.#users.set(uid, counts);
  }
}

function refuseBeyond(taken: number, most: number, whose: string): void {
  if (taken < most) return;
  throw new TaskmasterError(
    'action-failed',
    `at most ${most} subscriptions are kept for ${whose}; end one first`,
  );
}
