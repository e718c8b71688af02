/** The prompt on a terminal that can move its cursor: editing, history, search and Tab. */

import { lineOf, typedBy } from '../../terminal/line.ts';
import { LineEditor } from '../../terminal/line-editor.ts';
import { NO_MODES } from '../../terminal/modes.ts';
import type { Holding, TerminalOwner } from '../../terminal/owner.ts';
import type { CliIo } from '../io.ts';
import { offered } from './offered.ts';
import { beginning, newer, older, type PastLine } from './past-lines.ts';
import { PROMPT, type Prompter, type PrompterUse } from './prompter.ts';
import { SearchedLine } from './searched-line.ts';

const CTRL_C = 0x03;
const CTRL_Z = 0x1a;

type Pressed = 'edit' | 'done' | 'stop';

export class LinePrompter implements Prompter {
  readonly #io: CliIo;
  readonly #use: PrompterUse;
  readonly #holding: Holding;
  readonly #editor: LineEditor;
  #asking: PromiseWithResolvers<string | undefined> | undefined;
  #search: SearchedLine | undefined;
  #past: PastLine | undefined;
  #completing: AbortController | undefined;
  #hasEnded = false;
  /** The newline behind a carriage return is part of it. */
  #wasReturn = false;

  constructor(io: CliIo, owner: TerminalOwner, use: PrompterUse) {
    this.#io = io;
    this.#use = use;
    this.#editor = new LineEditor({
      write: (text) => void io.stdout.write(text),
      columns: () => io.stdout.columns ?? 80,
      shown: (line) => {
        const search = this.#search;
        return search === undefined
          ? { prompt: PROMPT, line }
          : { prompt: search.prompt, line: lineOf(search.found) };
      },
      onKey: (key) => this.#press(key),
    });
    this.#holding = owner.take({
      modes: NO_MODES,
      onBytes: (bytes) => this.#take(bytes),
      onWaiting: (bytes) => this.#look(bytes),
      onEnd: () => {
        // The prompt would be alone on its row otherwise.
        if (this.#asking !== undefined) io.stdout.write('\n');
        this.#end();
      },
      onReturn: () => this.#redraw(),
      onResize: () => {
        this.#editor.view.resized();
        if (this.#isTyping) this.#editor.draw();
      },
      onInterrupt: () => this.#interrupt(),
    });
    this.#holding.stop();
  }

  next(): Promise<string | undefined> {
    if (this.#hasEnded) return Promise.resolve(undefined);
    const asking = Promise.withResolvers<string | undefined>();
    this.#asking = asking;
    this.#editor.view.forget();
    this.#editor.draw();
    this.#use.onAsking(true);
    this.#holding.start();
    // What was typed ahead may be all of the line.
    return asking.promise;
  }

  tell(lines: readonly string[]): void {
    // In one piece, or the line would vanish for a moment.
    this.#io.stdout.cork?.();
    this.#editor.view.hide();
    for (const line of lines) this.#io.stdout.write(`${line}\n`);
    if (this.#isTyping) this.#editor.draw();
    this.#io.stdout.uncork?.();
  }

  close(): void {
    this.#completing?.abort();
    this.#holding.release();
  }

  get #isTyping(): boolean {
    return this.#asking !== undefined;
  }

  #take(bytes: Buffer): Buffer | undefined {
    const at = bytes.lastIndexOf(CTRL_C);
    // A line that was typed ahead of it has not begun, and does not.
    if (at !== -1 && this.#search === undefined) {
      this.#interrupt();
      return bytes.subarray(at + 1);
    }
    return this.#editor.take(bytes);
  }

  /** While a command runs, or candidates for Tab are asked for: the rest waits for the prompt. */
  #look(bytes: Buffer): Buffer | undefined {
    const at = bytes.lastIndexOf(CTRL_C);
    if (at !== -1) {
      this.#interrupt();
      return bytes.subarray(at + 1);
    }
    if (!bytes.includes(CTRL_Z)) return undefined;
    this.#holding.suspend();
    return bytes.subarray(bytes.lastIndexOf(CTRL_Z) + 1);
  }

  #interrupt(): void {
    this.#holding.drop();
    if (this.#completing !== undefined) this.#completing.abort();
    else if (this.#isTyping) this.#dropLine();
    else this.#use.onInterrupt();
  }

  #dropLine(): void {
    this.#leaveSearch();
    this.#past = undefined;
    this.#editor.view.end();
    this.#editor.drop();
    this.#editor.draw();
  }

  #press(key: string): Pressed {
    const wasReturn = this.#wasReturn;
    this.#wasReturn = key === 'enter';
    if (key === 'linefeed' && wasReturn) return 'done';
    if (this.#search !== undefined && !this.#searches(this.#search, key)) return 'done';
    const isPast = key === 'up' || key === 'down' || key === 'ctrl-p' || key === 'ctrl-n';
    if (!isPast) this.#past = undefined;
    switch (key) {
      case 'enter':
      case 'linefeed':
        return this.#enter();
      case 'ctrl-c':
        this.#dropLine();
        return 'done';
      case 'ctrl-d':
        if (this.#editor.line.text !== '') return 'edit';
        this.#editor.draw();
        this.#editor.view.end();
        this.#end();
        return 'stop';
      case 'ctrl-z':
        this.#holding.suspend();
        return 'done';
      case 'ctrl-l':
        this.#io.stdout.write('\u001b[H\u001b[2J');
        this.#editor.view.forget();
        return 'done';
      case 'ctrl-r':
        this.#beginSearch();
        return 'done';
      case 'tab':
        void this.#complete();
        return 'stop';
      case 'escape':
      case 'ctrl-g':
        return 'done';
    }
    if (isPast) this.#walk(key === 'up' || key === 'ctrl-p' ? older : newer);
    return isPast ? 'done' : 'edit';
  }

  #enter(): Pressed {
    this.#editor.draw();
    this.#editor.view.end();
    const { text } = this.#editor.line;
    this.#editor.line = lineOf('', this.#editor.line);
    this.#answer(text);
    return 'stop';
  }

  #end(): void {
    this.#hasEnded = true;
    this.#completing?.abort();
    this.#answer(undefined);
  }

  #answer(line: string | undefined): void {
    const asking = this.#asking;
    this.#asking = undefined;
    this.#holding.stop();
    this.#use.onAsking(false);
    asking?.resolve(line);
  }

  #walk(step: typeof older): void {
    this.#past = step(this.#past ?? beginning(this.#editor.line.text), this.#use.newestFirst());
    this.#editor.line = lineOf(this.#past.text, this.#editor.line);
  }

  #beginSearch(): void {
    this.#use.onAsking(false);
    this.#search = new SearchedLine(this.#use.newestFirst());
  }

  #leaveSearch(): void {
    if (this.#search === undefined) return;
    this.#search = undefined;
    if (this.#isTyping) this.#use.onAsking(true);
  }

  /** @returns true where the key has a meaning of its own beside. */
  #searches(search: SearchedLine, key: string): boolean {
    const what = search.press(key, key === 'tab' ? undefined : typedBy(key));
    if (what.kind === 'searching') return false;
    if (what.kind === 'found' && what.line !== undefined) {
      this.#editor.line = lineOf(what.line, this.#editor.line);
    }
    this.#leaveSearch();
    this.#editor.draw();
    return what.kind === 'found' && !what.isTaken;
  }

  #redraw(): void {
    this.#editor.view.forget();
    if (this.#isTyping) this.#editor.draw();
  }

  /** What is typed meanwhile waits; Ctrl-C ends it. */
  async #complete(): Promise<void> {
    const completing = new AbortController();
    this.#completing = completing;
    this.#holding.stop();
    this.#editor.draw();
    const { line } = this.#editor;
    const before = line.text.slice(0, line.cursor);
    const found = await this.#use.complete(before, completing.signal);
    this.#completing = undefined;
    if (!this.#isTyping) return;
    if (completing.signal.aborted) {
      this.#holding.start();
      return;
    }
    const { added, list } = offered(found.words, found.current, this.#io.stdout.columns ?? 80);
    if (list.length > 0) this.tell([`${PROMPT}${line.text}`, ...list]);
    this.#editor.line = {
      ...line,
      text: before + added + line.text.slice(line.cursor),
      cursor: line.cursor + added.length,
    };
    this.#editor.draw();
    this.#holding.start();
  }
}
