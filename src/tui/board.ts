/** The board at work: messages change the model, the model is drawn when the terminal has room for it. */

import type { ConnectOptions, RpcClient } from '../rpc/client/client.ts';
import type { TerminalOwner } from '../terminal/owner.ts';
import { EngineSession } from './ends/engine-session.ts';
import { type BoardOutput, Terminal } from './ends/terminal.ts';
import { initialModel, type Message, type Model } from './model/model.ts';
import { update } from './model/update.ts';
import type { Grid } from './screen/cells.ts';
import { paint } from './screen/paint.ts';
import { view } from './view/view.ts';

/** Quicker than this nobody sees. */
const FRAME_MS = 33;
const TICK_MS = 1_000;

export interface BoardParts {
  readonly client: RpcClient;
  readonly options: ConnectOptions;
  /** Made when the engine has been asked: Node takes milliseconds for them. */
  readonly terminal: () => TerminalOwner;
  readonly output: () => BoardOutput;
  readonly hasColour: boolean;
  readonly hasMouse: boolean;
  /** Has the terminal until somebody detaches. @returns what is to be told of it */
  readonly attach: (name: string) => Promise<{ readonly isWell: boolean; readonly text: string }>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Runs until somebody leaves. @returns the exit code */
export function runBoard(parts: BoardParts): Promise<number> {
  return new Promise((resolve) => new Board(parts, resolve).begin());
}

class Board {
  readonly #parts: BoardParts;
  readonly #done: (code: number) => void;
  readonly #terminal: Terminal;
  readonly #session: EngineSession;
  #model: Model;
  /** What the terminal shows; undefined: nobody knows. */
  #shown: Grid | undefined;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #frameTimer: NodeJS.Timeout | undefined;
  #firstFrame: NodeJS.Immediate | undefined;
  #ticker: NodeJS.Timeout | undefined;
  /** Something has changed since the last frame. */
  #isDirty = false;

  constructor(parts: BoardParts, done: (code: number) => void) {
    this.#parts = parts;
    this.#done = done;
    this.#session = new EngineSession(parts.client, parts.options, (message) => this.#dispatch(message));
    this.#session.begin();
    this.#terminal = new Terminal(parts.terminal(), parts.output(), {
      onTyped: (typed) => this.#dispatch(typed),
      onResize: () => {
        this.#shown = undefined;
        this.#dispatch({ kind: 'resized', size: this.#terminal.size });
      },
      onReady: () => {
        if (this.#isDirty) this.#plan();
      },
      onLeave: (code) => this.#leave(code),
    });
    this.#model = { ...initialModel(this.#terminal.size, parts.now()), hasMouse: parts.hasMouse };
    this.#terminal.useMouse(parts.hasMouse);
  }

  begin(): void {
    this.#terminal.open();
    this.#ticker = setInterval(() => {
      this.#terminal.askSize();
      this.#dispatch({ kind: 'ticked' });
    }, TICK_MS);
  }

  #dispatch(message: Message): void {
    const { model, requests } = update({ ...this.#model, now: this.#parts.now() }, message);
    this.#model = model;
    for (const request of requests) {
      if (request.kind === 'leave') {
        this.#leave(request.code);
        return;
      }
      if (request.kind === 'mouse') this.#terminal.useMouse(request.isOn);
      else if (request.kind === 'attach') void this.#attach(request.name);
      else this.#session.request(request);
    }
    this.#isDirty = true;
    this.#plan();
  }

  /** At once where the last frame is a while ago, or else when its time has come. */
  #plan(): void {
    if (this.#frameTimer !== undefined || !this.#terminal.isReady) return;
    if (this.#shown === undefined) {
      // A person waits for it, and a timer would let a millisecond go by.
      this.#firstFrame ??= setImmediate(() => this.#draw());
      return;
    }
    const wait = Math.max(0, this.#drawnAt + FRAME_MS - this.#parts.now());
    this.#frameTimer = setTimeout(() => this.#draw(), wait);
  }

  #draw(): void {
    this.#frameTimer = undefined;
    this.#firstFrame = undefined;
    if (!this.#terminal.isReady) return;
    this.#isDirty = false;
    this.#drawnAt = this.#parts.now();
    const grid = view(this.#model);
    const bytes = paint(this.#shown, grid, this.#parts.hasColour);
    this.#shown = grid;
    if (bytes !== '') this.#terminal.write(bytes);
  }

  async #attach(name: string): Promise<void> {
    // What is typed from here on is for the process. The engine is heard meanwhile; nothing is drawn while it is lent.
    this.#terminal.lend();
    const { isWell, text } = await this.#parts.attach(name);
    this.#dispatch({ kind: 'told', tone: isWell ? 'good' : 'bad', text });
    this.#terminal.takeBack();
  }

  #leave(code: number): void {
    clearInterval(this.#ticker);
    clearTimeout(this.#frameTimer);
    clearImmediate(this.#firstFrame);
    this.#terminal.close();
    this.#session.close();
    this.#done(code);
  }
}
