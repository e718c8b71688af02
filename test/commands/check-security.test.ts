import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { SECURITY_CHECKS, type SecurityReport, securityReport } from '../../src/commands/security-checks.ts';
import { asRoot, loadWeb } from '../support/config-ports.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const taskmaster = resolve(import.meta.dirname, '../../dist/taskmaster');
const ALL = '{read = ["/usr"], write = ["/data"], connect_tcp = [5432], bind_tcp = []}';
const capability = (name: string): string => `capabilities = ["${name}"]`;
const everything = {
  ...asRoot,
  capabilities: new Set([...asRoot.capabilities, 'CAP_SYS_ADMIN', 'CAP_SYS_PTRACE', 'CAP_NET_RAW']),
};

function reportOf(lines: string, more: { landlock?: number; changedBy?: 'its user' } = {}): SecurityReport {
  const process = loadWeb(`[processes.web]\ncmd = "/bin/x"\n${lines}\n`, { self: everything });
  const self = { ...everything, landlockVersion: () => more.landlock ?? 7 };
  return securityReport({ process, self, umask: 0o022, changedBy: more.changedBy });
}

/** Of each check: lines that leave a process exposed, and lines that do not. */
const ROWS: Readonly<Record<string, readonly (readonly [what: string, better: string])[]>> = {
  user: [
    ['user = "root"', 'user = "www"'],
    ['', 'user = "33:33"'],
  ],
  groups: [
    ['', 'user = "www"'],
    ['user = "www"\ngroups = ["root"]', 'user = "www"\ngroups = []'],
  ],
  'capabilities: system': [
    ['', 'capabilities = []'],
    [`user = "www"\n${capability('SYS_ADMIN')}`, 'user = "www"'],
  ],
  'capabilities: files of others': [[capability('CHOWN'), capability('NET_BIND_SERVICE')]],
  'capabilities: other users': [
    [capability('SETUID'), 'capabilities = []'],
    ['', 'bounding_capabilities = ["NET_BIND_SERVICE"]'],
    ['', 'securebits = ["noroot"]'],
  ],
  'capabilities: other processes': [[capability('SYS_PTRACE'), 'user = "www"']],
  'capabilities: network': [[capability('NET_RAW'), capability('NET_BIND_SERVICE')]],
  no_new_privs: [
    ['', 'no_new_privs = true'],
    ['user = "www"', `landlock = ${ALL}`],
  ],
  seccomp: [['', 'seccomp = "default"']],
  'landlock: files': [
    ['', `landlock = ${ALL}`],
    ['landlock = {bind_tcp = []}', 'landlock = {read = ["/usr"]}'],
  ],
  'landlock: writing': [
    ['', `landlock = ${ALL}`],
    ['landlock = {write = ["/etc"]}', 'landlock = {write = ["/etc/app"]}'],
  ],
  'landlock: connect_tcp': [[`landlock = {bind_tcp = []}`, `landlock = ${ALL}`]],
  'landlock: bind_tcp': [[`landlock = {connect_tcp = []}`, `landlock = ${ALL}`]],
  'secrets in env': [
    ['env = {DB_PASSWORD = "x"}', 'env = {DB_PASSWORD = {file = "/run/secrets/db"}}'],
    ['env = {API_KEY = "x"}', 'env = {API_KEY_FILE = "/run/secrets/key", PATH = "/bin"}'],
  ],
  environment: [['', 'clear_env = true']],
  umask: [
    ['', 'umask = "0027"'],
    ['umask = "0000"', 'umask = "0077"'],
  ],
  'limits: nproc': [['limits = {nproc = "unlimited"}', 'limits = {nproc = 9}']],
  'limits: memory': [
    ['', 'limits = {as = "1GiB"}'],
    ['', 'limits = {data = "1GiB"}'],
  ],
  'limits: core': [['', 'limits = {core = 0}']],
};

const partOf = (report: SecurityReport, name: string): number =>
  report.checks.find((check) => check.name === name)?.exposure ?? Number.NaN;

for (const [name, pairs] of Object.entries(ROWS))
  for (const [what, better] of pairs)
    test(`${name}: ${what} counts, and ${better} does not`, () => {
      const exposed = reportOf(what);
      assert.ok(partOf(exposed, name) > 0);
      assert.notEqual(exposed.checks.find((check) => check.name === name)?.help, undefined);
      assert.equal(partOf(reportOf(better), name), 0);
    });

test('every check has a row here, but the one of the program, which looks at its file', () => {
  assert.deepEqual(SECURITY_CHECKS.map(({ name }) => name).sort(), [...Object.keys(ROWS), 'program'].sort());
  assert.ok(partOf(reportOf('', { changedBy: 'its user' }), 'program') > 0);
});

