/** The subscriptions of one client: engine facts in, notifications out. */

import { isUtf8 } from 'node:buffer';
import type { Cancel, Clock } from '../../supervisor/ports/clock.ts';
import type { InputClaim, InputHolder } from '../../supervisor/ports/input.ts';
import type { JournalEntry } from '../../supervisor/ports/journal.ts';
import type { EngineEvent } from '../../wire/engine-event.ts';
import type { EnginePort, OutputChunk, OutputPosition, Requester } from '../access/engine-port.ts';
import type { NotificationName, NotificationParams, Params } from '../contract/contract.ts';
import { frame } from '../protocol/framing.ts';
import { type Wants, wantedEvents, withoutGroups } from './journal-filter.ts';
import type { Outbox } from './outbox.ts';
import { type StatusBeginning, StatusFeed } from './status-feed.ts';
import type { Places } from './subscription-places.ts';

/** Output travels in pieces of at most this many bytes, so that the oldest can be given up in small steps. */
const PIECE_BYTES = 32 * 1024;
/** About what one takes on the wire. */
const EVENT_SIZE = 256;
const INSTANCE_SIZE = 512;
/** More are not replayed: they would push each other out of the outbox. `logs.query` pages through the rest. */
const MAX_REPLAY = 1_000;

/** Bytes as the wire carries them. */
export function wireBytes(bytes: Uint8Array): { text: string } | { base64: string } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(buffer) ? { text: buffer.toString('utf8') } : { base64: buffer.toString('base64') };
}

interface Tagged {
  readonly subscription: number;
}

export type Kind = 'status' | 'events' | 'attach';

interface Subscription {
  readonly kind: Kind;
  readonly cancel: Cancel;
}

/** Events that an `events` subscription begins with, and the id of the last that was looked at for them. */
export interface Replay {
  readonly events: readonly EngineEvent[];
  readonly upTo: number;
  readonly wants: Wants<JournalEntry>;
}

export interface SubscriptionParts {
  readonly clock: Pick<Clock, 'after'>;
  /** As the client may see it at the moment. */
  readonly engine: () => EnginePort;
  readonly outbox: Outbox;
  readonly places: Places;
  /** Does it in the client's turn: the status of a thousand instances takes milliseconds. */
  readonly later: (work: () => void) => void;
}

export class Subscriptions {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #engine: () => EnginePort;
  readonly #outbox: Outbox;
  readonly #places: Places;
  readonly #later: (work: () => void) => void;
  readonly #active = new Map<number, Subscription>();
  /** By the `attach` subscription that they belong to. */
  readonly #claims = new Map<number, InputClaim>();
  /** Of the lives of instances, the `attach` subscriptions by instance; one listener serves them all. */
  readonly #attached = new Map<string, Set<number>>();
  #cancelLives: Cancel | undefined;
  #lastId = 0;

  constructor({ clock, engine, outbox, places, later }: SubscriptionParts) {
    this.#clock = clock;
    this.#engine = engine;
    this.#outbox = outbox;
    this.#places = places;
    this.#later = later;
  }

  get size(): number {
    return this.#active.size;
  }

  /**
   * The id for a subscription that `follow…` then begins, once the reply that tells it is on its way. Throws
   * `action-failed` where the client, or its user, has as many as may be.
   */
  reserve(kind: Kind, instance?: string): number {
    this.#lastId += 1;
    this.#places.take(this.#lastId, kind, instance);
    return this.#lastId;
  }

  /** It will not begin after all. */
  abandon(id: number): void {
    this.#claims.get(id)?.release();
    this.#claims.delete(id);
    this.#places.free(id);
  }

  /** @returns false where the client has no such subscription. */
  cancel(kind: Kind, id: number): boolean {
    const subscription = this.#active.get(id);
    if (subscription?.kind !== kind) return false;
    subscription.cancel();
    this.abandon(id);
    this.#active.delete(id);
    this.#outbox.forget(id);
    return true;
  }

