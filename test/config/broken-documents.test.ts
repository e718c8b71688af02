import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Problem, renderProblem } from '../../src/config/text/problem.ts';
import { failure, load, MAIN } from '../support/config-ports.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/config');
const OBJECT_PROTOTYPE = Object.getOwnPropertyNames(Object.prototype).join();
const LOAD_LIMIT_MS = 1_000;

const ENVIRONMENT = { EMPTY: '', WORD: 'word' };
const FILES = { '/etc/tm/directory.env': failure('EISDIR'), '/etc/tm/secret.env': failure('EACCES') };

interface Expected {
  readonly line: number;
  readonly column: number | undefined;
  readonly parts: readonly string[];
}

/** Loads the document: exactly the expected problems, in time, and no object of the program is touched. */
function assertProblems(document: string | Uint8Array, expected: readonly Expected[]): void {
  const before = process.cpuUsage();
  const loaded = load(document, { environment: ENVIRONMENT, files: FILES });
  // Of the processor, not of the clock: other work on the machine must not decide.
  const tookMs = process.cpuUsage(before).user / 1_000;
  assert.equal(Object.getOwnPropertyNames(Object.prototype).join(), OBJECT_PROTOTYPE);
  assert.equal(Reflect.get({}, 'polluted'), undefined);
  for (const name of Object.getOwnPropertyNames(Object.prototype)) {
    const owner: unknown = Reflect.get(Object.prototype, name);
    if (typeof owner === 'function') assert.deepEqual(Object.keys(owner), [], `${name} was written to`);
  }
  assert.ok(tookMs < LOAD_LIMIT_MS, `took ${tookMs} ms`);
  assert.ok(!loaded.ok, 'the document was accepted');
  const told = loaded.problems.map(renderProblem).join('\n');
  assert.equal(loaded.problems.length, expected.length, told);
  for (const [index, { line, column, parts }] of expected.entries()) {
    const problem: Problem | undefined = loaded.problems[index];
    assert.ok(problem !== undefined);
    const shown = renderProblem(problem);
    assert.equal(problem.file, MAIN);
    assert.equal(problem.line, line, shown);
    if (column !== undefined) assert.equal(problem.column, column, shown);
    for (const part of parts) assert.ok(shown.includes(part), `${JSON.stringify(part)} is not in:\n${shown}`);
  }
}

function* fixtureLines(name: string): Generator<readonly [string, readonly string[]]> {
  for (const line of readFileSync(join(FIXTURES, name), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('# ')) continue;
    const at = line.lastIndexOf(' => ');
    yield [line.slice(0, at), line.slice(at + 4).split(' ;; ')];
  }
}

const TABLES = [
  { file: 'syntax-lines.txt', what: 'line', before: '[processes.web]\ncmd = "sleep 1"\n', after: '\n' },
  { file: 'process-lines.txt', what: 'process', before: '[processes.web]\ncmd = "sleep 1"\n', after: '\n' },
  {
    file: 'healthcheck-lines.txt',
    what: 'healthcheck',
    before: '[processes.web]\ncmd = "sleep 1"\n[processes.web.healthcheck]\n',
    after: '\n',
  },
  {
    file: 'engine-lines.txt',
    what: 'engine',
    before: '[engine]\n',
    after: '\n[processes.web]\ncmd = "sleep 1"\n',
  },
];

for (const { file, what, before, after } of TABLES) {
  const line = before.split('\n').length;
  for (const [text, parts] of fixtureLines(file)) {
    test(`a ${what} with ${text.slice(0, 60)} is told: ${parts[0]}`, () => {
      assertProblems(`${before}${text}${after}`, [{ line, column: undefined, parts }]);
    });
  }
}

function* fixtureDocuments(): Generator<readonly [string, readonly Expected[]]> {
  let expected: Expected[] = [];
  let document: string[] = [];
  for (const line of readFileSync(join(FIXTURES, 'documents.txt'), 'utf8').split('\n').slice(1)) {
    const head = /^### (\d+):(\d+) (.*)$/.exec(line);
    if (head === null) {
      document.push(line);
      continue;
    }
    if (document.length > 0) {
      yield [document.join('\n'), expected];
      expected = [];
      document = [];
    }
    const parts = (head[3] ?? '').split(' ;; ');
    expected.push({ line: Number(head[1]), column: Number(head[2]), parts });
  }
  yield [document.join('\n'), expected];
}

for (const [document, expected] of fixtureDocuments()) {
  const title = expected.map(({ line, column, parts }) => `${line}:${column} ${parts[0]}`).join(', ');
  test(`a document is told: ${title}`, () => assertProblems(document, expected));
}

