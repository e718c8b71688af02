/**
 * The one owner of the terminal: its modes, what is typed, and the signals that concern it. Anyone who wants the terminal
 * puts a layer on those that have it already; the topmost has the keys, and its modes are in effect. Raw mode begins
 * with the first layer and ends with the last: in between there is no moment in which the kernel would edit lines or
 * turn keys into signals. Whatever way this program ends or stops, the terminal is given back first.
 */

import { INTERRUPTED } from '../exit-codes.ts';
import { NO_MODES, type OwnModes, switchModes } from './modes.ts';
import type { TerminalPorts } from './ports.ts';

export interface Layer {
  readonly modes: OwnModes;
  /** The kernel edits lines and makes signals of keys, as for a program that knows nothing of terminals. */
  readonly isCooked?: boolean;
  /** Nothing that is typed could be for it: what is typed is left to others. */
  readonly readsNothing?: boolean;
  /** @returns what is not taken: it stays until `start`, or goes to the next that has the keys. */
  readonly onBytes: (bytes: Buffer) => Buffer | undefined;
  /** Something is typed while it takes nothing. @returns what is to wait in place of all that does, if not all of it. */
  readonly onWaiting?: (bytes: Buffer) => Buffer | undefined;
  /** Nothing more comes: the terminal has hung up, or Ctrl-D in cooked mode. */
  readonly onEnd: () => void;
  /** It is ours again, after a stop or after a layer above: what it shows is not known. */
  readonly onReturn: () => void;
  /** The size is another. */
  readonly onResize?: () => void;
  /** SIGINT, from elsewhere than the keys. Without it, it ends the program. */
  readonly onInterrupt?: () => void;
  /** What the layer has put on the terminal beside its modes, taken back, and put there again. */
  readonly undo?: () => string;
  readonly redo?: () => string;
}

/** More is not read: who types or pastes waits. */
const MAX_WAITING = 1_048_576;
export const FATAL_SIGNALS = { SIGHUP: 129, SIGQUIT: 131, SIGTERM: 143 } as const;
const NOT_STOPPED_MS = 100;

export class Holding {
  readonly layer: Layer;
  modes: OwnModes;
  takes = true;
  readonly #owner: TerminalOwner;

  constructor(owner: TerminalOwner, layer: Layer) {
    this.#owner = owner;
    this.layer = layer;
    this.modes = layer.modes;
  }

  /** Takes nothing more until `start`; what is typed waits. */
  stop(): void {
    this.takes = false;
    this.#owner.pump();
  }

  start(): void {
    this.takes = true;
    this.#owner.pump();
  }

  /** What was taken after all belongs to the one that has the keys next. */
  unread(bytes: Buffer): void {
    this.#owner.unread(bytes);
  }

  /** Nothing more can be typed. */
  get hasEnded(): boolean {
    return this.#owner.hasEnded;
  }

  /** What waits is not wanted any more. */
  drop(): void {
    this.#owner.drop();
  }

  /** @param write shows them: after what was written before */
  useModes(modes: OwnModes, write: (sequences: string) => void): void {
    const sequences = switchModes(this.modes, modes);
    this.modes = modes;
    if (sequences !== '') write(sequences);
  }

  /** As Ctrl-Z does for a program in cooked mode; returns when it goes on. */
  suspend(): void {
    this.#owner.suspend('group');
  }

  /** As Ctrl-\ does. */
  quit(): void {
    this.#owner.leave(FATAL_SIGNALS.SIGQUIT);
  }

  release(): void {
    this.#owner.release(this);
  }
}

export class TerminalOwner {
  readonly #ports: TerminalPorts;
  readonly #layers: Holding[] = [];
  readonly #undo: (() => void)[] = [];
  #queue: Buffer = Buffer.alloc(0);
  #isRaw = false;
  #isPumping = false;
  #hasEnded = false;
  /** Standard input is listened to; untouched otherwise, for even a look at it makes Node read. */
  #reads = false;
  /** Of what was put on the terminal nothing is left: somebody else has it, or nobody. */
  #isAway = true;

  constructor(ports: TerminalPorts) {
    this.#ports = ports;
  }

  get isTerminal(): boolean {
    return this.#ports.input.isTTY === true;
  }

  /** To write to by oneself, without waiting. */
  get fd(): number | undefined {
    return this.#ports.fd;
  }