test('what this kernel cannot confine counts as if it were not configured', () => {
  const old = reportOf(`landlock = ${ALL}`, { landlock: 0 });
  for (const name of ['landlock: files', 'landlock: connect_tcp', 'landlock: bind_tcp'])
    assert.ok(partOf(old, name) > 0);
  const third = reportOf(`landlock = ${ALL}`, { landlock: 3 });
  assert.equal(partOf(third, 'landlock: files'), 0);
  assert.ok(partOf(third, 'landlock: bind_tcp') > 0);
});

test('all that is exposed is 10, nothing is 0, and a file that others may write counts more than one they may read', () => {
  const worst = reportOf('umask = "0000"\nenv = {TOKEN = "x"}', { changedBy: 'its user' });
  assert.deepEqual([worst.exposure, worst.level], [10, 'DANGEROUS']);
  const lines = `user = "www"\numask = "0027"\nclear_env = true\nseccomp = "default"\nlandlock = ${ALL}\nlimits = {nproc = 9, data = 9, core = 0}`;
  const best = reportOf(lines);
  assert.deepEqual([best.exposure, best.level], [0, 'PERFECT']);
  assert.ok(partOf(reportOf('umask = "0000"'), 'umask') > partOf(reportOf(''), 'umask'));
});

function check(t: TestContext, document: string, ...flags: readonly string[]) {
  const folder = temporaryFolder(t);
  chmodSync(folder, 0o755);
  const program = join(folder, 'program');
  copyFileSync('/bin/true', program);
  chmodSync(program, 0o755);
  if (process.getuid?.() === 0) chownSync(program, 65_534, 65_534);
  const file = join(folder, 'main.toml');
  writeFileSync(file, document.replaceAll('{program}', program));
  return spawnSync(taskmaster, ['engine', 'check', ...flags, file], { encoding: 'utf8' });
}

const TWO = `[processes.good]\ncmd = "/bin/true"\nuser = "65534:65534"\nlandlock = ${ALL.replace('/data', '/tmp')}
[processes.bad]\ncmd = "/bin/true"\n`;

test('the table has the most exposed process first, and of each what counts most first', (t) => {
  const { status, stdout, stderr } = check(t, TWO, '--security');
  assert.deepEqual([status, stderr], [0, '']);
  const [head, first, second] = stdout.split('\n');
  assert.equal(head, 'process  exposure  level');
  assert.match(first ?? '', /^bad +\d\.\d {2}[A-Z]+$/);
  assert.match(second ?? '', /^good +\d\.\d {2}(SAFE|OK)$/);
  assert.match(stdout, /\nbad: \d\.\d [A-Z]+\n {3}\+1\.\d {2}user {2,}runs as root {2,}user = "…"\n/);
  assert.match(stdout, /\n {5}ok {2}landlock: files {2,}opens listed files only\n/);
});

test('as JSON it is one document', (t) => {
  const { stdout } = check(t, TWO, '--security', '--json');
  const { processes } = JSON.parse(stdout) as {
    processes: readonly { name: string; checks: readonly unknown[] }[];
  };
  assert.deepEqual(
    processes.map(({ name }) => name),
    ['good', 'bad'],
  );
  const [good] = processes;
  assert.deepEqual(good?.checks[0], {
    check: 'user',
    exposure: 0,
    found: 'runs as nobody (65534)',
    help: null,
  });
});

test('a program that its user owns counts', (t) => {
  const { stdout } = check(t, '[processes.web]\ncmd = "{program}"\nuser = "65534:65534"\n', '--security');
  assert.match(
    stdout,
    /\+\d\.\d {2}program {2,}its user can change its program {2,}have root own the program\n/,
  );
});

test('check warns of a path of landlock that does not exist', (t) => {
  const { status, stderr } = check(
    t,
    '[processes.web]\ncmd = "x"\nlandlock = {read = ["/none", "-/none2", "/usr"]}\n',
  );
  assert.equal(status, 0);
  assert.match(
    stderr,
    /^warning: web: \/none of landlock does not exist, so it cannot start; create it [^\n]+\n$/,
  );
});

test('problems are reported as ever, and --json is for --security only', (t) => {
  assert.equal(check(t, '[processes.web]\n', '--security').status, 78);
  const { status, stderr } = check(t, TWO, '--json');
  assert.equal(status, 2);
  assert.match(stderr, /^usage: taskmaster engine check \[--security \[--json\]\]/);
});
