/** The instances as the engine tells of them, kept up to date while somebody looks. */

import { NameMatcher } from '../../rpc/access/name-pattern.ts';
import type { RpcClient } from '../../rpc/client/client.ts';
import type { NotificationParams, WireInstance } from '../../rpc/contract/contract.ts';

export type StatusChange = Pick<NotificationParams<'status'>, 'draining' | 'instances' | 'removed'>;

interface Told {
  readonly instance: WireInstance;
  /** Monotonic milliseconds. */
  readonly at: number;
}

export class FollowedStatus {
  readonly #client: RpcClient;
  /** Undefined: all. */
  readonly #names: NameMatcher | undefined;
  readonly #told = new Map<string, Told>();
  #subscription = 0;

  private constructor(client: RpcClient, names: readonly string[]) {
    this.#client = client;
    this.#names = names.length === 0 ? undefined : new NameMatcher(names);
  }

  /**
   * @param names as for the verbs; none: all. Also those of them that a reload adds later are followed.
   * @param onChange told only of these.
   */
  static async open(
    client: RpcClient,
    names: readonly string[],
    onChange: (change: StatusChange) => void,
  ): Promise<FollowedStatus> {
    // A subscription is for all; this one says which names there are none of.
    if (names.length > 0) await client.call('status', { names });
    const followed = new FollowedStatus(client, names);
    const { subscription, status } = await client.call('status.subscribe', {});
    followed.#subscription = subscription;
    followed.#take(status.instances);
    client.onNotification(subscription, (notification) => {
      if (notification.method !== 'status') return;
      const { draining, instances, removed } = notification.params;
      const gone = removed.filter((name) => followed.#told.delete(name));
      onChange({ draining, instances: followed.#take(instances), removed: gone });
    });
    return followed;
  }

  /** As they are by now: what the engine said, and its times gone on. */
  get instances(): readonly WireInstance[] {
    const now = performance.now();
    return [...this.#told.values()].map(({ instance, at }) => later(instance, Math.round(now - at)));
  }

  async close(): Promise<void> {
    await this.#client.call('status.unsubscribe', { subscription: this.#subscription });
    this.#client.forget(this.#subscription);
  }

  #take(instances: readonly WireInstance[]): WireInstance[] {
    const at = performance.now();
    const meant = instances.filter(
      ({ name, process, groups }) => this.#names?.means({ instance: name, process, groups }) !== false,
    );
    for (const instance of meant) this.#told.set(instance.name, { instance, at });
    return meant;
  }
}

function later(instance: WireInstance, elapsedMs: number): WireInstance {
  const { uptime_ms: uptimeMs, retry_in_ms: retryInMs, deadline, step, schedule } = instance;
  return {
    ...instance,
    state_age_ms: instance.state_age_ms + elapsedMs,
    uptime_ms: uptimeMs === null ? null : uptimeMs + elapsedMs,
    retry_in_ms: less(retryInMs, elapsedMs),
    ...(step !== undefined && { step: { ...step, age_ms: step.age_ms + elapsedMs } }),
    ...(schedule !== undefined && {
      schedule: { ...schedule, next_run_in_ms: less(schedule.next_run_in_ms, elapsedMs) },
    }),
    ...(deadline !== undefined && {
      deadline: { ...deadline, in_ms: Math.max(0, deadline.in_ms - elapsedMs) },
    }),
  };
}

function less(inMs: number | null, elapsedMs: number): number | null {
  return inMs === null ? null : Math.max(0, inMs - elapsedMs);
}
