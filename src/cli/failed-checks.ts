/** Health checks that have failed while somebody waits, the last one of each instance. */

import type { RpcClient } from '../rpc/client/client.ts';
import type { WireEvent, WireInstance } from '../rpc/contract/contract.ts';
import { plainLine } from './plain-text.ts';

export class FailedChecks {
  readonly #client: RpcClient;
  readonly #subscription: number;
  readonly #last = new Map<string, WireEvent>();

  private constructor(client: RpcClient, subscription: number) {
    this.#client = client;
    this.#subscription = subscription;
  }

  /** @param names none: of all. */
  static async open(client: RpcClient, names: readonly string[]): Promise<FailedChecks> {
    const events = ['probe_finished'];
    const { subscription } = await client.call(
      'events.subscribe',
      names.length === 0 ? { events } : { events, names },
    );
    const checks = new FailedChecks(client, subscription);
    client.onNotification(subscription, (notification) => {
      if (notification.method === 'events') checks.#take(notification.params.event);
    });
    return checks;
  }

  /** `health check 2 of 3 failed (exited with code 1)`; undefined where none has failed in this life of it. */
  of({ name, incarnation }: WireInstance): string | undefined {
    const check = this.#last.get(name);
    if (check === undefined || check.incarnation !== incarnation) return undefined;
    const { failures, retries, outcome } = check;
    // Those that do not count yet, while it starts, have no number.
    const which = failures === undefined ? '' : ` ${failures} of ${retries}`;
    return `health check${which} failed (${plainLine(String(outcome))})`;
  }

  async close(): Promise<void> {
    await this.#client.call('events.unsubscribe', { subscription: this.#subscription });
    this.#client.forget(this.#subscription);
  }

  #take(event: WireEvent): void {
    if (event.instance === undefined) return;
    if (event.passed === true) this.#last.delete(event.instance);
    else this.#last.set(event.instance, event);
  }
}
