/** Programs that say of themselves what the test says. */

import type {
  HeldChannel,
  NotifyChannel,
  NotifyMessage,
  PidFile,
  SelfReportPort,
} from '../../src/supervisor/ports/self-reports.ts';

/** Of a message. */
const MAX_BYTES = 4_096;

export class HandSelfReports implements SelfReportPort {
  readonly ownUid = 0;
  /** Of channels that are open, by the key of their instance. */
  readonly channels = new Map<string, HandChannel>();
  /** By their address: the last that adopted it. */
  readonly holders = new Map<string, HandChannel>();
  pidFile: PidFile = { kind: 'missing' };
  failure: string | undefined;
  #opened = 0;

  openChannel(key: string): NotifyChannel | string {
    if (this.failure !== undefined) return this.failure;
    this.#opened += 1;
    return this.adoptChannel(key, { fd: 1_000 + this.#opened, address: `@test ${this.#opened}` });
  }

  adoptChannel(key: string, held: HeldChannel): NotifyChannel {
    const channel: HandChannel = new HandChannel(held, () => {
      if (this.channels.get(key) === channel) this.channels.delete(key);
    });
    this.channels.set(key, channel);
    this.holders.set(held.address, channel);
    return channel;
  }

  /** Ends of pipes that are read, by their descriptor. */
  readonly pipes = new Map<number, { readonly print: (text: string) => void; readonly end: () => void }>();
  /** What takes the output of an instance, by its name. */
  readonly followers = new Map<string, (stream: string, bytes: Uint8Array) => void>();

  readPipe(fd: number, onData: (bytes: Uint8Array) => void, onEnd: () => void): () => void {
    this.pipes.set(fd, { print: (text) => onData(Buffer.from(text)), end: onEnd });
    return () => this.pipes.delete(fd);
  }

  followOutput(instance: string, onData: (stream: string, bytes: Uint8Array) => void): () => void {
    this.followers.set(instance, onData);
    return () => this.followers.delete(instance);
  }

  lineMatcher(expression: string): (lines: readonly string[]) => boolean {
    return (lines) => lines.some((line) => line.includes(expression));
  }

  readPidFile(): Promise<PidFile> {
    return Promise.resolve(this.pidFile);
  }
}

/** As `notify-contract.test.ts` has it of all channels. */
export class HandChannel implements NotifyChannel {
  readonly held: HeldChannel;
  readonly address: string;
  /** Sent and not read. */
  readonly waiting: NotifyMessage[] = [];
  readonly #onClose: () => void;
  #take: ((message: NotifyMessage) => void) | undefined;
  #isClosed = false;

  constructor(held: HeldChannel, onClose: () => void) {
    this.held = held;
    this.address = held.address;
    this.#onClose = onClose;
  }

  listen(take: (message: NotifyMessage) => void): void {
    this.#take = take;
    this.catchUp();
  }

  catchUp(): void {
    while (this.#take !== undefined && !this.#isClosed) {
      const message = this.waiting.shift();
      if (message === undefined) return;
      this.#take(message);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onClose();
  }

  send(pid: number, text: string, uid = 0): 'sent' | 'refused' {
    if (this.#isClosed) return 'refused';
    this.waiting.push({ pid, uid, text: text.slice(0, MAX_BYTES), isCut: text.length > MAX_BYTES });
    this.catchUp();
    return 'sent';
  }
}
