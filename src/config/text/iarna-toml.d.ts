/** The parser alone: the package's main file also loads its stream reader and its writer. */
declare module '@iarna/toml/parse-string.js' {
  export default function parseString(text: string): unknown;
}
