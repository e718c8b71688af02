/** The code of taskshell's commands in the engine: loaded at the first use, and given back when nobody has used it for long. */

import type { RunVerb } from '../rpc/server/verb-run.ts';
import type { Cancel, Clock } from '../supervisor/ports/clock.ts';

/** Longer than most intervals of health checks. */
const KEPT_MS = 60_000;

export class KeptVerbs {
  #runVerb: Promise<RunVerb> | undefined;
  readonly #clock: Pick<Clock, 'after'>;
  #cancel: Cancel | undefined;

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  load(): Promise<RunVerb> {
    this.#runVerb ??= import('./shell.ts').then(({ runVerb }) => runVerb);
    this.#cancel?.();
    this.#cancel = this.#clock.after(KEPT_MS, () => {
      this.#runVerb = undefined;
    });
    return this.#runVerb;
  }
}
