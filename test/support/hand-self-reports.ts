/** Programs that say of themselves what the test says. */

import type {
  NotifyChannel,
  NotifyMessage,
  PidFile,
  SelfReportPort,
} from '../../src/supervisor/ports/self-reports.ts';

export class HandSelfReports implements SelfReportPort {
  readonly ownUid = 0;
  /** Of channels that are open, by the key of their instance. */
  readonly channels = new Map<string, HandChannel>();
  pidFile: PidFile = { kind: 'missing' };
  failure: string | undefined;

  openChannel(key: string): NotifyChannel | string {
    if (this.failure !== undefined) return this.failure;
    const channel = new HandChannel(() => this.channels.delete(key));
    this.channels.set(key, channel);
    return channel;
  }

  readPipe(): () => void {
    return () => {};
  }

  followOutput(): () => void {
    return () => {};
  }

  lineMatcher(): () => boolean {
    return () => false;
  }

  readPidFile(): Promise<PidFile> {
    return Promise.resolve(this.pidFile);
  }
}

export class HandChannel implements NotifyChannel {
  readonly address = '@test';
  /** Sent and not read. */
  readonly waiting: NotifyMessage[] = [];
  readonly #onClose: () => void;
  #take: ((message: NotifyMessage) => void) | undefined;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  listen(take: (message: NotifyMessage) => void): void {
    this.#take = take;
  }

  catchUp(): void {
    for (const message of this.waiting.splice(0)) this.#take?.(message);
  }

  close(): void {
    this.#onClose();
  }

  send(pid: number, text: string, uid = 0): void {
    this.waiting.push({ pid, uid, text, isCut: false });
    this.catchUp();
  }
}
