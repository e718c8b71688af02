import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { splitLine } from '../src/cli/shell/words.ts';
import { splitCommandLine } from '../src/config/values/command-line.ts';

/** Who splits texts into words: commands of the configuration, and lines at the prompt. */
const SPLITTERS: readonly (readonly [name: string, (text: string) => readonly string[] | undefined])[] = [
  [
    'a command of the configuration',
    (text) => {
      const split = splitCommandLine(text);
      return split.ok ? split.words : undefined;
    },
  ],
  [
    'a line at the prompt',
    (text) => {
      const { commands, missing } = splitLine(text);
      return missing === undefined ? commands[0] : undefined;
    },
  ],
];

/** What sh makes of each text as arguments. */
function shellWords(texts: readonly string[]): readonly (readonly string[])[] {
  // A word is ended by \001, a text by \002. A first word that is always there: printf runs its format once for none.
  const script = texts.map((text) => `printf '%s\\001' - ${text}\nprintf '\\002'`).join('\n');
  const { stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  const shown = stdout.split('\u0002').slice(0, -1);
  assert.equal(shown.length, texts.length, stderr);
  return shown.map((words) => words.split('\u0001').slice(1, -1));
}

/** Texts of these characters. */
function textsOf(alphabet: readonly string[]): readonly string[] {
  return Array.from({ length: 3_000 }, (_, index) => {
    let text = '';
    for (let rest = index * 7_919 + 11; rest > 0; rest = Math.floor(rest / alphabet.length)) {
      text += alphabet[rest % alphabet.length];
    }
    return text;
  });
}

const ESCAPES = [
  '"\\$"',
  '"\\`"',
  '"\\$a" b',
  '"\\\\$"',
  '"a\\"b"',
  '"\\a\\ \\;"',
  '\\$ \\` \\a',
  "'\\$ \\`'",
  '"a\\\nb" c\\\nd \\\n e',
];

for (const [name, split] of SPLITTERS) {
  test(`${name} is split as sh splits it`, () => {
    const texts = textsOf(['a', 'b', ' ', "'", '"', '\\', '\t', '-', '=', 'é']);
    const whole = texts.filter((text) => split(text) !== undefined);
    assert.ok(whole.length > 500);
    const expected = shellWords(whole);
    for (const [index, text] of whole.entries()) assert.deepEqual(split(text), expected[index], text);
  });

  test(`${name} keeps and drops backslashes as sh does`, () => {
    const expected = shellWords(ESCAPES);
    for (const [index, text] of ESCAPES.entries()) assert.deepEqual(split(text), expected[index], text);
  });
}
