import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, loadGood, loadWeb, problemsOf } from '../support/config-ports.ts';

const WEB = '[processes.web]\ncmd = "x"\n';

/** Each key that takes a mode: the document with a value, and what the engine makes of it. */
const KEYS: Readonly<
  Record<
    string,
    {
      document: (value: string) => string;
      read: (document: string) => number | undefined;
      /** Decimal numbers that a hint can turn into what was meant, and such as it cannot. */
      clear: readonly string[];
      unclear: readonly string[];
    }
  >
> = {
  umask: {
    document: (value) => `${WEB}umask = ${value}\n`,
    read: (document) => loadWeb(document).spawn.umask,
    clear: ['77', '22', '27', '+77', '7_7', '0', '7'],
    // 63 and 18 are 0077 and 0022 in decimal.
    unclear: ['63', '18', '640', '70'],
  },
  socket_mode: {
    document: (value) => `[engine]\nsocket_mode = ${value}\n${WEB}`,
    read: (document) => loadGood(document).engine.socketMode,
    clear: ['640', '600', '+755', '6_6_0', '0'],
    // 432, 420 and 438 are 0660, 0644 and 0666 in decimal.
    unclear: ['432', '420', '438', '77', '27'],
  },
  'mode of a log file': {
    document: (value) => `${WEB}stdout = { file = "/x/y", mode = ${value} }\n`,
    read: (document) => {
      const { stdout } = loadWeb(document);
      return stdout.kind === 'file' ? stdout.access?.mode : undefined;
    },
    clear: ['640', '600', '+755', '6_6_0', '0'],
    // 432, 420 and 438 are 0660, 0644 and 0666 in decimal.
    unclear: ['432', '420', '438', '77', '27'],
  },
};

for (const [name, { document, read, clear, unclear }] of Object.entries(KEYS)) {
  test(`${name}: digits in quotes and TOML’s octal numbers mean the same`, () => {
    const same: readonly (readonly [string, number])[] = [
      ['"77"', 0o77],
      ['"077"', 0o77],
      ['"0077"', 0o77],
      ['"0o77"', 0o77],
      ["'77'", 0o77],
      ['0o77', 0o77],
      ['0o0077', 0o77],
      ['0o7_7', 0o77],
      ['0o640', 0o640],
      ['"640"', 0o640],
      ['0o0', 0],
      ['"0"', 0],
    ];
    for (const [value, mode] of same) assert.equal(read(document(value)), mode, value);
  });

  test(`${name}: the hint for a decimal number keeps its digits, and does what it says`, () => {
    for (const value of clear) {
      const meant = value.replace(/[+_]/g, '').padStart(4, '0');
      const [problem, ...more] = problemsOf(document(value));
      assert.deepEqual(more, []);
      assert.match(problem?.hint ?? '', new RegExp(`= "${meant}"$`), value);
      assert.equal(read(document(`"${meant}"`)), Number.parseInt(meant, 8), value);
    }
  });

  test(`${name}: no hint lets the group or others do more than the owner`, () => {
    for (const value of unclear) assert.equal(problemsOf(document(value))[0]?.hint, undefined, value);
  });

  test(`${name}: what has no octal digits is refused, and no hint guesses a mode`, () => {
    const odd = [
      '89',
      '0x1ff',
      '0b11',
      '-22',
      '10000',
      '77.0',
      '1e2',
      '0o10000',
      '"89"',
      '"0x1f"',
      '"10000"',
    ];
    for (const value of odd) {
      const [problem, ...more] = problemsOf(document(value));
      assert.deepEqual(more, [], value);
      assert.match(problem?.expected ?? '', /octal/, value);
      assert.doesNotMatch(problem?.hint ?? '', /=/, value);
    }
  });
}

test('a mode may come from a variable', () => {
  const loaded = load(`${WEB}umask = "\${MASK}"\n`, { environment: { MASK: '77' } });
  assert.equal(loaded.ok && loaded.config.processes.get('web')?.spawn.umask, 0o77);
});
