/** Up and Down at the prompt: through the lines typed before that begin as the one being typed. Pure. */

export interface PastLine {
  readonly text: string;
  /** In `newestFirst`; -1: the line being typed. */
  readonly at: number;
  /** What was being typed. */
  readonly own: string;
}

export function beginning(text: string): PastLine {
  return { text, at: -1, own: text };
}

export function older(past: PastLine, newestFirst: readonly string[]): PastLine {
  const at = newestFirst.findIndex((line, index) => index > past.at && line.startsWith(past.own));
  return at === -1 ? past : { ...past, text: newestFirst[at] ?? '', at };
}

export function newer(past: PastLine, newestFirst: readonly string[]): PastLine {
  const at = newestFirst.slice(0, Math.max(0, past.at)).findLastIndex((line) => line.startsWith(past.own));
  return at === -1 ? beginning(past.own) : { ...past, text: newestFirst[at] ?? '', at };
}
