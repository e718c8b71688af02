/** The reference of all keys in Markdown, from the schema. The README carries it between two markers. */

import { configSchema } from './schema.ts';
import type { SchemaNode } from './schema-walk.ts';

/** Tables worth a heading of their own, by their path in the schema; `NAME` stands for any name. */
const SECTIONS: readonly { readonly heading: string; readonly path: readonly string[] }[] = [
  { heading: 'Top level', path: [] },
  { heading: '`[processes.NAME]`', path: ['processes', 'NAME'] },
  { heading: '`[processes.NAME.healthcheck]`', path: ['processes', 'NAME', 'healthcheck'] },
  { heading: '`http` as a table', path: ['processes', 'NAME', 'healthcheck', 'http'] },
  { heading: '`backoff`', path: ['processes', 'NAME', 'backoff'] },
  { heading: '`limits`', path: ['processes', 'NAME', 'limits'] },
  { heading: 'An element of `stop`', path: ['processes', 'NAME', 'stop', '*'] },
  { heading: '`stdout` and `stderr` as a table', path: ['processes', 'NAME', 'stdout'] },
  { heading: '`depends_on` as a table of tables', path: ['processes', 'NAME', 'depends_on', 'NAME'] },
  { heading: '`[engine]`', path: ['engine'] },
  { heading: '`[engine.log]`', path: ['engine', 'log'] },
  { heading: '`[engine.journal]`', path: ['engine', 'journal'] },
  { heading: '`[engine.http]`', path: ['engine', 'http'] },
  { heading: '`[engine.access]`', path: ['engine', 'access'] },
  { heading: 'An element of `control` as a table', path: ['engine', 'access', 'control', '*'] },
  { heading: '`[engine.hooks]`', path: ['engine', 'hooks'] },
  { heading: 'A hook as a table', path: ['engine', 'hooks', 'on_failed'] },
];

export interface ReferenceSection {
  readonly heading: string;
  readonly rows: readonly ReferenceRow[];
}

/** Code stands between backquotes. */
export interface ReferenceRow {
  readonly key: string;
  readonly kind: string;
  /** The default, `required`, or empty. */
  readonly fallback: string;
  readonly meaning: string;
}

/** Each table of the configuration with its keys, defaults and examples. */
export function referenceSections(): readonly ReferenceSection[] {
  return SECTIONS.map(({ heading, path }) => {
    const schema = path.reduce<SchemaNode | undefined>(child, configSchema);
    const properties = Object.entries(schema?.properties ?? {});
    return { heading, rows: properties.map(([key, property]) => rowOf(key, property, schema)) };
  });
}

/** The same as Markdown. */
export function configReference(): string {
  return `${referenceSections().map(renderSection).join('\n\n')}\n`;
}

function renderSection({ heading, rows }: ReferenceSection): string {
  const cells = rows.map(({ key, kind, fallback, meaning }) =>
    [code(key), kind, fallback, meaning].map(cell).join(' | '),
  );
  return [
    `### ${heading}`,
    '',
    '| key | value | default | meaning |',
    '|---|---|---|---|',
    ...cells.map((row) => `| ${row} |`),
  ].join('\n');
}

function child(schema: SchemaNode | undefined, part: string): SchemaNode | undefined {
  if (part === '*') return schema?.items;
  if (schema?.properties !== undefined && Object.hasOwn(schema.properties, part))
    return schema.properties[part];
  return typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

function rowOf(key: string, property: SchemaNode, parent: SchemaNode | undefined): ReferenceRow {
  const fallback = parent?.required?.includes(key)
    ? 'required'
    : property.default === undefined || isEmptyTable(property.default)
      ? ''
      : code(toml(property.default));
  const examples = (property.examples ?? []).map((example) => code(`${key} = ${toml(example)}`));
  const meaning = [
    property.description ?? '',
    ...(examples.length > 0 ? [`Example: ${examples.join(', ')}`] : []),
  ];
  return { key, kind: kind(property), fallback, meaning: meaning.join(' ') };
}

function isEmptyTable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function kind(schema: SchemaNode): string {
  if (schema.enum !== undefined) return schema.enum.map((word) => code(JSON.stringify(word))).join(', ');
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  const words: Readonly<Record<string, string>> = {
    integer: 'whole number',
    object: 'table',
    boolean: 'true or false',
  };
  const bounds =
    types.length === 1 && schema.minimum !== undefined && schema.maximum !== undefined
      ? ` ${schema.minimum} to ${schema.maximum}`
      : '';
  return `${types.map((type) => words[type] ?? type).join(' or ')}${bounds}`;
}

/** @returns the value as it is written in a file. */
function toml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toml).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, element]) => `${key} = ${toml(element)}`)
      .join(', ')}}`;
  }
  return JSON.stringify(value);
}

function code(text: string): string {
  return `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
