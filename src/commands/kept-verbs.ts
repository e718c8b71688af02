/** The code of taskshell's commands in the engine: loaded at the first use, and given back when nobody has used it for long. */

import type { RunVerb } from '../rpc/server/verb-run.ts';

/** Longer than most intervals of health checks. */
const KEPT_MS = 60_000;

export class KeptVerbs {
  #runVerb: Promise<RunVerb> | undefined;
  #timer: NodeJS.Timeout | undefined;

  load(): Promise<RunVerb> {
    this.#runVerb ??= import('./shell.ts').then(({ runVerb }) => runVerb);
    this.#timer ??= setTimeout(() => {
      this.#runVerb = undefined;
      this.#timer = undefined;
    }, KEPT_MS).unref();
    this.#timer.refresh();
    return this.#runVerb;
  }
}
