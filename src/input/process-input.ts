/**
 * What is written to processes: for each instance one writer at a time, over all its incarnations, and no more
 * waiting than what the process has been too slow to read.
 */

import { TaskmasterError } from '../errors.ts';
import { fileSink, type OwnedSink, socketSink } from '../output/sinks/descriptor-sink.ts';
import type { Clock } from '../supervisor/ports/clock.ts';
import type { IncarnationId } from '../supervisor/ports/incarnation.ts';
import type { HeldInput, InputClaim, InputHolder, InputPort } from '../supervisor/ports/input.ts';
import type { TerminalSize } from '../supervisor/ports/kernel.ts';

/** One write is taken whatever its size (a line of the socket bounds it); more than that only while less waits. */
const MOST_WAITING_BYTES = 65_536;
/** Pseudo-terminals of ours never block: they share one line. */
const NO_DEVICE = 0;
const FIRST_SIZE: TerminalSize = { columns: 80, rows: 24 };

export interface InputPorts {
  readonly clock: Pick<Clock, 'after'>;
  /** ioctl_tty(2), TIOCSWINSZ. */
  readonly resizeTerminal: (fd: number, size: TerminalSize) => void;
}

/** Our end of one incarnation's input. */
interface Channel {
  readonly incarnation: number;
  readonly kind: 'pipe' | 'terminal';
  readonly fd: number;
  readonly sink: OwnedSink;
  readonly waiting: Write[];
  waitingBytes: number;
  isEnded: boolean;
}

interface Write {
  readonly bytes: Uint8Array;
  readonly end: boolean;
  readonly settle: (error: TaskmasterError | undefined) => void;
}

interface Inlet {
  instance: string;
  channel: Channel | undefined;
  holder: { readonly who: InputHolder; readonly onLost: (to: InputHolder) => void } | undefined;
  size: TerminalSize;
}

export class ProcessInput implements InputPort {
  readonly #ports: InputPorts;
  readonly #inlets = new Map<string, Inlet>();

  constructor(ports: InputPorts) {
    this.#ports = ports;
  }

  terminalSize(instance: string): TerminalSize {
    return this.#inlets.get(instance)?.size ?? FIRST_SIZE;
  }

  attach({ instance, incarnation }: IncarnationId, fd: number, kind: 'pipe' | 'terminal'): void {
    const inlet = this.#inletOf(instance);
    this.#close(inlet);
    // A terminal that is full has no event that tells of room (and libuv would spin on it): it is tried again.
    const sink = kind === 'pipe' ? socketSink(fd) : fileSink({ fd, dev: NO_DEVICE }, this.#ports.clock);
    inlet.channel = { incarnation, kind, fd, sink, waiting: [], waitingBytes: 0, isEnded: false };
  }

  held(instance: string): HeldInput | undefined {
    const { channel, size } = this.#inlets.get(instance) ?? {};
    if (channel === undefined || size === undefined || channel.isEnded) return undefined;
    return { fd: channel.fd, kind: channel.kind, size };
  }

  adopt(id: IncarnationId, { fd, kind, size }: HeldInput): void {
    this.#inletOf(id.instance).size = size;
    this.attach(id, fd, kind);
  }

  release({ instance, incarnation }: IncarnationId): void {
    const inlet = this.#inlets.get(instance);
    if (inlet?.channel?.incarnation === incarnation) this.#close(inlet);
  }

  rename(from: string, to: string): void {
    const inlet = this.#inlets.get(from);
    if (inlet === undefined) return;
    this.#inlets.delete(from);
    inlet.instance = to;
    this.#inlets.set(to, inlet);
  }

  forget(instance: string): void {
    const inlet = this.#inlets.get(instance);
    if (inlet !== undefined) this.#close(inlet);
    this.#inlets.delete(instance);
  }

  /**
   * Makes the caller the one writer. Throws `action-failed` with details `{uid, pid}` where there is one already,
   * unless `steal`: then that one is told by its `onLost`.
   */
  claim(
    instance: string,
    who: InputHolder,
    options: { readonly steal: boolean; readonly onLost: (to: InputHolder) => void },
  ): InputClaim {
    const inlet = this.#inletOf(instance);
    const before = inlet.holder;
    if (before !== undefined && !options.steal) throw alreadyHeld(instance, before.who);
    const holder = { who, onLost: options.onLost };
    inlet.holder = holder;
    before?.onLost(who);
    return {
      write: (bytes, end) => {
        if (inlet.holder !== holder) return Promise.reject(takenOver(instance, inlet.holder?.who));
        return this.#write(inlet, bytes, end);
      },
      resize: (size) => {
        if (inlet.holder === holder) this.#resize(inlet, size);
      },
      release: () => {
        if (inlet.holder === holder) inlet.holder = undefined;
      },
    };
  }

  #inletOf(instance: string): Inlet {
    const known = this.#inlets.get(instance);
    if (known !== undefined) return known;
    const made: Inlet = { instance, channel: undefined, holder: undefined, size: FIRST_SIZE };
    this.#inlets.set(instance, made);
    return made;
  }

