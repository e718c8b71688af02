// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is what the configuration’s own variables look like
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interpolate } from '../../src/config/document/interpolation.ts';
import { loadGood, loadWeb, problemsOf } from '../support/config-ports.ts';

const ENVIRONMENT = { A: 'one', B: '${A}', EMPTY: '', PORT: '8080', YES: 'true' };

const GOOD: readonly (readonly [string, string])[] = [
  ['', ''],
  ['plain', 'plain'],
  ['${A}', 'one'],
  ['x${A}y${A}z', 'xoneyonez'],
  ['$$', '$'],
  ['$${A}', '${A}'],
  ['$$$A', '$$A'],
  ['$$${A}', '$one'],
  ['$', '$'],
  ['$A costs 5$', '$A costs 5$'],
  ['$(date)', '$(date)'],
  ['${B}', '${A}'],
  ['${EMPTY}', ''],
  ['${EMPTY:-none}', 'none'],
  ['${NOPE:-none}', 'none'],
  ['${NOPE:-}', ''],
  ['${A:-none}', 'one'],
  ['${NOPE:-${A}}', 'one'],
  ['${NOPE:-${NOPE:-${A}-$$}}!', 'one-$!'],
  ['${NOPE:-a:-b}', 'a:-b'],
  ['}${A}{', '}one{'],
];
for (const [text, expected] of GOOD) {
  test(`${JSON.stringify(text)} becomes ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(interpolate(text, ENVIRONMENT), { ok: true, text: expected });
  });
}

for (const name of ['toString', 'constructor', '__proto__']) {
  test(`\${${name}} is a variable like any other`, () => {
    assert.equal(interpolate(`\${${name}}`, {}).ok, false);
    assert.deepEqual(interpolate(`\${${name}:-x}`, {}), { ok: true, text: 'x' });
  });
}

test('text without variables stays as it is, whatever it holds', () => {
  for (let code = 1; code < 0x300; code++) {
    const text = `a${String.fromCharCode(code)}b`;
    assert.deepEqual(interpolate(text.replaceAll('$', '$$'), {}), {
      ok: true,
      text: text.replaceAll('$$', '$'),
    });
  }
});

test('a variable can give a number or a boolean where one is wanted', () => {
  const web = loadWeb(
    '[processes.web]\ncmd = "x"\ninstances = "${N:-4}"\nautostart = "${YES}"\nenv = {P = "${PORT}"}\n',
    {
      environment: ENVIRONMENT,
    },
  );
  assert.equal(web.instances, 4);
  assert.equal(web.autostart, true);
  assert.deepEqual(web.spawn.environment.set, { P: '8080' });
});

test('a variable is filled in before a command is split', () => {
  const web = loadWeb('[processes.web]\ncmd = "${CMD} --port ${PORT}"\n', {
    environment: { ...ENVIRONMENT, CMD: "run 'a b'" },
  });
  assert.deepEqual(web.command, { file: 'run', args: ['a b', '--port', '8080'] });
});

test('keys are not filled in', () => {
  const web = loadWeb('[processes.web]\ncmd = "x"\nenv = {"${A}" = "1"}\n', { environment: ENVIRONMENT });
  assert.deepEqual(web.spawn.environment.set, { '${A}': '1' });
});

test('an include may hold variables', () => {
  const { processes } = loadGood('include = "${A}.toml"\n', {
    environment: ENVIRONMENT,
    files: { '/etc/tm/one.toml': '[processes.web]\ncmd = "x"\n' },
  });
  assert.deepEqual([...processes.keys()], ['web']);
});

test('all unset variables are told at once, and only as such', () => {
  const problems = problemsOf('[processes.web]\ncmd = "${X}"\ninstances = "${Y}"\nuser = "${Z}"\n');
  assert.deepEqual(
    problems.map(({ line, message }) => `${line} ${message}`),
    ['2 the variable X is not set', '3 the variable Y is not set', '4 the variable Z is not set'],
  );
});
