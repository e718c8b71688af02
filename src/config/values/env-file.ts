/** Files of environment variables: `NAME=value` lines, as Docker and systemd read them. */

export interface EnvFileProblem {
  /** Offset in the text. */
  readonly offset: number;
  readonly message: string;
  readonly hint?: string;
}

export interface ParsedEnvFile {
  readonly variables: ReadonlyMap<string, string>;
  readonly problems: readonly EnvFileProblem[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const MAX_PROBLEMS = 20;
/** White space, `export`, a name, and what follows it: `=`, or the end of the line. */
const NAME = /[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*(?:=[ \t]*|(?<=[ \t])(?=#)|(?=\n|$))/y;
const BLANK = /[ \t\r]*(?:#.*)?(?:\n|$)/y;
const QUOTED = /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"/y;
/** A # begins a comment after white space only. */
const UNQUOTED = /(?:[^\n#](?:[^\n#]|(?<=\S)#)*)?/y;

/**
 * One variable a line, `export` before it allowed; blank lines and lines that begin with # are skipped. A value is
 * taken as it stands up to a # after white space; '…' is literal; "…" knows \n, \t, \r, \", \\, \$ and \`; both may span
 * lines. Nothing is expanded. A name alone takes its value from `environment`, if it is there. The last of two equal
 * names wins.
 */
export function parseEnvFile(text: string, environment: Environment = {}): ParsedEnvFile {
  const variables = new Map<string, string>();
  const problems: EnvFileProblem[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  const skipLine = (): void => {
    const end = text.indexOf('\n', at);
    at = end === -1 ? text.length : end + 1;
  };
  /** What comes after it is read on from the next line. */
  const report = (offset: number, message: string, hint?: string): void => {
    problems.push({ offset, message, ...(hint !== undefined && { hint }) });
    skipLine();
  };
  while (at < text.length && problems.length < MAX_PROBLEMS) {
    if (take(BLANK) !== null) continue;
    const start = at + text.slice(at).search(/\S/);
    const name = take(NAME)?.[1];
    if (name === undefined) {
      const end = text.indexOf('\n', start);
      const line = text.slice(start, end === -1 ? undefined : end);
      const found = JSON.stringify(line.trimEnd().slice(0, 40));
      report(start, `${found} is not a variable`, 'write NAME=value; comments start with #');
      continue;
    }
    if (!text.slice(start, at).includes('=')) {
      const inherited = Object.hasOwn(environment, name) ? environment[name] : undefined;
      if (inherited !== undefined) variables.set(name, inherited);
      skipLine();
      continue;
    }
    const valueAt = at;
    const quote = text.charAt(at);
    const isQuoted = quote === "'" || quote === '"';
    const match = take(isQuoted ? QUOTED : UNQUOTED);
    if (match === null) {
      report(
        valueAt,
        `the ${quote} of ${name} is not closed`,
        'a quoted value may span lines, up to the next quote',
      );
      continue;
    }
    const value = isQuoted ? (match[1] ?? unescaped(match[2] ?? '')) : match[0].trim();
    const nul = text.slice(valueAt, at).indexOf('\0');
    if (nul !== -1) report(valueAt + nul, 'contains a NUL character');
    else if (take(BLANK) === null)
      report(at, `something follows the value of ${name}`, 'quote a value as a whole or not at all');
    else variables.set(name, value);
  }
  return { variables, problems };
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

function unescaped(text: string): string {
  return text.replace(
    /\\([\s\S])/g,
    (whole, char: string) => ESCAPES[char] ?? (/["\\$`]/.test(char) ? char : whole),
  );
}
