/**
 * The TypeScript type that a JSON Schema of the contract describes, for the few keywords the contract uses. (The
 * general library for this takes the compiler 17 seconds for these schemas; this takes none that one notices.)
 */

interface Primitives {
  readonly string: string;
  readonly integer: number;
  readonly number: number;
  readonly boolean: boolean;
  readonly null: null;
}

type Flatten<T> = { [Key in keyof T]: T[Key] };
type RequiredKeys<Schema> = Schema extends { readonly required: readonly (infer Key)[] } ? Key : never;

type ObjectType<Schema, Properties> = Flatten<
  {
    readonly [Key in keyof Properties as Key extends RequiredKeys<Schema> ? Key : never]: SchemaType<
      Properties[Key]
    >;
  } & {
    readonly [Key in keyof Properties as Key extends RequiredKeys<Schema> ? never : Key]?: SchemaType<
      Properties[Key]
    >;
  } & (Schema extends { readonly additionalProperties: true } ? { readonly [key: string]: unknown } : unknown)
>;

/** The type of values that the schema accepts. */
export type SchemaType<Schema> = Schema extends { readonly const: infer Value }
  ? Value
  : Schema extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : Schema extends { readonly oneOf: readonly (infer Branch)[] }
      ? Branch extends unknown
        ? SchemaType<Branch>
        : never
      : Schema extends { readonly type: 'array'; readonly items: infer Item }
        ? readonly SchemaType<Item>[]
        : Schema extends { readonly type: 'object'; readonly properties: infer Properties }
          ? ObjectType<Schema, Properties>
          : Schema extends { readonly type: 'object'; readonly additionalProperties: infer Value }
            ? { readonly [key: string]: Value extends true ? unknown : SchemaType<Value> }
            : Schema extends { readonly type: infer Names }
              ? PrimitiveType<Names>
              : unknown;

type PrimitiveType<Names> = Names extends keyof Primitives
  ? Primitives[Names]
  : Names extends readonly (infer Name)[]
    ? Name extends keyof Primitives
      ? Primitives[Name]
      : unknown
    : unknown;
