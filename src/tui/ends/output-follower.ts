/** Follows the output of one instance at a time: anyone who runs through the table asks for many, and wants the last. */

import { exitText } from '../../cli/render.ts';
import { bytesOf } from '../../cli/wire-bytes.ts';
import type { Notification, RpcClient } from '../../rpc/client/client.ts';
import type { NotificationParams } from '../../rpc/contract/contract.ts';
import { shortBytes } from '../model/figures.ts';
import type { Message } from '../model/model.ts';

/** More than so much in a pause is not read: the engine gives up the oldest, and says how much. */
const MOST_BYTES = 512 * 1_024;
const PAUSE_MS = 50;

interface Followed {
  readonly name: string;
  readonly subscription: number;
}

export class OutputFollower {
  readonly #client: RpcClient;
  readonly #tell: (message: Message) => void;
  #wanted: string | undefined;
  #followed: Followed | undefined;
  #isSwitching = false;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(client: RpcClient, tell: (message: Message) => void) {
    this.#client = client;
    this.#tell = tell;
  }

  follow(name: string | undefined): void {
    this.#wanted = name;
    if (!this.#isSwitching) void this.#switch();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#wanted = undefined;
  }

  async #switch(): Promise<void> {
    this.#isSwitching = true;
    try {
      while (this.#followed?.name !== this.#wanted) await this.#stepTowards(this.#wanted);
    } catch (error) {
      // Where the line broke, the session tells.
      if (this.#client.isOpen && error instanceof Error) {
        this.#tell({ kind: 'told', tone: 'bad', text: error.message });
      }
    } finally {
      this.#isSwitching = false;
    }
  }

  async #stepTowards(name: string | undefined): Promise<void> {
    const before = this.#followed;
    if (before !== undefined) {
      this.#followed = undefined;
      this.#client.forget(before.subscription);
      await this.#client.call('detach', { subscription: before.subscription });
      this.#client.forget(before.subscription);
    } else if (name !== undefined) {
      const { subscription } = await this.#client.call('attach', { name });
      this.#followed = { name, subscription };
      this.#tell({ kind: 'followed', name });
      const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
      this.#client.onNotification(subscription, (notification) => this.#take(name, decoders, notification));
    }
  }

  #take(
    name: string,
    decoders: Readonly<Record<'stdout' | 'stderr', TextDecoder>>,
    notification: Notification,
  ): void {
    if (notification.method === 'dropped') {
      const lost = shortBytes(notification.params.bytes);
      this.#tell({ kind: 'noted', name, text: `more than can be read: ${lost} are left out` });
      return;
    }
    if (notification.method !== 'attach') return;
    const { params } = notification;
    if (params.kind === 'output') {
      const stream = params.stream ?? 'stdout';
      const bytes = bytesOf(params);
      this.#tell({ kind: 'output', name, stream, text: decoders[stream].decode(bytes, { stream: true }) });
      this.#count(bytes.length);
      return;
    }
    const text = lifeText(params);
    if (text !== undefined) this.#tell({ kind: 'noted', name, text });
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > MOST_BYTES) this.#client.pause();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#bytes = 0;
      this.#client.resume();
    }, PAUSE_MS);
  }
}

function lifeText(told: NotificationParams<'attach'>): string | undefined {
  switch (told.kind) {
    case 'started':
      return told.pid === undefined ? 'started' : `started, pid ${told.pid}`;
    case 'exited': {
      if (told.status === undefined) return 'ended';
      return `ended ${told.status.how === 'exited' ? 'with' : 'by'} ${exitText(told.status, 'code ')}`;
    }
    case 'removed':
      return 'removed by a reload';
    default:
      return undefined;
  }
}
