// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is what the configuration’s own variables look like
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareProcesses } from '../../src/config/diff.ts';
import type { ProcessConfig } from '../../src/config/resolved-config.ts';
import { ofInstance, withReadableTexts } from '../../src/config/text/instance-text.ts';
import { outputTargetOfInstance } from '../../src/config/values/output-target.ts';
import { load, loadGood, loadWeb, problemsOf } from '../support/config-ports.ts';

const web = (lines: string): string => `[processes.web]\ncmd = "x"\n${lines}\n`;

/** What copy `ordinal` has as its only argument. */
function argumentOf(expression: string, ordinal: number, environment: Record<string, string> = {}): unknown {
  const config = loadWeb(web(`instances = 9\nargs = ['${expression}']`), { environment });
  return ofInstance(config, ordinal).command.args[0];
}

const RESULTS: readonly (readonly [string, number, string])[] = [
  ['${instance}', 3, '3'],
  ['a${instance}b${ instance }c', 3, 'a3b3c'],
  ['${instance + 5000}', 2, '5002'],
  ['${instance+5000}', 2, '5002'],
  ['${5000+instance}', 2, '5002'],
  ['${instance-1}', 1, '0'],
  ['${(instance - 1) * 10 + 8000}', 3, '8020'],
  ['${8000 + (instance - 1) * 10}', 3, '8020'],
  ['${instance * -1}', 2, '-2'],
  ['${-instance + 1}', 3, '-2'],
  ['${0 * -instance}', 3, '0'],
  ['${7 / 2 + instance}', 1, '4'],
  ['${(0 - 7) / 2 + instance}', 1, '-2'],
  ['${(0 - 7) % 2 + instance}', 1, '0'],
  ['${10 - 2 - instance}', 3, '5'],
  ['${2 + 3 * instance}', 4, '14'],
  ['${((((instance))))}', 4, '4'],
  ['${instance:-7}', 4, '4'],
  ['${NOPE:-${instance + 1}}', 4, '5'],
  ['${PORT + instance}', 4, '8084'],
  ['${${PORT} + instance}', 4, '8084'],
  ['${${NOPE:-70} + instance}', 4, '74'],
  ['${PORT + 1}', 4, '8081'],
  ['${NEGATIVE - instance}', 4, '-9'],
  ['$${instance}', 4, '${instance}'],
  ['$$${instance}', 4, '$4'],
  ['$instance', 4, '$instance'],
];
for (const [text, ordinal, expected] of RESULTS) {
  test(`for instance ${ordinal}, ${text} is ${expected}`, () => {
    assert.equal(argumentOf(text, ordinal, { PORT: '8080', NEGATIVE: '-5' }), expected);
  });
}

const WRONG: readonly (readonly [string, RegExp])[] = [
  ['${instance +}', /cannot compute .*a number is missing/],
  ['${instance 2}', /an operator is missing before "2"/],
  ['${(instance}', /a "\)" is missing/],
  ['${instance)}', /an operator is missing before "\)"/],
  ['${* instance}', /a number is missing before "\*"/],
  ['${instance * 9007199254740991}', /too large/],
  ['${99999999999999999999 + instance}', /too large/],
  ['${5 / (instance - 3)}', /cannot compute .* for instance 3: division by 0/],
  ['${5 % (instance - 3)}', /for instance 3: division by 0/],
  ['${instance / 0}', /division by 0/],
  ['${NOPE + 1}', /variable NOPE is not set/],
  ['${TEXT + 1}', /variable TEXT is no whole number: "8080x"/],
  ['${instances + 1}', /variable instances is not set/],
  ['${PORT-80}', /is not a variable/],
  ['${PORT+80}', /is not a variable/],
  ['${PORT%80}', /is not a variable/],
  ['${1}', /is not a variable/],
  ['${1 + 1}', /is not a variable/],
  ['${instance.1}', /is not a variable/],
  ['${Instance}', /variable Instance is not set/],
  [`\${${'('.repeat(150)}instance${')'.repeat(150)}}`, /too long/],
];
for (const [text, message] of WRONG) {
  test(`${text.slice(0, 40)} is refused, with its place`, () => {
    const environment = { PORT: '8080', TEXT: '8080x' };
    const problems = problemsOf(web(`instances = 9\nargs = ['ok', '${text}']`), { environment });
    assert.equal(problems.length, 1);
    assert.match(problems[0]?.message ?? '', message);
    assert.equal(problems[0]?.line, 4);
    assert.equal(problems[0]?.key, 'processes.web.args[1]');
    assert.ok(!JSON.stringify(problems).includes('\\u0000'));
  });
}

const EVERYWHERE = `
[processes.web]
cmd = "serve --port \${instance + 5000} '\${instance} a' \\"\${instance} b\\""
instances = 3
workingdir = "/srv/\${instance}"
env = {PORT = "\${instance + 5000}", KEY = {file = "/run/secrets/key-\${instance}"}}
stdout = "/var/log/web-\${instance}.log"
stderr = {file = "/var/log/err-\${instance * 2}.log", max_size = "1MB"}
`;

