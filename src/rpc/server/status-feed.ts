/** What a `status` subscription tells: the instances that changed, and with usage those that used something. */

import type { Cancel, Clock } from '../../supervisor/ports/clock.ts';
import type { UsageReading } from '../../supervisor/ports/usage.ts';
import type { EngineSnapshot, InstanceSnapshot } from '../../wire/snapshot.ts';
import type { EnginePort } from '../access/engine-port.ts';
import type { NotificationParams, Params } from '../contract/contract.ts';

const DEFAULT_INTERVAL_MS = 100;
/** Usage changes all the time; people cannot read it more often. */
const LEAST_USAGE_INTERVAL_MS = 1_000;

/** Events after which an instance's snapshot reads differently. */
const STATUS_EVENTS: ReadonlySet<string> = new Set([
  'state_changed',
  'process_spawned',
  'process_exited',
  'spawn_failed',
  // The next stage of a stop sequence: another deadline.
  'signal_sent',
]);

/** What the client was told in the reply. */
export interface StatusBeginning {
  readonly status: EngineSnapshot;
  readonly usage: UsageReading | undefined;
}

type Told = Pick<InstanceSnapshot, 'name' | 'usage'>;

export interface StatusFeedPorts {
  readonly clock: Pick<Clock, 'after'>;
  readonly engine: EnginePort;
  /** False while the client has not taken what it was told before. */
  readonly canTell: () => boolean;
  /** Does it when the client's turn comes. */
  readonly later: (work: () => void) => void;
  readonly tell: (told: Omit<NotificationParams<'status'>, 'subscription'>) => void;
}

export class StatusFeed {
  readonly #ports: StatusFeedPorts;
  readonly #intervalMs: number;
  readonly #touched = new Set<string>();
  readonly #cancels: Cancel[] = [];
  /** By instance, the usage that was told last, as text. */
  #told = new Map<string, string>();
  #containerTold: string | undefined;
  #usage: UsageReading | undefined;
  #isUsageNew = false;
  #isReading = false;
  #known: ReadonlySet<string>;
  #isWhole = false;
  #isOver = false;
  #cancelFlush: Cancel | undefined;
  #cancelReading: Cancel | undefined;

  constructor(
    params: Params<'status.subscribe'>,
    { status, usage }: StatusBeginning,
    ports: StatusFeedPorts,
  ) {
    this.#ports = ports;
    this.#intervalMs = params.interval_ms ?? DEFAULT_INTERVAL_MS;
    this.#known = namesOf(status.instances);
    this.#usage = usage;
    this.#remember(status.instances);
    this.#containerTold = JSON.stringify(status.container);
    this.#cancels.push(
      ports.engine.onEvent((event) => {
        if (event.event === 'config_reloaded' || event.event === 'engine_draining') this.#isWhole = true;
        else if (event.instance !== undefined && STATUS_EVENTS.has(event.event)) {
          this.#touched.add(event.instance);
        } else return;
        this.#arm();
      }),
    );
    if (params.usage !== true) return;
    this.#readLater();
  }

  cancel(): void {
    this.#isOver = true;
    this.#cancelFlush?.();
    this.#cancelReading?.();
    for (const cancel of this.#cancels) cancel();
  }

  #arm(): void {
    const { clock, later } = this.#ports;
    this.#cancelFlush ??= clock.after(this.#intervalMs, () => later(() => this.#flush()));
  }

  #readLater(): void {
    const everyMs = Math.max(this.#intervalMs, LEAST_USAGE_INTERVAL_MS);
    this.#cancelReading = this.#ports.clock.after(everyMs, () => {
      this.#readLater();
      void this.#readUsage();
    });
  }

  async #readUsage(): Promise<void> {
    if (this.#isReading || !this.#ports.canTell()) return;
    this.#isReading = true;
    const usage = await this.#ports.engine.readUsage().finally(() => {
      this.#isReading = false;
    });
    if (this.#isOver) return;
    this.#usage = usage;
    this.#isUsageNew = true;
    this.#cancelFlush?.();
    this.#ports.later(() => this.#flush());
  }

  #flush(): void {
    this.#cancelFlush = undefined;
    if (this.#isOver) return;
    // Status must not be lost, only late: what a slow client has not read yet is told as it is by then.
    if (!this.#ports.canTell()) {
      this.#arm();
      return;
    }
    const { draining, instances, removed, container } = this.#changes();
    const isEmpty =
      instances.length === 0 &&
      removed.length === 0 &&
      container === undefined &&
      !this.#isWhole &&
      this.#touched.size === 0;
    this.#touched.clear();
    this.#isWhole = false;
    this.#isUsageNew = false;
    if (isEmpty) return;
    this.#remember(instances);
    this.#ports.tell({ draining, instances, removed, ...(container !== undefined && { container }) });
  }

  #changes(): Omit<NotificationParams<'status'>, 'subscription'> {
    const wantsAll = this.#isWhole || this.#isUsageNew;
    const snapshot = this.#ports.engine.snapshot(wantsAll ? undefined : [...this.#touched], this.#usage);
    const present = namesOf(snapshot.instances);
    const removed = [...(this.#isWhole ? this.#known : this.#touched)].filter((name) => !present.has(name));
    this.#known = this.#isWhole ? present : this.#known.union(present).difference(new Set(removed));
    const instances = snapshot.instances.filter(
      (instance) =>
        this.#isWhole ||
        this.#touched.has(instance.name) ||
        this.#told.get(instance.name) !== usageOf(instance),
    );
    return { draining: snapshot.draining, instances, removed, ...this.#newOf(snapshot) };
  }

  /** What the container uses, where it was read again and has changed. */
  #newOf({ container }: EngineSnapshot): Pick<NotificationParams<'status'>, 'container'> {
    const text = JSON.stringify(container);
    if (!this.#isUsageNew || container === undefined || text === this.#containerTold) return {};
    this.#containerTold = text;
    return { container };
  }

  #remember(instances: readonly Told[]): void {
    for (const instance of instances) {
      const usage = usageOf(instance);
      if (usage === undefined) this.#told.delete(instance.name);
      else this.#told.set(instance.name, usage);
    }
  }
}

function namesOf(instances: readonly Told[]): ReadonlySet<string> {
  return new Set(instances.map(({ name }) => name));
}

function usageOf({ usage }: Told): string | undefined {
  return usage === undefined ? undefined : JSON.stringify(usage);
}
