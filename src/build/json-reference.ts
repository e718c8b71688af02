/** What each verb prints with `--json`, from the schemas of the RPC contract, for the README. */

import { METHODS, type MethodName } from '../rpc/contract/contract.ts';
import { NOTIFICATIONS } from '../rpc/contract/contract-notifications.ts';
import { EVENT, INSTANCE, WHY } from '../rpc/contract/contract-shapes.ts';

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
}

export interface JsonOutput {
  readonly verb: string;
  /** What one value is, or what each line is. */
  readonly what: string;
  readonly schema: Schema;
  readonly isLines: boolean;
}

const resultOf = (verb: string, method: MethodName): JsonOutput => ({
  verb,
  what: `the result of \`${method}\``,
  schema: METHODS[method].result,
  isLines: false,
});
const { subscription: _, ...changes } = NOTIFICATIONS.status.params.properties;
const eventLines = (verb: string): JsonOutput => ({
  verb,
  what: 'an event a line',
  schema: EVENT,
  isLines: true,
});

/** Every verb that prints something for people. A test compares with what they print. */
export const JSON_OUTPUTS: readonly JsonOutput[] = [
  resultOf('status', 'status'),
  {
    verb: 'status --watch',
    what: 'first all instances, then a line for each change',
    schema: {
      type: 'object',
      properties: changes,
      required: Object.keys(changes),
      additionalProperties: false,
    },
    isLines: true,
  },
  resultOf('start', 'start'),
  resultOf('stop', 'stop'),
  resultOf('restart', 'restart'),
  resultOf('run', 'run'),
  resultOf('signal', 'signal'),
  resultOf('reload', 'reload'),
  resultOf('rollback', 'rollback'),
  resultOf('send', 'send'),
  eventLines('logs'),
  eventLines('events'),
  { verb: 'why', what: 'an array of reports', schema: { type: 'array', items: WHY }, isLines: false },
  eventLines('timeline'),
  resultOf('health', 'health'),
  resultOf('env', 'env'),
  { ...resultOf('config', 'config'), what: 'the configuration, or the one process', schema: {} },
  resultOf('shutdown', 'shutdown'),
  resultOf('version', 'version'),
];

/** Shapes that stand in several results: described once, and named elsewhere. */
const NAMED: ReadonlyMap<Schema, string> = new Map<Schema, string>([
  [INSTANCE, 'instance'],
  [EVENT, 'event'],
  [WHY, 'report'],
]);

/** Results with more keys than a cell has room for. */
const SECTIONS: ReadonlyMap<Schema, string> = new Map<Schema, string>([
  [METHODS.status.result, 'result of `status`'],
  [METHODS.start.result, 'result of `start`, `stop`, `restart` and `run`'],
  [METHODS.reload.result, 'result of `reload`'],
]);

/** As Markdown. */
export function jsonReference(): string {
  const verbs = JSON_OUTPUTS.map(
    ({ verb, what, schema }) => `| \`${verb}\` | ${what} | ${cell(shapeOf(schema))} |`,
  );
  return [
    '| verb | prints | which is |',
    '|---|---|---|',
    ...verbs,
    '',
    ...[...NAMED].flatMap(([schema, name]) => section(name, schema)),
    ...[...SECTIONS].flatMap(([schema, name]) => section(name, schema)),
  ].join('\n');
}

function section(name: string, schema: Schema): readonly string[] {
  return [
    `**${name.charAt(0).toUpperCase()}${name.slice(1)}**${schema.description === undefined ? '' : `: ${schema.description}`}`,
    '',
    '| key | value | meaning |',
    '|---|---|---|',
    ...rowsOf(schema, ''),
    '',
  ];
}

/** Keys of what is nested stand below it, as paths: `last_exit.status`. */
function rowsOf({ properties = {}, required = [] }: Schema, prefix: string): readonly string[] {
  return Object.entries(properties).flatMap(([key, property]) => {
    const path = `${prefix}${key}`;
    const isOptional = !required.includes(key);
    const meaning = [
      ...(isOptional ? ['optional'] : []),
      ...(property.description === undefined ? [] : [property.description]),
    ];
    const row = `| \`${path}\` | ${cell(shapeOf(property))} | ${cell(meaning.join('; '))} |`;
    const nested = innerOf(property);
    return nested === undefined
      ? [row]
      : [row, ...rowsOf(nested, `${path}${property.items === undefined ? '' : '[]'}.`)];
  });
}

/** The object whose keys are told below, where it has no name of its own. */
function innerOf(schema: Schema): Schema | undefined {
  const inner = schema.items ?? schema.oneOf?.find(({ type }) => type === 'object') ?? schema;
  const isAlternatives = (schema.oneOf?.filter(({ type }) => type === 'object').length ?? 0) > 1;
  return inner.properties === undefined || NAMED.has(inner) || isAlternatives ? undefined : inner;
}

function shapeOf(schema: Schema): string {
  const name = NAMED.get(schema);
  if (name !== undefined) return name;
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.oneOf !== undefined) return schema.oneOf.map(alternative).join(' or ');
  if (schema.type === 'array')
    return `array of ${schema.items === undefined ? 'anything' : shapeOf(schema.items)}`;
  if (schema.type === undefined) return 'any value';
  const keys = Object.keys(schema.properties ?? {});
  if (keys.length > 0 && !SECTIONS.has(schema)) return `\`{${keys.join(', ')}}\``;
  return typeof schema.type === 'string' ? schema.type : schema.type.join(' or ');
}

/** `{how: "exited", code}` */
function alternative(schema: Schema): string {
  const { how } = schema.properties ?? {};
  if (how === undefined) return shapeOf(schema);
  const keys = Object.entries(schema.properties ?? {}).map(([key, { const: value }]) =>
    value === undefined ? key : `${key}: ${JSON.stringify(value)}`,
  );
  return `\`{${keys.join(', ')}}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
