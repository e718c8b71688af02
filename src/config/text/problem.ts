/** What is wrong with a configuration, where, and what would be right. */

export interface Problem {
  /** Path of the file as it was opened. */
  readonly file: string;
  /** From 1; 0 where the file as a whole is meant. */
  readonly line: number;
  /** From 1, in UTF-16 units; 0 where the line as a whole is meant. */
  readonly column: number;
  /** The key in dotted form, `processes.web.cmd`; empty where none is meant. */
  readonly key: string;
  /** What is wrong, naming what was found; one sentence without a full stop. */
  readonly message: string;
  /** What would have been right: `a duration: …`. */
  readonly expected?: string;
  /** What to do: `did you mean "workingdir"?`. */
  readonly hint?: string;
  /** The line itself, for the excerpt. */
  readonly excerpt?: string;
}

/** Longer excerpts are cut around the place that is meant. */
const EXCERPT_WIDTH = 100;

/** @returns the problem as one block of plain text, without a newline at its end. */
export function renderProblem(problem: Problem): string {
  const lines = [headline(problem)];
  if (problem.excerpt !== undefined && problem.excerpt.trim() !== '') {
    const { shown, caretAt } = cutExcerpt(problem.excerpt, Math.max(0, problem.column - 1));
    const gutter = String(problem.line);
    const blank = ' '.repeat(gutter.length);
    // Tabs before the caret are repeated, so that both lines are indented alike however wide a tab is.
    const indent = shown.slice(0, caretAt).replace(/[^\t]/g, ' ');
    lines.push(`  ${gutter} | ${shown}`, `  ${blank} | ${indent}^`);
  }
  if (problem.expected !== undefined) lines.push(`  expected: ${problem.expected}`);
  if (problem.hint !== undefined) lines.push(`  hint: ${problem.hint}`);
  return lines.join('\n');
}

/** @returns `file:line:column: key: message; expected …`, for logs and places with one line to spare. */
export function renderProblemLine(problem: Problem): string {
  return `${headline(problem)}${problem.expected === undefined ? '' : `; expected ${printable(problem.expected)}`}`;
}

function headline(problem: Problem): string {
  const place =
    problem.line === 0
      ? problem.file
      : `${problem.file}:${problem.line}${problem.column === 0 ? '' : `:${problem.column}`}`;
  const key = problem.key === '' ? '' : `${printable(problem.key)}: `;
  return `${printable(place)}: ${key}${printable(problem.message)}`;
}

/** @returns all problems, a blank line between them, and how many there are. */
export function renderProblems(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return `${problems.map(renderProblem).join('\n\n')}\n\n${count} found\n`;
}

/** @returns the problems by file (first come first), line and column, each once. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const fileOrder = new Map<string, number>();
  for (const { file } of problems) if (!fileOrder.has(file)) fileOrder.set(file, fileOrder.size);
  const sorted = [...problems].sort(
    (left, right) =>
      (fileOrder.get(left.file) ?? 0) - (fileOrder.get(right.file) ?? 0) ||
      left.line - right.line ||
      left.column - right.column,
  );
  const seen = new Set<string>();
  return sorted.filter((problem) => {
    const identity = JSON.stringify([problem.file, problem.line, problem.key, problem.message]);
    if (seen.has(identity)) return false;
    seen.add(identity);
    return true;
  });
}

/** A configuration may hold escape sequences; a terminal must not obey them. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (char) => {
    if (char === '\n') return '\\n';
    if (char === '\t') return '\\t';
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function cutExcerpt(line: string, column: number): { shown: string; caretAt: number } {
  const start = column > EXCERPT_WIDTH - 20 ? column - (EXCERPT_WIDTH - 40) : 0;
  // One mark for each control character keeps the columns.
  const shown = line.slice(start, start + EXCERPT_WIDTH).replace(/[^\P{Cc}\t]/gu, '?');
  const head = start > 0 ? '…' : '';
  const tail = start + EXCERPT_WIDTH < line.length ? '…' : '';
  return { shown: `${head}${shown}${tail}`, caretAt: Math.min(column - start, shown.length) + head.length };
}
