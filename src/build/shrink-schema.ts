/** Forms of a schema for other readers than people: without annotations, without repetition. */

export type SchemaObject = Readonly<Record<string, unknown>>;

export function isSchemaObject(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Keywords whose value is a map from names to schemas, where a name may look like a keyword. */
const MAPS_OF_SCHEMAS: ReadonlySet<string> = new Set(['properties', 'definitions']);
/** Keywords of ours, which no reader of JSON Schema knows. */
export const OWN_KEYWORDS: ReadonlySet<string> = new Set([
  'expected',
  'perInstance',
  'merge',
  'displaces',
  'reload',
]);
const ANNOTATIONS: ReadonlySet<string> = new Set([
  ...OWN_KEYWORDS,
  'description',
  'examples',
  'title',
  '$schema',
]);

/** @returns a copy without what does not decide whether a value is valid; defaults stay. */
export function withoutAnnotations(schema: unknown): unknown {
  return mapSchema(schema, (node) =>
    Object.fromEntries(Object.entries(node).filter(([keyword]) => !ANNOTATIONS.has(keyword))),
  );
}

/** @returns a copy without our own keywords, as any reader of JSON Schema draft-07 understands it. */
export function withoutOwnKeywords(schema: unknown): unknown {
  return mapSchema(schema, (node) =>
    Object.fromEntries(Object.entries(node).filter(([keyword]) => !OWN_KEYWORDS.has(keyword))),
  );
}

/**
 * @returns the same schema, in which every subschema is a `$ref` to a definition; defaults stay in place. Equal ones
 *   share a definition, and a compiler that makes each a function of its own lets V8 skip those no document needs.
 */
export function withDefinitions(schema: unknown): unknown {
  const names = new Map<string, string>();
  const definitions: Record<string, unknown> = {};
  const root = mapSchema(schema, (node, original) => {
    const { default: fallback, ...shape } = node;
    if (original === schema) return shape;
    const identity = identityOf(original);
    let name = names.get(identity);
    if (name === undefined) {
      name = `shape${names.size}`;
      names.set(identity, name);
      definitions[name] = shape;
    }
    const reference = { $ref: `#/definitions/${name}` };
    return fallback === undefined ? reference : { ...reference, default: fallback };
  });
  return isSchemaObject(root) ? { ...root, definitions } : root;
}

/** Equal for schemas that differ in nothing but their default. */
function identityOf(node: SchemaObject): string {
  const { default: _, ...shape } = node;
  return JSON.stringify(shape);
}

/** Calls `change` for each schema of a value, the innermost first: with its changed content, and as it was. */
function mapSchema(
  schema: unknown,
  change: (node: SchemaObject, original: SchemaObject) => SchemaObject,
): unknown {
  if (!isSchemaObject(schema)) return schema;
  const node: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (MAPS_OF_SCHEMAS.has(keyword) && isSchemaObject(value)) {
      node[keyword] = Object.fromEntries(
        Object.entries(value).map(([name, child]) => [name, mapSchema(child, change)]),
      );
    } else if (keyword === 'items' || keyword === 'additionalProperties') {
      node[keyword] = mapSchema(value, change);
    } else node[keyword] = value;
  }
  return change(node, schema);
}
