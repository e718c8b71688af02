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

const MAX_PROBLEMS = 20;
const LINE = /^[ \t]*(?:export[ \t]+)?([^=\s#'"][^=]*?)[ \t]*=[ \t]*(.*)$/;

/**
 * One variable a line, `export` before it allowed; blank lines and lines that begin with # are skipped. A value is
 * taken as it stands up to a # after white space; '…' is literal; "…" knows \n, \t, \r, \", \\ and \$. Nothing is
 * expanded. The last of two equal names wins.
 */
export function parseEnvFile(text: string): ParsedEnvFile {
  const variables = new Map<string, string>();
  const problems: EnvFileProblem[] = [];
  let offset = 0;
  for (const line of text.split('\n')) {
    const read = readLine(line);
    if (read.kind === 'variable') variables.set(read.name, read.value);
    else if (read.kind === 'problem') problems.push({ offset: offset + read.column, ...read.said });
    if (problems.length >= MAX_PROBLEMS) break;
    offset += line.length + 1;
  }
  return { variables, problems };
}

type EnvLine =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'variable'; readonly name: string; readonly value: string }
  | {
      readonly kind: 'problem';
      readonly column: number;
      readonly said: { readonly message: string; readonly hint?: string };
    };

function readLine(line: string): EnvLine {
  if (/^\s*(#|$)/.test(line)) return { kind: 'nothing' };
  const column = line.search(/\S/);
  const nul = line.indexOf('\0');
  if (nul !== -1) return { kind: 'problem', column: nul, said: { message: 'contains a NUL character' } };
  const match = LINE.exec(line);
  const name = match?.[1];
  if (match === null || name === undefined || !/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) {
    const found = JSON.stringify(line.trim().slice(0, 40));
    return {
      kind: 'problem',
      column,
      said: { message: `${found} is no variable`, hint: 'write NAME=value; comments start with #' },
    };
  }
  const raw = match[2] ?? '';
  const value = readValue(raw.trimEnd());
  if (value !== undefined) return { kind: 'variable', name, value };
  return {
    kind: 'problem',
    column: line.length - raw.length,
    said: {
      message: `the quotes of ${name} are not closed, or something follows them`,
      hint: 'a value stands on one line; quote it as a whole or not at all',
    },
  };
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

function readValue(raw: string): string | undefined {
  if (raw.startsWith("'")) return /^'([^']*)'\s*(#.*)?$/.exec(raw)?.[1];
  if (raw.startsWith('"')) {
    const inner = /^"((?:[^"\\]|\\.)*)"\s*(#.*)?$/.exec(raw)?.[1];
    return inner?.replace(
      /\\(.)/g,
      (whole, char: string) => ESCAPES[char] ?? (/["\\$`]/.test(char) ? char : whole),
    );
  }
  return raw.replace(/(^|\s+)#.*$/, '');
}
