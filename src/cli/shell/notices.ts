/** What happens to instances while somebody sits at the prompt: told in a few lines, never in a flood. */

import type { VisibleState } from '../../lifecycle/states.ts';
import { meansInstance } from '../../rpc/access/name-pattern.ts';
import type { RpcClient } from '../../rpc/client/client.ts';
import type { WireEvent } from '../../rpc/contract/contract.ts';
import { STATES } from '../../wire/states.ts';
import { eventStory } from '../event-words.ts';
import type { CliIo } from '../io.ts';
import { LazyConnection } from '../lazy-connection.ts';

/** What comes together is told together. */
const GATHER_MS = 100;
const MOST_AT_ONCE = 5;
const RECONNECT_MS = 1_000;

interface Notice {
  readonly line: string;
  readonly event: WireEvent | undefined;
}

export class Notices {
  /** One of its own: the shell's is broken off with the command that uses it. */
  readonly #connection: LazyConnection;
  readonly #tell: (lines: readonly string[]) => void;
  #waiting: Notice[] = [];
  /** What a command has shown last. */
  #shown: { readonly names: readonly string[]; readonly until: number } = { names: [], until: 0 };
  #leftOut = 0;
  #timer: NodeJS.Timeout | undefined;
  #isHeld = false;
  #isClosed = false;

  /** @param tell shows the lines, above the one being typed; not called while they are held. */
  constructor(io: CliIo, tell: (lines: readonly string[]) => void) {
    this.#connection = new LazyConnection(io);
    this.#tell = tell;
  }

  /** Tells of what happens from now on; of an engine that cannot be reached, once it can. */
  async follow(): Promise<void> {
    try {
      const client = await this.#connection.get(undefined);
      if (this.#isClosed) {
        // It was made meanwhile, and would keep the program from ending.
        this.#connection.close();
        return;
      }
      await this.#subscribe(client);
      void client.closed.then(() => this.#lost());
    } catch {
      // The first command tells why.
      this.#later(() => void this.follow(), RECONNECT_MS);
    }
  }

  /** Keeps them back: something else has the screen. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#flush();
  }

  /** A command has waited for these instances and shown what became of them: that is no news any more. */
  leaveOut(names: readonly string[]): void {
    this.#shown = { names, until: Date.now() };
    this.#waiting = this.#waiting.filter(({ event }) => event === undefined || !this.#isShown(event));
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#connection.close();
  }

  async #subscribe(client: RpcClient): Promise<void> {
    const { subscription } = await client.call('events.subscribe', { events: ['state_changed'] });
    client.onNotification(subscription, (notification) => {
      if (notification.method === 'events') this.#take(notification.params.event);
      else if (notification.method === 'dropped') this.#leftOut += notification.params.notifications;
    });
  }

  #take(event: WireEvent): void {
    const { to } = event;
    const isNews = typeof to === 'string' && Object.hasOwn(STATES, to) && STATES[to as VisibleState].isNews;
    if (isNews && !this.#isShown(event)) this.#add({ line: eventStory(event), event });
  }

  /** It may come after the end of the command: events have a connection of their own. */
  #isShown({ instance, process, time }: WireEvent): boolean {
    const { names, until } = this.#shown;
    if (names.length === 0 || time > until || typeof instance !== 'string') return false;
    return meansInstance(names, { instance, process: typeof process === 'string' ? process : instance });
  }

  #lost(): void {
    if (this.#isClosed) return;
    this.#add({ line: 'the engine has closed the connection', event: undefined });
    this.#later(() => void this.follow(), RECONNECT_MS);
  }

  #add(notice: Notice): void {
    if (this.#waiting.length < MOST_AT_ONCE) this.#waiting.push(notice);
    else this.#leftOut += 1;
    if (this.#isHeld) return;
    this.#timer ??= this.#later(() => {
      this.#timer = undefined;
      this.#flush();
    }, GATHER_MS);
  }

  #flush(): void {
    if (this.#isHeld || this.#waiting.length === 0) return;
    const lines = this.#waiting.map(({ line }) => `- ${line}`);
    if (this.#leftOut > 0) lines.push(`- and ${this.#leftOut} more changes; "timeline" lists them`);
    this.#waiting = [];
    this.#leftOut = 0;
    this.#tell(lines);
  }

  #later(job: () => void, delayMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      if (!this.#isClosed) job();
    }, delayMs).unref();
  }
}