  #write({ instance, channel }: Inlet, bytes: Uint8Array, end: boolean): Promise<void> {
    if (channel === undefined) return Promise.reject(notRunning(instance));
    if (channel.isEnded) {
      return Promise.reject(cannotWrite(instance, 'its standard input was closed; a restart reopens it'));
    }
    if (channel.waitingBytes > 0 && channel.waitingBytes + bytes.length > MOST_WAITING_BYTES) {
      const why = `it does not read: ${channel.waitingBytes} bytes wait already`;
      return Promise.reject(cannotWrite(instance, why));
    }
    return new Promise((resolve, reject) => {
      const settle = (error: TaskmasterError | undefined): void => (error ? reject(error) : resolve());
      channel.waiting.push({ bytes, end, settle });
      channel.waitingBytes += bytes.length;
      channel.isEnded ||= end && channel.kind === 'pipe';
      if (channel.waiting.length === 1) this.#pump(instance, channel);
    });
  }

  /** One write after the other. The first in the queue is the one under way. */
  #pump(instance: string, channel: Channel): void {
    const next = channel.waiting[0];
    if (next === undefined) return;
    const done = (error: Error | null): void => {
      // It has ended meanwhile, and its waiting writes have been answered.
      if (channel.waiting[0] !== next) return;
      channel.waiting.shift();
      channel.waitingBytes -= next.bytes.length;
      if (error === null && next.end && channel.kind === 'pipe') channel.sink.close();
      next.settle(
        error === null ? undefined : cannotWrite(instance, 'it has ended or closed its standard input'),
      );
      this.#pump(instance, channel);
    };
    if (next.bytes.length === 0) done(null);
    else channel.sink.write(Buffer.from(next.bytes), done);
  }

  #resize(inlet: Inlet, size: TerminalSize): void {
    inlet.size = size;
    if (inlet.channel?.kind === 'terminal') this.#ports.resizeTerminal(inlet.channel.fd, size);
  }

  #close(inlet: Inlet): void {
    const { channel, instance } = inlet;
    if (channel === undefined) return;
    inlet.channel = undefined;
    channel.sink.close();
    for (const write of channel.waiting.splice(0)) write.settle(notRunning(instance));
  }
}

function alreadyHeld(instance: string, { uid, pid }: InputHolder): TaskmasterError {
  const why = `uid ${uid} (pid ${pid}) writes to it already; attach --stdin --steal takes over`;
  return cannotWrite(instance, why, { uid, pid });
}

function takenOver(instance: string, by: InputHolder | undefined): TaskmasterError {
  return cannotWrite(
    instance,
    by === undefined ? 'you gave it up' : `uid ${by.uid} (pid ${by.pid}) has taken over`,
  );
}

function notRunning(instance: string): TaskmasterError {
  return new TaskmasterError(
    'not-running',
    `cannot write to ${instance}: it does not run; what was written is lost`,
  );
}

function cannotWrite(
  instance: string,
  why: string,
  details: Readonly<Record<string, unknown>> = {},
): TaskmasterError {
  return new TaskmasterError('action-failed', `cannot write to ${instance}: ${why}`, { details });
}