const WEB = '[processes.web]\ncmd = "sleep 1"\n';
const HOSTILE: readonly (readonly [string, string | Uint8Array, Expected])[] = [
  ['a NUL byte', `${WEB}nice = 1\0`, { line: 3, column: 9, parts: ['U+0000'] }],
  ['an escape sequence', `${WEB}# \u001b[2J`, { line: 3, column: 3, parts: ['U+001B'] }],
  ['a lone carriage return', `${WEB}nice = 1\rumask = 2`, { line: 3, column: 9, parts: ['U+000D'] }],
  ['a vertical tab', `${WEB}\u000bnice = 1`, { line: 3, column: 1, parts: ['U+000B'] }],
  ['a DEL in a string', `${WEB}user = "a\u007f"`, { line: 3, column: 10, parts: ['U+007F'] }],
  ['a no-break space', `${WEB}\u00a0nice = 1`, { line: 3, column: 1, parts: ['expected a key'] }],
  ['a second byte order mark', `\ufeff\ufeff${WEB}`, { line: 1, column: 1, parts: ['expected a key'] }],
  [
    'bytes that are no UTF-8',
    Buffer.from([0x61, 0xff, 0xfe]),
    { line: 0, column: 0, parts: ['is not UTF-8'] },
  ],
  ['UTF-16', Buffer.from(`\ufeff${WEB}`, 'utf16le'), { line: 0, column: 0, parts: ['is not UTF-8'] }],
  ['an ELF file', Buffer.from('7f454c4602010100', 'hex'), { line: 1, column: 1, parts: ['U+007F'] }],
  ['more than 1 MiB', '#'.repeat(1024 * 1024 + 1), { line: 0, column: 0, parts: ['larger than 1 MiB'] }],
  [
    'a million brackets',
    `a = ${'['.repeat(1_000_000)}`,
    { line: 1, column: 38, parts: ['nested deeper than 32 levels'] },
  ],
  [
    'half a million braces',
    `a = ${'{a='.repeat(300_000)}`,
    { line: 1, column: 104, parts: ['nested deeper than 32 levels'] },
  ],
  [
    'a million quotes',
    `a = ${'"'.repeat(1_000_000)}`,
    { line: 1, column: undefined, parts: ['end of the statement'] },
  ],
  [
    'a key of a million dots',
    `${'a.'.repeat(500_000)}a = 1`,
    { line: 1, column: 65, parts: ['more than 32 names'] },
  ],
  [
    'a value of a million letters',
    `a = ${'b'.repeat(1_000_000)}`,
    { line: 1, column: 5, parts: ['is not quoted', '…'] },
  ],
  [
    'a string of a million letters that is no duration',
    `[engine]\ngrace = "${'1'.repeat(1_000_000)}x"`,
    { line: 2, column: 9, parts: ['found "1111', '…'] },
  ],
  [
    'an autorestart of a million digits',
    `${WEB}autorestart = "on-failure:${'9'.repeat(1_000_000)}"`,
    { line: 3, column: 15, parts: ['found "on-failure:999'] },
  ],
  [
    'half a million opened variables',
    `${WEB}description = "${'${'.repeat(500_000)}"`,
    { line: 3, column: 15, parts: ['"${" is not closed'] },
  ],
  [
    'a command of a million quotes',
    `[processes.web]\ncmd = '${'"'.repeat(999_999)}'`,
    { line: 2, column: 7, parts: ['the quote " is not closed'] },
  ],
  ['tabs before the mistake', `${WEB}\t\tnise = 1`, { line: 3, column: 3, parts: ['\n    | \t\t^'] }],
  [
    'Windows line ends',
    '[processes.web]\r\ncmd = "x" # c\r\nnise = 1\r\n',
    { line: 3, column: 1, parts: ['"nise"'] },
  ],
  [
    'Windows line ends in a string',
    '[processes.web]\r\ncmd = "x\r\n',
    { line: 2, column: 7, parts: ['not closed'] },
  ],
];
for (const [what, document, expected] of HOSTILE) {
  test(`${what}: the document is refused`, () => assertProblems(document, [expected]));
}

test('many mistakes are bounded in number', () => {
  const loaded = load(`${WEB}${Array.from({ length: 10_000 }, (_, index) => `key${index} = 1\n`).join('')}`);
  assert.ok(!loaded.ok && loaded.problems.length <= 200);
});

test('many missing quotes are bounded in number', () => {
  const loaded = load(Array.from({ length: 10_000 }, (_, index) => `key${index} = nginx\n`).join(''));
  assert.ok(!loaded.ok && loaded.problems.length <= 51);
});

test('variables cannot blow a document up', () => {
  const uses = `"${'$'}{BIG}",`.repeat(5_000);
  const loaded = load(`${WEB}args = [${uses}]`, { environment: { BIG: 'x'.repeat(100_000) } });
  assert.ok(!loaded.ok);
  assert.match(loaded.problems[0]?.message ?? '', /larger than 4 MiB/);
});

test('there are at least 300 broken documents', () => {
  const lines = TABLES.flatMap(({ file }) => [...fixtureLines(file)]).length;
  const count = lines + [...fixtureDocuments()].length + HOSTILE.length;
  assert.ok(count >= 300, `only ${count}`);
});