  cancelAll(): void {
    for (const subscription of this.#active.values()) subscription.cancel();
    for (const claim of this.#claims.values()) claim.release();
    this.#active.clear();
    this.#claims.clear();
    this.#places.freeAll();
  }

  /** The right to write that belongs to an `attach` subscription; ends with it. Throws what `claimInput` throws. */
  claimInput(id: number, instance: string, by: Requester, steal: boolean): void {
    const onLost = ({ uid }: InputHolder): void => {
      const told = { subscription: id, kind: 'input-lost', uid } satisfies NotificationParams<'attach'>;
      this.#notify('attach', told, EVENT_SIZE);
    };
    this.#claims.set(id, this.#engine().claimInput(instance, by, { steal, onLost }));
  }

  inputClaim(id: number): InputClaim | undefined {
    return this.#claims.get(id);
  }

  followEvents(id: number, { events, upTo, wants }: Replay): void {
    const engine = this.#engine();
    const tell = (event: EngineEvent): void => {
      const told = { subscription: id, event } satisfies NotificationParams<'events'>;
      this.#notify('events', told, EVENT_SIZE);
    };
    for (const event of events) tell(event);
    // What came while the past was looked through.
    for (const slice of engine.journal.events(upTo)) for (const event of slice) if (wants(event)) tell(event);
    const cancel = engine.onEvent((event) => {
      if (wants(event)) tell(event);
    });
    this.#active.set(id, { kind: 'events', cancel });
  }

  /** In slices. */
  *replayOf(params: Params<'events.subscribe'>): Generator<undefined, Replay> {
    const { replay, after_id: afterId } = params;
    const wants = wantedEvents(withoutGroups(params, this.#engine()));
    const { journal } = this.#engine();
    if (replay === undefined && afterId === undefined) return { events: [], upTo: journal.lastId, wants };
    const most = Math.min(replay ?? MAX_REPLAY, MAX_REPLAY);
    let events: EngineEvent[] = [];
    let upTo = afterId ?? 0;
    for (const slice of journal.events(upTo)) {
      upTo = slice.at(-1)?.id ?? upTo;
      events = [...events, ...slice.filter(wants)];
      events = events.slice(Math.max(0, events.length - most));
      yield;
    }
    return { events, upTo, wants };
  }

  followOutput(id: number, instance: string, params: Params<'attach'>): void {
    const streams = params.streams ?? ['stdout', 'stderr'];
    const tell = (chunk: OutputChunk): void => {
      if (streams.includes(chunk.stream)) this.#tellOutput(id, chunk, chunk.bytes);
    };
    const engine = this.#engine();
    if (params.after !== undefined) this.#replayAfter(params.after, id, instance, tell);
    else if (params.replay !== false) for (const chunk of engine.recentOutput(instance)) tell(chunk);
    const cancelOutput = engine.followOutput(instance, (chunk) => {
      if (streams.includes(chunk.stream)) this.#tellOutput(id, chunk, chunk.keep());
    });
    this.#followLife(id, instance);
    const cancel = (): void => {
      cancelOutput();
      this.#detach(id);
      if (this.#attached.size > 0) return;
      this.#cancelLives?.();
      this.#cancelLives = undefined;
    };
    this.#active.set(id, { kind: 'attach', cancel });
  }

  #followLife(id: number, instance: string): void {
    this.#attached.set(instance, (this.#attached.get(instance) ?? new Set()).add(id));
    this.#cancelLives ??= this.#engine().onEvent((event) => {
      if (event.event === 'config_reloaded') this.#tellRemoved();
      if (event.event === 'instance_renamed') this.#renameAttached(event.was, event.instance ?? event.was);
      const life = event.instance === undefined ? undefined : lifeOf(event);
      if (life !== undefined) this.#tellLife(event.instance ?? '', life);
    });
  }

  #renameAttached(was: string, name: string): void {
    const ids = this.#attached.get(was);
    if (ids === undefined) return;
    this.#attached.delete(was);
    this.#attached.set(name, ids);
  }

  /** Under whatever name its instance has by now. */
  #detach(id: number): void {
    for (const [instance, ids] of this.#attached) {
      if (ids.delete(id) && ids.size === 0) this.#attached.delete(instance);
    }
  }

