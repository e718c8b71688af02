/** Follows the engine's events, in handfuls: a reload of a thousand instances tells thousands within a moment. */

import type { Notification, RpcClient } from '../../rpc/client/client.ts';
import { MAX_EVENTS, type SeenEvent, seenEvent } from '../model/event-log.ts';
import type { Message } from '../model/model.ts';

const PAUSE_MS = 50;

export class EventFollower {
  readonly #client: RpcClient;
  readonly #tell: (message: Message) => void;
  #waiting: SeenEvent[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(client: RpcClient, tell: (message: Message) => void) {
    this.#client = client;
    this.#tell = tell;
  }

  /** With those that the engine remembers; what only a debugger wants (checks that passed) is left out. */
  async begin(): Promise<void> {
    const { subscription } = await this.#client.call('events.subscribe', {
      level: 'info',
      replay: MAX_EVENTS,
    });
    this.#client.onNotification(subscription, (notification) => this.#take(notification));
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #take(notification: Notification): void {
    if (notification.method === 'events') this.#push(seenEvent(notification.params.event));
    else if (notification.method === 'dropped') this.#push(gap(notification.params.notifications));
  }

  #push(event: SeenEvent): void {
    this.#waiting.push(event);
    if (this.#waiting.length > 2 * MAX_EVENTS) this.#waiting = this.#waiting.slice(-MAX_EVENTS);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tell({ kind: 'happened', events: this.#waiting.splice(0) });
    }, PAUSE_MS);
  }
}

function gap(count: number): SeenEvent {
  const text = `more than can be read: ${count} events are left out`;
  return { time: Date.now(), level: 'warn', kind: 'dropped', text, state: undefined };
}
