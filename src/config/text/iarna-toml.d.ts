/**
 * The parser class alone, version 3: the package's main file also loads its stream reader and its writer. Each method
 * named here is a state of the parser: it looks at the present character, and says which state comes next.
 */
declare module '@iarna/toml/lib/toml-parser.js' {
  type State = (this: TomlParser, returned: never) => unknown;

  /** A state that others were called from, with what they have collected. */
  interface Frame {
    parser: State;
    buf: string;
    returned: unknown;
    resultTable: object | null;
    resultArr: unknown[] | null;
  }

  export default class TomlParser {
    static readonly END: number;
    static readonly TomlError: new (
      message: string,
    ) => Error;
    /** Offset of the present character in the text. */
    protected ii: number;
    /** Code point of the present character, or END. */
    protected char: number;
    /** The root table, and the table that assignments go to. */
    protected obj: object;
    protected ctx: object;
    protected state: Frame;
    protected stack: Frame[];

    parse(text: string): void;
    finish(): object;
    protected return(value: unknown): void;
    protected returnNow(value: unknown): unknown;

    protected parseStart(): unknown;
    protected parseWhitespaceToEOL(): unknown;
    protected parseKeyword(): unknown;
    protected parseBareKey(): unknown;
    protected parseAssignEqual(): unknown;
    protected parseAssignPreValue(): unknown;
    protected recordAssignKeyword(name: string): unknown;
    protected recordAssignValue(value: unknown): unknown;
    protected recordAssignStatement(assignment: unknown): unknown;
    protected parseTable(): unknown;
    protected parseTableMore(name: string): unknown;
    protected parseList(): unknown;
    protected parseListMore(name: string): unknown;
    protected parseListEnd(): unknown;
    protected parseValue(): unknown;
    protected recordValue(value: unknown): unknown;
    protected parseInlineList(): unknown;
    protected parseInlineListNext(): unknown;
    protected recordInlineListValue(value: unknown): unknown;
    protected parseInlineTable(): unknown;
    protected parseInlineTableNext(): unknown;
    protected parseInlineTablePostComma(): unknown;
    protected recordInlineTableValue(assignment: unknown): unknown;
    protected parseBasicString(): unknown;
    protected parseLiteralString(): unknown;
    protected parseMultiStringContent(): unknown;
    protected parseLiteralMultiStringContent(): unknown;
    protected parseMultiEscape(): unknown;
    protected parsePreMultiTrim(): unknown;
    protected parseEscape(): unknown;
  }
}
