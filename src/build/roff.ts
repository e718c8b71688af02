/** Text in the language of man pages (man(7)). Pure. */

/** A paragraph's worth of text: what roff would take for its own is escaped, `code` becomes bold. */
export function prose(text: string): string {
  return text
    .split(/`([^`]+)`/)
    .map((part, index) => (index % 2 === 1 ? bold(part) : escaped(part)))
    .join('');
}

export function bold(text: string): string {
  return `\\fB${escaped(text)}\\fR`;
}

export function heading(title: string): string {
  return `.SH ${quoted(title.toUpperCase())}`;
}

export function subheading(title: string): string {
  return `.SS ${quoted(title.replaceAll('`', ''))}`;
}

export function paragraph(text: string): string {
  return `.PP\n${prose(text)}`;
}

/** A term and, indented below it, what it means. */
export function item(term: string, meaning: string): string {
  return `.TP\n${term}\n${prose(meaning)}`;
}

/** Lines that stay as they are. */
export function literal(lines: readonly string[]): string {
  return ['.PP', '.EX', ...lines.map((line) => line.split('\n').map(escaped).join('\n')), '.EE'].join('\n');
}

/** @param section 1 for commands, 5 for files. */
export function title(name: string, section: number, version: string): string {
  // No date: the same sources give the same page.
  return `.TH ${quoted(name)} ${section} "" ${quoted(`taskmaster ${version}`)}`;
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', '\\(dq')}"`;
}

/** groff_char(7): without this a hyphen may be shown as another character than the one to type. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');
}