  /** Nothing more can be typed. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  take(layer: Layer): Holding {
    const before = this.#layers.at(-1);
    const holding = new Holding(this, layer);
    if (before === undefined) this.#begin(layer);
    this.#show((before?.layer.undo?.() ?? '') + switchModes(before?.modes ?? NO_MODES, holding.modes));
    this.#layers.push(holding);
    this.#isAway = false;
    this.#useLineMode();
    // Who takes it has a holding by then.
    if (this.#queue.length > 0) setImmediate(() => this.pump());
    return holding;
  }

  release(holding: Holding): void {
    const at = this.#layers.indexOf(holding);
    if (at === -1) return;
    const isTop = at === this.#layers.length - 1;
    this.#layers.splice(at, 1);
    const next = this.#layers.at(-1);
    if (!isTop) return;
    const undo = holding.layer.undo?.() ?? '';
    this.#show(undo + switchModes(holding.modes, next?.modes ?? NO_MODES) + (next?.layer.redo?.() ?? ''));
    if (next === undefined) {
      this.#end();
      return;
    }
    this.#useLineMode();
    next.layer.onReturn();
    setImmediate(() => this.pump());
  }

  unread(bytes: Buffer): void {
    this.#queue = Buffer.concat([bytes, this.#queue]);
  }

  drop(): void {
    this.#queue = Buffer.alloc(0);
  }

  pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      while (this.#queue.length > 0 && this.#layers.at(-1)?.takes === true) {
        const bytes = this.#queue;
        this.#queue = Buffer.alloc(0);
        const rest = this.#layers.at(-1)?.layer.onBytes(bytes);
        if (rest !== undefined && rest.length > 0) this.unread(rest);
        if (rest !== undefined && rest.length === bytes.length) break;
      }
    } finally {
      this.#isPumping = false;
    }
    this.#readOn();
  }

  /** Keys are read ahead, as long as there is room: Ctrl-C may be among them. */
  #readOn(): void {
    const top = this.#layers.at(-1);
    if (top === undefined || this.#hasEnded || top.layer.readsNothing === true) return;
    const hasRoom = this.isTerminal ? this.#queue.length < MAX_WAITING : top.takes;
    if (hasRoom) this.#ports.input.resume();
    else this.#ports.input.pause();
  }

  /**
   * Gives the terminal back and stops; it is taken again at SIGCONT. Where nobody could continue us (below `docker exec`,
   * say) nothing happens.
   */
  suspend(whom: 'group' | 'self'): void {
    if (!this.#ports.canStop()) return;
    this.#giveBack();
    this.#setRaw(false);
    this.#ports.stop(whom);
    // For one who was not stopped after all.
    setTimeout(() => {
      if (this.#isAway) this.#return();
    }, NOT_STOPPED_MS).unref();
  }

  /** The terminal is given back, and the program ends at once. */
  leave(code: number): void {
    this.#giveBack();
    this.#ports.exit(code);
  }

  #begin(first: Layer): void {
    const { input, output, signals } = this.#ports;
    for (const [signal, code] of Object.entries(FATAL_SIGNALS)) {
      this.#undo.push(signals(signal, () => this.leave(code)));
    }
    this.#undo.push(
      signals('SIGINT', () => this.#interrupt()),
      signals('SIGTSTP', () => this.suspend('self')),
      // Something stopped us that nobody can catch; a shell has had the terminal meanwhile.
      signals('SIGCONT', () => this.#return()),
      signals('exit', () => this.#giveBack()),
      listen(output, 'resize', () => this.#layers.at(-1)?.layer.onResize?.()),
    );
    if (first.readsNothing === true) return;
    this.#reads = true;
    this.#undo.push(
      listen(input, 'data', (chunk: Buffer | string) => this.#take(Buffer.from(chunk as string))),
      listen(input, 'end', () => this.#takeEnd()),
      listen(input, 'error', () => this.#takeEnd()),
    );
    input.resume();
  }

  #end(): void {
    for (const undo of this.#undo.splice(0)) undo();
    this.#setRaw(false);
    this.#isAway = true;
    if (this.#reads) this.#ports.input.pause();
    this.#reads = false;
  }

  #take(bytes: Buffer): void {
    const top = this.#layers.at(-1);
    this.#queue = this.#queue.length === 0 ? bytes : Buffer.concat([this.#queue, bytes]);
    const instead = top?.takes === false ? top.layer.onWaiting?.(bytes) : undefined;
    if (instead !== undefined) this.#queue = instead;
    this.pump();
  }

  #takeEnd(): void {
    this.#hasEnded = true;
    // What was typed before it comes first.
    this.pump();
    this.#layers.at(-1)?.layer.onEnd();
  }

  #interrupt(): void {
    const listener = this.#layers.at(-1)?.layer.onInterrupt;
    if (listener === undefined) this.leave(INTERRUPTED);
    else listener();
  }

  #giveBack(): void {
    const top = this.#layers.at(-1);
    if (top === undefined || this.#isAway) return;
    this.#isAway = true;
    const sequences = (top.layer.undo?.() ?? '') + switchModes(top.modes, NO_MODES);
    // Node puts line mode back when it ends, and does not wait for the terminal then.
    if (sequences !== '') this.#ports.writeNow(sequences);
  }

  #return(): void {
    const top = this.#layers.at(-1);
    if (top === undefined) return;
    this.#isAway = false;
    // What the kernel has is not what Node remembers.
    this.#setRaw(false);
    this.#useLineMode();
    this.#show(switchModes(NO_MODES, top.modes) + (top.layer.redo?.() ?? ''));
    this.#ports.askSize();
    top.layer.onReturn();
  }

  #useLineMode(): void {
    const top = this.#layers.at(-1)?.layer;
    if (top?.readsNothing !== true) this.#setRaw(top?.isCooked !== true);
  }

  #setRaw(isRaw: boolean): void {
    if (isRaw === this.#isRaw) return;
    this.#isRaw = isRaw;
    try {
      this.#ports.input.setRawMode?.(isRaw);
    } catch {
      // It has hung up.
    }
  }

  /** In its place in what is written. */
  #show(sequences: string): void {
    if (sequences !== '') this.#ports.show(sequences);
  }
}

function listen(
  emitter: NodeJS.EventEmitter,
  event: string,
  listener: (...values: never[]) => void,
): () => void {
  emitter.on(event, listener as (...values: unknown[]) => void);
  return () => void emitter.off(event, listener as (...values: unknown[]) => void);
}
