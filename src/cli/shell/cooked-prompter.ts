/** The prompt on a terminal that cannot move its cursor (TERM=dumb, or none): the kernel edits the line. */

import { StringDecoder } from 'node:string_decoder';
import { NO_MODES } from '../../terminal/modes.ts';
import type { Holding, TerminalOwner } from '../../terminal/owner.ts';
import type { CliIo } from '../io.ts';
import { PROMPT, type Prompter, type PrompterUse } from './prompter.ts';

const NEWLINE = 0x0a;

export class CookedPrompter implements Prompter {
  readonly #io: CliIo;
  readonly #use: PrompterUse;
  readonly #holding: Holding;
  readonly #decoder = new StringDecoder();
  #asking: PromiseWithResolvers<string | undefined> | undefined;
  #line = '';

  constructor(io: CliIo, owner: TerminalOwner, use: PrompterUse) {
    this.#io = io;
    this.#use = use;
    this.#holding = owner.take({
      modes: NO_MODES,
      isCooked: true,
      onBytes: (bytes) => this.#take(bytes),
      onEnd: () => this.#end(),
      onReturn: () => {
        if (this.#asking !== undefined) io.stdout.write(PROMPT);
      },
      onInterrupt: () => this.#interrupt(),
    });
    this.#holding.stop();
  }

  async next(): Promise<string | undefined> {
    if (this.#holding.hasEnded) return undefined;
    this.#io.stdout.write(PROMPT);
    const asking = Promise.withResolvers<string | undefined>();
    this.#asking = asking;
    this.#holding.start();
    return asking.promise;
  }

  tell(lines: readonly string[]): void {
    for (const line of lines) this.#io.stdout.write(`${line}\n`);
  }

  close(): void {
    this.#holding.release();
  }

  #take(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf(NEWLINE);
    this.#line += this.#decoder.write(end === -1 ? bytes : bytes.subarray(0, end));
    if (end === -1) return undefined;
    const line = this.#line.replace(/\r$/, '');
    this.#line = '';
    this.#answer(line);
    return bytes.subarray(end + 1);
  }

  #end(): void {
    this.#io.stdout.write('\n');
    this.#answer(this.#line === '' ? undefined : this.#line);
  }

  #answer(line: string | undefined): void {
    const asking = this.#asking;
    this.#asking = undefined;
    this.#holding.stop();
    asking?.resolve(line);
  }

  /** The kernel has dropped the line, and shows ^C. */
  #interrupt(): void {
    this.#holding.drop();
    this.#line = '';
    if (this.#asking === undefined) this.#use.onInterrupt();
    else this.#io.stdout.write(`\n${PROMPT}`);
  }
}
