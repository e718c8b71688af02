/** The words after `taskmaster engine start` and `taskmaster engine check`. */

export interface EngineWords {
  readonly paths: readonly string[];
  readonly replaces: boolean;
  /** Of a check only. */
  readonly asksForSecurity: boolean;
  readonly asJson: boolean;
  /** Undefined: TASKMASTER_PROFILES decides. */
  readonly profiles: readonly string[] | undefined;
}

/** @returns undefined for a flag that is unknown or has no value, and for `--help`. */
export function engineWords(words: readonly string[]): EngineWords | undefined {
  const paths: string[] = [];
  const profiles: string[] = [];
  let replaces = false;
  let asksForSecurity = false;
  let asJson = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, inline] = /^--profile=(.*)$/s.exec(word) ?? [];
    const profile = word === '--profile' ? words[++at] : inline;
    if (profile !== undefined && profile !== '') profiles.push(profile);
    else if (word === '--replace') replaces = true;
    else if (word === '--security') asksForSecurity = true;
    else if (word === '--json') asJson = true;
    else if (word.startsWith('-')) return undefined;
    else paths.push(word);
  }
  return { paths, replaces, asksForSecurity, asJson, profiles: profiles.length === 0 ? undefined : profiles };
}
