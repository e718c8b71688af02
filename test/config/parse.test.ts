import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseToml } from '../../src/config/text/parse.ts';
import { findNode, lineAndColumn } from '../../src/config/text/positions.ts';

function values(text: string): unknown {
  const parsed = parseToml(text, 'x.toml');
  assert.ok(parsed.ok);
  return JSON.parse(JSON.stringify(parsed.value));
}

const GOOD: readonly (readonly [string, string, unknown])[] = [
  ['a byte order mark', '\ufeffa = 1', { a: 1 }],
  ['Windows line ends', 'a = 1\r\n# c\r\n[b]\r\nc = """x\r\ny"""\r\n', { a: 1, b: { c: 'x\ny' } }],
  [
    'all kinds of strings',
    `a = "x\\ty"\nb = 'x\\ty'\nc = """x\\\n  y"""\nd = '''\nx'''`,
    { a: 'x\ty', b: 'x\\ty', c: 'xy', d: 'x' },
  ],
  ['quotes at the ends of long strings', `a = """"x"""""\nb = ''''x'''''`, { a: '"x""', b: "'x''" }],
  [
    'strings that look like structure',
    `a = "[b]\\n#"\nb = '''\n[constructor]\n__proto__ = 1\n'''`,
    { a: '[b]\n#', b: '[constructor]\n__proto__ = 1\n' },
  ],
  ['comments with quotes and brackets', 'a = 1 # "[{\n# """\nb = 2', { a: 1, b: 2 }],
  [
    'numbers in all bases',
    'a = 0x1F\nb = 0o17\nc = 0b11\nd = 1_000\ne = -1\nf = +1\ng = 1e3\nh = 1.5',
    { a: 31, b: 15, c: 3, d: 1000, e: -1, f: 1, g: 1000, h: 1.5 },
  ],
  [
    'arrays over several lines',
    'a = [\n  1, # one\n  2,\n]\nb = [[1], ["x"]]',
    { a: [1, 2], b: [[1], ['x']] },
  ],
  ['inline tables', 'a = {b = {c = 1}, d.e = 2}\nf = {}', { a: { b: { c: 1 }, d: { e: 2 } }, f: {} }],
  [
    'dotted and quoted keys',
    'a.b.c = 1\na."d e" = 2\n\'f.g\' = 3\n"" = 4',
    { a: { b: { c: 1 }, 'd e': 2 }, 'f.g': 3, '': 4 },
  ],
  ['tables defined below their children', '[a.b]\nc = 1\n[a]\nd = 2', { a: { b: { c: 1 }, d: 2 } }],
  ['arrays of tables', '[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 3', { a: [{ b: 1 }, { b: 2, c: { d: 3 } }] }],
  ['spaces and tabs around everything', ' \t[ a . "b" ]\t# c\n\tc\t=\t1\t', { a: { b: { c: 1 } } }],
  ['no newline at the end', 'a = 1', { a: 1 }],
];
for (const [what, text, expected] of GOOD) {
  test(`reads ${what}`, () => assert.deepEqual(values(text), expected));
}

const PLACES: readonly (readonly [string, readonly (string | number)[], string, string])[] = [
  ['a = 1', ['a'], '1:1', '1:5'],
  ['[x]\n  a.b = "y"', ['x', 'a', 'b'], '2:5', '2:9'],
  ['[x.y]\n[[x.z]]\n[[x.z]]\nq = 1', ['x', 'z', 1, 'q'], '4:1', '4:5'],
  ['a = [\n  {b = 1},\n  {c = 2}]', ['a', 1, 'c'], '3:4', '3:8'],
  ['[a.b]\n[a]\n', ['a'], '2:2', '2:2'],
  ['a = """\n\n"""\nb = 1', ['b'], '4:1', '4:5'],
  ['"\\u0061" = 1', ['a'], '1:1', '1:12'],
];
for (const [text, path, keyAt, valueAt] of PLACES) {
  test(`knows that ${path.join('.')} of ${JSON.stringify(text)} stands at ${keyAt}`, () => {
    const parsed = parseToml(text, 'x.toml');
    assert.ok(parsed.ok);
    const node = findNode(parsed.source.root, path);
    assert.ok(node !== undefined);
    const place = (offset: number): string => {
      const { line, column } = lineAndColumn(parsed.source.text, offset);
      return `${line}:${column}`;
    };
    assert.equal(place(node.keyOffset), keyAt);
    assert.equal(place(node.valueOffset), valueAt);
  });
}

/** mulberry32: small, seeded, good enough to choose places. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test('documents with random damage are read, or refused in our own words', () => {
  const pieces = [
    '[',
    ']',
    '[[',
    ']]',
    '{',
    '}',
    '"',
    "'",
    '"""',
    "'''",
    '\\',
    '=',
    '.',
    ',',
    '#',
    '\n',
    ' ',
    '\t',
    'a',
    '1',
    '-',
    'constructor',
    '__proto__',
    '"constructor"',
    'toString',
    'true',
    'x = 1\n',
    '[a.b]\n',
    '\\u0061',
    '0x',
    'é',
    '\r\n',
  ];
  const base = GOOD.map(([, text]) => text.replace('\ufeff', '')).join('\n');
  const before = Object.getOwnPropertyNames(Object.prototype).length;
  const random = randomNumbers(20_241);
  let accepted = 0;
  for (let round = 0; round < 4_000; round++) {
    const start = base.indexOf('\n', Math.floor(random() * base.length));
    let text = base.slice(start, start + Math.floor(random() * 60));
    for (let edit = Math.floor(random() * 3); edit > 0; edit--) {
      const at = Math.floor(random() * text.length);
      const piece = pieces[Math.floor(random() * pieces.length)] ?? '';
      text = text.slice(0, at) + piece + text.slice(at + (random() < 0.5 ? 1 : 0));
    }
    const parsed = parseToml(text, 'x.toml');
    if (parsed.ok) accepted++;
    else {
      assert.ok(parsed.problems.length > 0);
      for (const { message } of parsed.problems) {
        assert.doesNotMatch(message, /cannot be parsed/, JSON.stringify(text));
      }
    }
    assert.equal(Object.getOwnPropertyNames(Object.prototype).length, before, JSON.stringify(text));
  }
  assert.ok(accepted > 100, `only ${accepted} were accepted`);
});
