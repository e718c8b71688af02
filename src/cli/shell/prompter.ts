/** Where the shell's lines come from. */

export interface PrompterUse {
  readonly newestFirst: () => readonly string[];
  /**
   * What Tab offers.
   * @returns whole words in the place of `current`, the last one of the text
   */
  readonly complete: (
    text: string,
    signal: AbortSignal,
  ) => Promise<{ words: readonly string[]; current: string }>;
  /** Ctrl-C while a command runs. */
  readonly onInterrupt: () => void;
  /** Somebody types, and what happens may be told above that; or a search has the line, and nothing may. */
  readonly onAsking: (isAsking: boolean) => void;
}

export interface Prompter {
  /** Shows the prompt. @returns the next line; undefined: there are no more. */
  next(): Promise<string | undefined>;
  /** Above the line being typed. */
  tell(lines: readonly string[]): void;
  close(): void;
}

export const PROMPT = 'taskshell> ';