test('the number goes into cmd, env, secrets, workingdir, stdout and stderr, and only there', () => {
  const config = loadWeb(EVERYWHERE);
  const second = ofInstance(config, 2);
  assert.deepEqual(second.command, { file: 'serve', args: ['--port', '5002', '2 a', '2 b'] });
  assert.equal(second.spawn.workingDirectory, '/srv/2');
  assert.equal(second.spawn.environment.set.PORT, '5002');
  assert.deepEqual(second.spawn.environment.secretFiles, { KEY: '/run/secrets/key-2' });
  const path = (target: ProcessConfig['stdout'], ordinal: number): unknown => {
    const own = outputTargetOfInstance(target, ordinal);
    return own.kind === 'file' && own.path;
  };
  assert.equal(path(config.stdout, 2), '/var/log/web-2.log');
  assert.equal(path(config.stderr, 2), '/var/log/err-4.log');
  assert.deepEqual(loadGood(EVERYWHERE).warnings, []);
  assert.doesNotMatch(JSON.stringify(ofInstance(config, 1)), /u0000|instance \+/);
});

test('people see expressions as the file has them', () => {
  const shown = JSON.stringify(withReadableTexts(loadWeb(EVERYWHERE)));
  assert.match(shown, /"--port","\$\{instance \+ 5000\}"/);
  assert.doesNotMatch(shown, /u0000/);
});

const check = (lines: string): string => web(`instances = 3\n[processes.web.healthcheck]\n${lines}`);
const CHECKS: readonly (readonly [string, unknown])[] = [
  ['tcp = "${instance + 5000}"', { kind: 'tcp', host: '127.0.0.1', port: '5003' }],
  ['tcp = "[::1]:${instance + 5000}"', { kind: 'tcp', host: '::1', port: '5003' }],
  ['tcp = "web-${instance}:80"', { kind: 'tcp', host: 'web-3', port: 80 }],
  [
    'http = "http://localhost:${instance + 5000}/health"',
    { kind: 'http', url: 'http://localhost:5003/health', expectStatus: undefined },
  ],
  [
    'http = {url = "http://localhost:${instance + 5000}/", status = [204]}',
    { kind: 'http', url: 'http://localhost:5003/', expectStatus: [204] },
  ],
  ['cmd = "probe ${instance + 1}"', { kind: 'command', file: 'probe', args: ['4'] }],
  ['cmd = ["probe", "${instance}"]', { kind: 'command', file: 'probe', args: ['3'] }],
  ['cmd = "probe"\nargs = ["${instance}"]', { kind: 'command', file: 'probe', args: ['3'] }],
];
for (const [lines, probe] of CHECKS) {
  test(`a health check with ${lines} is the copy’s own`, () => {
    assert.deepEqual(ofInstance(loadWeb(check(lines)), 3).health.probe, probe);
  });
}

test('an address that one copy cannot have is found when the file is read', () => {
  for (const lines of [
    'tcp = "${instance + 65533}"',
    'tcp = "${instance - 1}"',
    'tcp = "${instance}:x"',
    'http = "http://localhost:${instance + 65533}/"',
    'http = "${instance}"',
    'http = "https://h/${instance}"',
  ]) {
    const problems = problemsOf(check(lines));
    assert.equal(problems.length, 1, lines);
    assert.equal(problems[0]?.line, 5);
    assert.ok(!JSON.stringify(problems).includes('\\u0000'), lines);
  }
});

test('where all instances share a value, the number is refused', () => {
  for (const line of [
    'user = "u${instance}"',
    'autorestart = "${instance}"',
    'instances = "${instance}"',
    'stdout = {file = "/x/y", mode = "${instance}"}',
    'stop_timeout = "${instance * 2}"',
    'description = "${instance}"',
    'env_file = "/etc/${instance}.env"',
  ]) {
    const problems = problemsOf(web(line));
    assert.equal(problems.length, 1, line);
    assert.match(problems[0]?.message ?? '', /\$\{instance\} cannot be used here/);
  }
  assert.match(problemsOf(`[engine]\nsocket = "/run/\${instance}"\n${web('')}`)[0]?.message ?? '', /cannot/);
});

test('an environment variable of the same name is not used, and a warning says so', () => {
  const environment = { instance: 'eu-1' };
  const config = loadGood(web('args = ["${instance}"]'), { environment });
  assert.deepEqual(ofInstance(config.processes.get('web') as ProcessConfig, 1).command.args, ['1']);
  assert.match(config.warnings[0] ?? '', /main\.toml:3: .*environment variable "instance" is not used/);
  assert.deepEqual(loadGood(web('args = ["$${instance}"]'), { environment }).warnings, []);
});

test('numbers that variables give are calculated with wherever a value is read', () => {
  const config = loadWeb(web('instances = "${CPUS * 2}"\nstart_timeout = "${CPUS + 1}s"'), {
    environment: { CPUS: '4' },
  });
  assert.equal(config.instances, 8);
  assert.equal(config.startTimeoutMs, 5_000);
});

test('a reload compares the expressions', () => {
  const before = loadWeb(web('instances = 2\nargs = ["${instance}"]'));
  assert.equal(compareProcesses(before, before).action, 'unchanged');
  const next = compareProcesses(before, loadWeb(web('instances = 2\nargs = ["${instance + 1}"]')));
  assert.deepEqual([next.action, next.changed], ['restart', ['cmd']]);
  // A copy more changes nothing for those that run.
  assert.equal(
    compareProcesses(before, loadWeb(web('instances = 3\nargs = ["${instance}"]'))).action,
    'update',
  );
});

test('a NUL character in the file is still refused', () => {
  assert.equal(load(web('args = ["\\u0000instance\\u0000"]')).ok, false);
});