  #tellRemoved(): void {
    const left = new Set(
      this.#engine()
        .names()
        .map((name) => name.instance),
    );
    for (const instance of this.#attached.keys()) {
      if (!left.has(instance)) this.#tellLife(instance, { kind: 'removed' });
    }
  }

  #tellLife(instance: string, life: Omit<NotificationParams<'attach'>, 'subscription'>): void {
    for (const id of this.#attached.get(instance) ?? [])
      this.#notify('attach', { subscription: id, ...life }, EVENT_SIZE);
  }

  /** What was printed since, as far as it is remembered; how much is not is told. */
  #replayAfter(
    after: OutputPosition,
    id: number,
    instance: string,
    tell: (chunk: OutputChunk) => void,
  ): void {
    const { bytes: now } = this.#engine().outputPosition(instance);
    const recent = this.#engine().recentOutput(instance);
    // One that was made again counts from 0 again.
    const from = {
      stdout: after.stdout > now.stdout ? 0 : after.stdout,
      stderr: after.stderr > now.stderr ? 0 : after.stderr,
    };
    for (const stream of ['stdout', 'stderr'] as const) {
      const oldest = recent.find((chunk) => chunk.stream === stream)?.position ?? now[stream];
      if (oldest > from[stream]) this.#outbox.lose(id, oldest - from[stream]);
    }
    for (const chunk of recent) {
      const known = Math.max(0, from[chunk.stream] - chunk.position);
      if (known < chunk.bytes.length) tell({ ...chunk, bytes: chunk.bytes.subarray(known) });
    }
  }

  /** @param bytes stay as they are: they may wait long for a slow client. */
  #tellOutput(id: number, { stream, incarnation }: OutputChunk, bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
      const piece = bytes.subarray(from, from + PIECE_BYTES);
      this.#outbox.notify({
        subscription: id,
        size: piece.length + 128,
        outputBytes: piece.length,
        encode: () => {
          const what = { subscription: id, kind: 'output', stream, incarnation } as const;
          const told = { ...what, ...wireBytes(piece) } satisfies NotificationParams<'attach'>;
          return notification('attach', told);
        },
      });
    }
  }

  /** Listens from now on; what it hears is told once it has begun. */
  prepareStatus(id: number, params: Params<'status.subscribe'>, beginning: StatusBeginning): () => void {
    let hasBegun = false;
    const feed = new StatusFeed(params, beginning, {
      clock: this.#clock,
      engine: this.#engine(),
      canTell: () => hasBegun && this.#outbox.isEmpty,
      later: this.#later,
      tell: (told) => {
        const size = INSTANCE_SIZE * told.instances.length + EVENT_SIZE;
        this.#notify('status', { subscription: id, ...told } satisfies NotificationParams<'status'>, size);
      },
    });
    this.#active.set(id, { kind: 'status', cancel: () => feed.cancel() });
    return () => {
      hasBegun = true;
    };
  }

  #notify(method: NotificationName, params: Tagged, size: number): void {
    const { subscription } = params;
    this.#outbox.notify({ subscription, size, outputBytes: 0, encode: () => notification(method, params) });
  }
}

function notification(method: NotificationName, params: Tagged): string {
  return frame({ jsonrpc: '2.0', method, params });
}

/** What an attached client hears of the life of its instance. */
function lifeOf(event: EngineEvent): Omit<NotificationParams<'attach'>, 'subscription'> | undefined {
  const { incarnation = 0 } = event;
  switch (event.event) {
    case 'process_spawned':
      return { kind: 'started', incarnation, ...(event.pid === undefined ? {} : { pid: event.pid }) };
    case 'process_exited':
      return { kind: 'exited', incarnation, status: event.status };
    case 'state_changed':
      return event.to === 'ended' ? undefined : { kind: 'state', incarnation, state: event.to };
    default:
      return undefined;
  }
}
