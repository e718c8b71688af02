import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitCommandLine } from '../../src/config/values/command-line.ts';
import { loadGood, loadWeb } from '../support/config-ports.ts';

function words(text: string): readonly string[] {
  const split = splitCommandLine(text);
  assert.ok(split.ok);
  return split.words;
}

const SPLITS: readonly (readonly [string, readonly string[]])[] = [
  ['nginx', ['nginx']],
  ['  nginx\t-g  ', ['nginx', '-g']],
  [`nginx -g "daemon off;"`, ['nginx', '-g', 'daemon off;']],
  [`sh -c 'echo "$HOME"; exit'`, ['sh', '-c', 'echo "$HOME"; exit']],
  [`a"b c"'d e'f\\ g`, ['ab cd ef g']],
  [`"a\\"b\\\\c\\$d\\e"`, ['a"b\\c$d\\e']],
  [`'a\\b'`, ['a\\b']],
  [`a '' "" b`, ['a', '', '', 'b']],
  ['a \\\n b', ['a', 'b']],
  ['', []],
  ['   ', []],
  ['naïve 😀', ['naïve', '😀']],
];
for (const [text, expected] of SPLITS) {
  test(`${JSON.stringify(text)} is ${expected.length} words`, () => assert.deepEqual(words(text), expected));
}

for (const text of ["a 'b", 'a "b', 'a\\', '"a\\"', "'a'b'"]) {
  test(`${JSON.stringify(text)} is not balanced`, () => assert.equal(splitCommandLine(text).ok, false));
}

const SHELL_SYNTAX: readonly (readonly [string, RegExp | undefined])[] = [
  ['a | b', /no shell is run, so \| is passed on as it is/],
  ['a && b', /&&/],
  ['a & ', /&/],
  ['a; b', /;/],
  ['a > /dev/null 2>&1', /> 2>&1/],
  ['a 2>/dev/null', /2>/],
  ['a < b', /</],
  ['rm *.log', /\*/],
  ['echo $(date)', /\$\(…\)/],
  ['echo "`date`"', /`…`/],
  ['echo $HOME', /write \$\{HOME\}/],
  ['~/bin/x', /~/],
  ['a &', /&/],
  ['a&', /&/],
  ['a&&b', /&&/],
  ['echo hi>/tmp/x', /so > is/],
  ['a # comment', /# …/],
  ['cd /srv', /"cd" is a command of the shell.*set workingdir, or write cmd = \["sh", "-c", "…"\]/],
  ['cd /srv && ./run', /"cd" is a command of the shell/],
  ['exec /srv/run', /"exec" is a command of the shell.*leave it out/],
  ['exit 0', /"exit" is a command of the shell/],
  ['source /etc/profile', /"source"/],
  ['. /etc/profile', /"\."/],
  ['export A=1', /"export".*set env/],
  ['ulimit -n 100', /"ulimit".*set limits/],
  [': nothing', /":"/],
  ['while true', /"while"/],
  ['(a; b)', /"\(a;"/],
  ['true', undefined],
  ['test -f /x', undefined],
  ['/bin/kill -HUP 1', undefined],
  ['echo a#b', undefined],
  ['curl http://x/?a&&b', undefined],
  ['a -x->/y', /so > is|^$/],
  [`grep 'a|b' '*' "a > b"`, undefined],
  ['curl http://x/?a=1&b=2', undefined],
  ['nginx -g "daemon off;"', undefined],
  ["sh -c 'a | b > c && $HOME'", undefined],
  ['a \\*', undefined],
];
for (const [text, expected] of SHELL_SYNTAX) {
  test(`${text} ${expected === undefined ? 'needs no warning' : 'is warned of'}`, () => {
    const { warnings } = loadGood(`[processes.web]\ncmd = ${JSON.stringify(text)}\n`);
    if (expected === undefined) assert.deepEqual(warnings, []);
    else assert.match(warnings.join(), expected);
  });
}

test('with args, cmd is the program as it stands', () => {
  const web = loadWeb(`[processes.web]\ncmd = "/opt/my app/run"\nargs = ["a b", "*", ""]\n`);
  assert.deepEqual(web.command, { file: '/opt/my app/run', args: ['a b', '*', ''] });
});

test('an empty list of args is one too', () => {
  const web = loadWeb(`[processes.web]\ncmd = "/opt/it's"\nargs = []\n`);
  assert.deepEqual(web.command, { file: "/opt/it's", args: [] });
});

test('a command of the shell is warned of in every form, and for health checks', () => {
  for (const line of [
    'cmd = ["cd", "/srv"]',
    'cmd = "exit"\nargs = ["0"]',
    'cmd = "x"\nhealthcheck = {cmd = "exit 0"}',
    'cmd = "x"\nhealthcheck = {cmd = ["exit", "0"]}',
  ]) {
    const { warnings } = loadGood(`[processes.web]\n${line}\n`);
    assert.equal(warnings.length, 1, line);
    assert.match(warnings[0] ?? '', /is a command of the shell, and no shell is run/);
  }
});
