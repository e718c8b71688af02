import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.ts';
import { complete } from '../../src/cli/complete.ts';
import { cli } from '../support/cli-rig.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { startRig } from '../support/rpc-rig.ts';

const source = { names: async () => ['nginx', 'web', 'web:1', 'web:2'] };
const after = (line: string) => complete(line.split(' '), COMMANDS, source);

const CASES: readonly [line: string, candidates: string[]][] = [
  ['st', ['start', 'status', 'stop']],
  ['--so', ['--socket']],
  ['--socket /x sta', ['start', 'status']],
  ['--socket ', []],
  ['stop w', ['web', 'web:1', 'web:2']],
  ['stop web:1 web:', ['web:2']],
  ['stop a', ['all']],
  ['stop web --w', ['--wait']],
  ['stop web --wait --w', []],
  ['stop --timeout ', []],
  ['stop --timeout 3s ng', ['nginx']],
  ['signal nginx HU', ['HUP']],
  [
    'signal nginx RTMIN+2',
    [
      'RTMIN+2',
      'RTMIN+20',
      'RTMIN+21',
      'RTMIN+22',
      'RTMIN+23',
      'RTMIN+24',
      'RTMIN+25',
      'RTMIN+26',
      'RTMIN+27',
      'RTMIN+28',
      'RTMIN+29',
    ],
  ],
  ['signal nginx HUP ', ['--help', '--json', '--leader', '--socket']],
  ['logs -p ng', ['nginx']],
  ['logs --level w', ['warn']],
  ['logs -e config_r', ['config_rejected', 'config_reloaded']],
  ['logs --stream ', ['stderr', 'stdout']],
  ['logs -p nginx --pro', ['--process']],
  ['attach nginx --stream s', ['stderr', 'stdout']],
  ['help ev', ['events']],
  ['completion ', ['bash', 'fish', 'zsh']],
  ['nonsense ', []],
  ['__', []],
];

describe('Tab', () => {
  for (const [line, candidates] of CASES) {
    test(`after "${line}"`, async () => assert.deepEqual(await after(line), candidates));
  }

  test('without a word offers every verb that help shows', async () => {
    const { out } = await cli(['help']);
    for (const verb of await after('')) assert.match(out, new RegExp(`^  ${verb}\\b`, 'm'));
    assert.equal((await after('')).length, COMMANDS.filter(({ isHidden }) => isHidden !== true).length);
  });
});

describe('the scripts for other shells', () => {
  test('ask for candidates and get them, one a line', async (t) => {
    const rig = await startRig(t, {}, new FakeEngine(anInstance('web:1'), anInstance('web:2')));
    const environment = { TASKMASTER_SOCKET: rig.path };
    const { out } = await cli(['__complete', '--', 'stop', '--wait', 'w'], { environment });
    assert.equal(out, 'web\nweb:1\nweb:2\n');
  });

  test('say nothing where there is no engine', async () => {
    const ran = await cli(['__complete', '--', 'stop', 'w'], {
      environment: { TASKMASTER_SOCKET: '/nowhere' },
    });
    assert.deepEqual(ran, { code: 0, out: '', err: '' });
  });

  test('taskmaster’s own words come with the verbs, and theirs after them', async () => {
    const ask = async (...words: readonly string[]): Promise<readonly string[]> =>
      (await cli(['__complete', '--', ...words])).out.split('\n').filter(Boolean);
    assert.deepEqual(await ask('e'), ['engine', 'env', 'events']);
    assert.deepEqual(await ask('i'), ['init']);
    assert.deepEqual(await ask('b'), ['board']);
    assert.deepEqual(await ask('engine', 'st'), ['start', 'stop']);
    assert.deepEqual(await ask('init', '-s', '--v'), ['--version']);
  });

  test('flags that go without a verb come with those ahead of one', async () => {
    const { out } = await cli(['__complete', '--', '--socket', '/x', '-']);
    assert.equal(out, '--commands\n--exit-on-error\n--help\n--json\n--socket\n');
    assert.equal((await cli(['__complete', '--', '-c', ''])).out, '');
  });

  test('bash understands its script, and fills the candidates in', async () => {
    const { out } = await cli(['completion', 'bash']);
    const ask = `
      taskshell() { printf '%s\\n' "$@" >&2; printf 'nginx\\nweb\\n'; }
      COMP_WORDS=(taskshell stop n); COMP_CWORD=2; COMP_LINE='taskshell stop n'
      _taskshell taskshell n stop
      printf '%s,' "\${COMPREPLY[@]}"`;
    const bash = spawnSync('bash', ['-u', '-c', `${out}\n${ask}`], { encoding: 'utf8' });
    assert.equal(bash.stdout, 'nginx,web,', bash.stderr);
  });
});

test('every verb explains itself, with its flags', async () => {
  for (const { verb, flags, isHidden } of COMMANDS) {
    if (isHidden === true) continue;
    const { code, out } = await cli(['help', verb]);
    assert.equal(code, 0);
    assert.deepEqual((await cli([verb, '--help'])).out, out);
    for (const { name } of flags) assert.ok(out.includes(name), `${verb} ${name}`);
    for (const line of out.split('\n')) assert.ok(line.length <= 110, line);
  }
});
