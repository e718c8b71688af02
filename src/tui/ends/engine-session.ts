/**
 * The board's line to the engine: what it subscribes to comes as messages, what a person wants goes as calls. Where
 * the engine goes, it says so and tries again until somebody leaves.
 */

import { TaskmasterError } from '../../errors.ts';
import { type ConnectOptions, connect, type Notification, type RpcClient } from '../../rpc/client/client.ts';
import type { Message, Request, Tone } from '../model/model.ts';
import { outcomeText, reloadText } from '../model/outcome-text.ts';
import { type ProcessFact, processFacts } from '../model/process-facts.ts';
import { EventFollower } from './event-follower.ts';
import { OutputFollower } from './output-follower.ts';

const RETRY_MS = 1_000;
/** So long an action is waited for; it goes on in the engine. */
const ACTION_TIMEOUT_MS = 120_000;
/** What concerns the engine as a whole; instances tell of themselves in the table. */
const EVENTS = ['config_reloaded', 'config_rejected', 'engine_fault', 'output_failed'];
/** The others are for the board itself. */
export type EngineRequest = Exclude<Request, { kind: 'leave' | 'attach' | 'mouse' }>;

const DOING = { start: 'starting', stop: 'stopping', restart: 'restarting', run: 'running' } as const;

export class EngineSession {
  readonly #options: ConnectOptions;
  readonly #tell: (message: Message) => void;
  /** By process; told only to whom the engine trusts with its configuration. */
  readonly #facts = new Map<string, readonly ProcessFact[] | undefined>();
  #client: RpcClient;
  #follower: OutputFollower | undefined;
  #events: EventFollower | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** @param client connected already: whether there is an engine is known before the terminal is taken */
  constructor(client: RpcClient, options: ConnectOptions, tell: (message: Message) => void) {
    this.#client = client;
    this.#options = options;
    this.#tell = (message) => {
      if (!this.#isOver) tell(message);
    };
  }

  begin(): void {
    void this.#live(this.#client);
  }

  request(request: EngineRequest): void {
    if (request.kind === 'follow') {
      this.#follower?.follow(request.name);
      return;
    }
    this.#perform(request).catch((error: unknown) => {
      this.#say('bad', error instanceof Error ? error.message : String(error));
    });
  }

  close(): void {
    this.#isOver = true;
    clearTimeout(this.#retryTimer);
    this.#follower?.close();
    this.#events?.close();
    this.#client.close();
  }

  async #live(client: RpcClient): Promise<void> {
    let reason = 'it closed the connection';
    try {
      await this.#subscribe(client);
      await client.closed;
    } catch (error) {
      reason = reasonOf(error);
    }
    this.#follower?.close();
    this.#events?.close();
    client.close();
    this.#retryLater(reason);
  }

  async #subscribe(client: RpcClient): Promise<void> {
    const { subscription, status } = await client.call('status.subscribe', { usage: true });
    this.#facts.clear();
    this.#follower = new OutputFollower(client, this.#tell);
    this.#events = new EventFollower(client, this.#tell);
    this.#tell({ kind: 'connected', status });
    client.onNotification(subscription, (notification) => this.#take(notification));
    const events = await client.call('events.subscribe', { events: EVENTS });
    client.onNotification(events.subscription, (notification) => this.#take(notification));
  }

  #take(notification: Notification): void {
    if (notification.method === 'status') {
      this.#tell({ kind: 'status', changes: notification.params });
    } else if (notification.method === 'events') {
      const { event } = notification.params;
      this.#facts.clear();
      const isBad = event.level !== 'info';
      this.#tell({ kind: 'engine-event', text: eventText(event), isBad });
    }
  }

  #retryLater(reason: string): void {
    if (this.#isOver) return;
    this.#tell({ kind: 'disconnected', reason });
    this.#retryTimer = setTimeout(() => {
      connect(this.#options).then(
        (client) => {
          if (this.#isOver) {
            client.close();
            return;
          }
          this.#client = client;
          void this.#live(client);
        },
        (error: unknown) => this.#retryLater(reasonOf(error)),
      );
    }, RETRY_MS);
  }

  async #perform(request: Exclude<EngineRequest, { kind: 'follow' }>): Promise<void> {
    const client = this.#client;
    switch (request.kind) {
      case 'act': {
        const { action, target } = request;
        this.#say('busy', `${DOING[action]} ${target}…`);
        const params = { names: [target], wait: true, timeout_ms: ACTION_TIMEOUT_MS };
        const { instances } = await client.call(action, params);
        this.#say(...outcomeText(action, instances));
        return;
      }
      case 'signal': {
        const { instances, signal } = await client.call('signal', {
          names: [request.target],
          signal: request.signal,
        });
        this.#say('good', `sent ${signal} to ${instances.join(', ')}`);
        return;
      }
      case 'plan':
        this.#tell({ kind: 'planned', plan: await client.call('reload', { plan: true }) });
        return;
      case 'reload':
        this.#say('busy', 'reloading…');
        this.#say(...reloadText(await client.call('reload', {})));
        return;
      case 'shutdown':
        this.#say('busy', 'shutting down…');
        await client.call('shutdown', {});
        return;
      case 'watch-events':
        await this.#events?.begin();
        return;
      case 'explain':
        await this.#explain(client, request.name, request.process);
    }
  }

  async #explain(client: RpcClient, name: string, process: string): Promise<void> {
    const [{ reports }, facts] = await Promise.all([
      client.call('why', { names: [name] }),
      this.#factsOf(client, process),
    ]);
    const report = reports[0];
    if (report !== undefined) this.#tell({ kind: 'explained', report, facts });
  }

  async #factsOf(client: RpcClient, process: string): Promise<readonly ProcessFact[] | undefined> {
    if (this.#facts.has(process)) return this.#facts.get(process);
    const facts = await client.call('config', { process }).then(
      ({ config }) => processFacts(config),
      // Only the engine's own user and root are told.
      () => undefined,
    );
    this.#facts.set(process, facts);
    return facts;
  }

  #say(tone: Tone, text: string): void {
    this.#tell({ kind: 'told', tone, text });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof TaskmasterError)) return String(error);
  return error.message.replaceAll(/\s*\n\s*/g, '; ');
}

function eventText(event: { readonly event: string; readonly [field: string]: unknown }): string {
  switch (event.event) {
    case 'config_reloaded':
      return 'the configuration was reloaded';
    case 'config_rejected':
      return `reload refused: ${Array.isArray(event.problems) ? String(event.problems[0]) : ''}`;
    default:
      return `${event.event.replaceAll('_', ' ')}: ${String(event.message ?? event.path ?? '')}`;
  }
}
