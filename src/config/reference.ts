/** The reference of all keys in Markdown, from the schema. The README carries it between two markers. */

import { configSchema } from './schema/schema.ts';
import type { ReloadTreatment } from './schema/values.ts';
import type { SchemaNode } from './schema/walk.ts';

/** Tables worth a heading of their own, by their path in the schema; `NAME` stands for any name. */
const SECTIONS: readonly { readonly heading: string; readonly path: readonly string[] }[] = [
  { heading: 'Top level', path: [] },
  { heading: '`[processes.NAME]`', path: ['processes', 'NAME'] },
  { heading: '`[processes.NAME.healthcheck]`', path: ['processes', 'NAME', 'healthcheck'] },
  { heading: '`http` as a table', path: ['processes', 'NAME', 'healthcheck', 'http'] },
  { heading: '`backoff`', path: ['processes', 'NAME', 'backoff'] },
  { heading: '`limits`', path: ['processes', 'NAME', 'limits'] },
  { heading: '`landlock`', path: ['processes', 'NAME', 'landlock'] },
  { heading: 'An element of `stop`', path: ['processes', 'NAME', 'stop', '*'] },
  { heading: '`stdout` and `stderr` as a table', path: ['processes', 'NAME', 'stdout'] },
  { heading: '`depends_on` as a table of tables', path: ['processes', 'NAME', 'depends_on', 'NAME'] },
  { heading: '`[groups.NAME]`', path: ['groups', 'NAME'] },
  { heading: '`[sockets.NAME]`', path: ['sockets', 'NAME'] },
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
  /** What a reload does with a change of it; empty for keys that are not of a process or the engine. */
  readonly reload: string;
}

/** Each table of the configuration with its keys, defaults and examples. */
export function referenceSections(): readonly ReferenceSection[] {
  return SECTIONS.map(({ heading, path }) => {
    let schema: SchemaNode | undefined = configSchema;
    let reload: ReloadTreatment | undefined;
    for (const part of path) {
      schema = child(schema, part);
      reload = schema?.reload ?? reload;
    }
    const properties = Object.entries(schema?.properties ?? {});
    return { heading, rows: properties.map(([key, property]) => rowOf(key, property, schema, reload)) };
  });
}

/** The same as Markdown. */
export function configReference(): string {
  return `${referenceSections().map(renderSection).join('\n\n')}\n`;
}

function renderSection({ heading, rows }: ReferenceSection): string {
  const tellsReload = rows.some(({ reload }) => reload !== '');
  const cells = rows.map(({ key, kind, fallback, meaning, reload }) =>
    [code(key), kind, fallback, ...(tellsReload ? [reload] : []), meaning].map(cell).join(' | '),
  );
  return [
    `### ${heading}`,
    '',
    `| key | value | default |${tellsReload ? ' on a reload |' : ''} meaning |`,
    `|---|---|---|${tellsReload ? '---|' : ''}---|`,
    ...cells.map((row) => `| ${row} |`),
  ].join('\n');
}

function child(schema: SchemaNode | undefined, part: string): SchemaNode | undefined {
  if (part === '*') return schema?.items;
  if (schema?.properties !== undefined && Object.hasOwn(schema.properties, part))
    return schema.properties[part];
  return typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

/** Of a table whose keys differ, each key says it for itself. */
const SEE_KEYS = 'see its keys';

const ON_A_RELOAD: Readonly<Record<ReloadTreatment, string>> = {
  restart: 'restarts it',
  live: 'at once',
  'next start': 'at the next start',
  copies: 'starts or stops copies',
  keys: 'as the keys it gives',
  presence: 'adds or removes it',
  'new engine': 'needs a new engine',
};

function reloadInWords(property: SchemaNode, above: ReloadTreatment | undefined): string {
  const own = property.reload ?? above;
  const ofKeys = Object.values(property.properties ?? {}).map(({ reload = own }) => reload);
  if (own === undefined) return '';
  return ofKeys.every((reload) => reload === own) ? ON_A_RELOAD[own] : SEE_KEYS;
}

/** @param above what a reload does with the table that the key is in. */
function rowOf(
  key: string,
  property: SchemaNode,
  parent: SchemaNode | undefined,
  above: ReloadTreatment | undefined,
): ReferenceRow {
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
  const reload = reloadInWords(property, above);
  return { key, kind: kind(property), fallback, meaning: meaning.join(' '), reload };
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
