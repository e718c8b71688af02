/** Steps around a life, in a world driven by hand. Children are numbered from 101 in the order of their start. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StepConfig, StopStage } from '../../src/config/resolved-config.ts';
import type { ExitStatus } from '../../src/lifecycle/exit-outcome.ts';
import { type ProcessChoices, processConfig, Rig } from './rig.ts';

const step = (name: string, more: Partial<StepConfig> = {}): StepConfig => ({
  name,
  command: { file: `/bin/${name}`, args: [] },
  timeoutMs: 10_000,
  as: 'process',
  ...more,
});

function started(choices: ProcessChoices): Rig {
  return new Rig([processConfig('web', choices)]).startAll();
}

const exited = (code: number): ExitStatus => ({ how: 'exited', code });
const programs = (rig: Rig): readonly string[] => rig.kernel.spawned.map(({ file }) => file);
const last = (rig: Rig): number => 100 + rig.kernel.spawned.length;
/** The program or step that was started last ends. */
const end = (rig: Rig, code = 0): void => rig.kernel.exit(last(rig), exited(code));
const variables = (rig: Rig): Readonly<Record<string, string>> =>
  rig.kernel.spawned.at(-1)?.environment.set ?? {};
const finished = (rig: Rig): readonly unknown[] =>
  rig.told.filter(({ event }) => event === 'step_finished').map((event) => event);

test('steps run in order before the program, each after the one before', () => {
  const rig = started({ steps: { preStart: [step('mkdir'), step('initdb')] } });
  assert.deepEqual(
    [rig.state('web'), rig.see('web').reason],
    ['preparing', 'runs mkdir /bin/mkdir (1 of 2)'],
  );
  assert.deepEqual(programs(rig), ['/bin/mkdir']);
  assert.equal(rig.see('web').pid, null);
  end(rig);
  assert.deepEqual(programs(rig), ['/bin/mkdir', '/bin/initdb']);
  end(rig);
  assert.deepEqual(programs(rig), ['/bin/mkdir', '/bin/initdb', '/bin/web']);
  assert.equal(rig.state('web'), 'healthcheck');
  assert.equal(rig.clock.pending, 0);
  assert.deepEqual(rig.faults, []);
});

test('a failed step fails the start, is named, and the start is tried again with all steps', () => {
  const rig = started({ steps: { preStart: [step('mkdir'), step('initdb')] }, maxRestarts: 1 });
  end(rig);
  end(rig, 3);
  assert.equal(rig.state('web'), 'backoff');
  assert.equal(rig.see('web').reason, 'initdb /bin/initdb exited with code 3; restart 1 of 1');
  assert.deepEqual(rig.see('web').last_exit?.status, {
    how: 'not-started',
    message: 'initdb /bin/initdb exited with code 3',
  });
  rig.clock.advance(500);
  assert.equal(programs(rig).at(-1), '/bin/mkdir');
  end(rig, 1);
  assert.equal(rig.state('web'), 'failed');
  assert.equal(rig.see('web').reason, 'mkdir /bin/mkdir exited with code 1, after 1 restart in a row');
  assert.ok(!programs(rig).includes('/bin/web'));
});

test('a step that is not there fails for good, and with autorestart = "no" every failed step does', () => {
  const rig = new Rig([processConfig('web', { steps: { preStart: [step('initdb')] } })]);
  rig.kernel.failNextSpawn('ENOENT');
  rig.startAll();
  assert.equal(rig.state('web'), 'failed');
  assert.match(
    rig.see('web').reason ?? '',
    /^initdb \/bin\/initdb could not be started: cannot execute it: ENOENT/,
  );
  const other = started({ steps: { preStart: [step('initdb')] }, policy: 'no' });
  end(other, 1);
  assert.equal(other.state('web'), 'failed');
});

test('a step that takes too long has TERM, then KILL, and only its end is the end of the start', () => {
  const rig = started({ steps: { preStart: [step('initdb')] } });
  rig.clock.advance(10_000);
  assert.deepEqual([rig.state('web'), rig.targetsOf(101)], ['preparing', ['SIGTERM all']]);
  rig.clock.advance(2_000);
  assert.deepEqual([rig.state('web'), rig.targetsOf(101)], ['preparing', ['SIGTERM all', 'SIGKILL all']]);
  rig.kernel.exit(101, { how: 'signalled', signal: 'SIGKILL', core: false });
  assert.equal(rig.state('web'), 'backoff');
  assert.match(rig.see('web').reason ?? '', /^initdb \/bin\/initdb timed out after 10s/);
});

test('what a step leaves behind is stopped before the next begins', () => {
  const rig = started({ steps: { preStart: [step('first'), step('second')] } });
  rig.kernel.exit(101, exited(0), 1, 1);
  assert.deepEqual([programs(rig), rig.targetsOf(101)], [['/bin/first'], ['SIGTERM all']]);
  rig.clock.advance(2_000);
  assert.equal(rig.targetsOf(101).at(-1), 'SIGKILL all');
  assert.deepEqual(programs(rig), ['/bin/first']);
  rig.kernel.emptyGroup(101);
  assert.deepEqual(programs(rig), ['/bin/first', '/bin/second']);
});

for (const [wish, state] of [
  ['stop', 'stopped'],
  ['restart', 'preparing'],
] as const) {
  test(`a ${wish} ends the step that runs, and waits until it is gone`, () => {
    const rig = started({ steps: { preStart: [step('initdb')] } });
    rig.decide('web', wish);
    assert.deepEqual([rig.state('web'), rig.targetsOf(101)], ['preparing', ['SIGTERM all']]);
    rig.decide('web', wish);
    assert.deepEqual(rig.targetsOf(101), ['SIGTERM all']);
    rig.kernel.exit(101, exited(0));
    assert.equal(rig.state('web'), state);
    assert.equal(programs(rig).length, wish === 'restart' ? 2 : 1);
    assert.deepEqual(rig.see('web').restarts, 0);
  });
}

test('a kill ends the step by KILL, and a stop before it changes nothing about that', () => {
  const rig = started({ steps: { preStart: [step('initdb')], postExit: [step('cleanup')] } });
  rig.decide('web', 'stop');
  rig.decide('web', 'kill');
  assert.deepEqual(rig.targetsOf(101), ['SIGTERM all', 'SIGKILL all']);
  rig.kernel.exit(101, { how: 'signalled', signal: 'SIGKILL', core: false });
  assert.deepEqual([rig.state('web'), programs(rig)], ['stopped', ['/bin/initdb']]);
});

test('a step without an answer from the kernel is given up with its state', () => {
  const rig = new Rig([processConfig('web', { steps: { preStart: [step('initdb')] } })]);
  rig.kernel.holdsSpawns = true;
  rig.startAll();
  rig.decide('web', 'stop');
  assert.deepEqual([rig.kernel.abandoned, rig.state('web')], [['cancelled'], 'stopped']);
});

test('one that has an answer all the same is stopped before anything else happens', () => {
  const rig = new Rig([processConfig('web', { steps: { preStart: [step('initdb')] } })]);
  rig.kernel.holdsSpawns = true;
  rig.kernel.answersAnyway = true;
  rig.startAll();
  rig.decide('web', 'stop');
  assert.equal(rig.state('web'), 'preparing');
  rig.kernel.held[0]?.execute();
  assert.deepEqual([rig.state('web'), rig.targetsOf(101)], ['preparing', ['SIGTERM all']]);
  rig.kernel.exit(101, exited(0));
  assert.equal(rig.state('web'), 'stopped');
});

test('it is healthy only once the steps after its start have ended well, and knows its pid', () => {
  const rig = started({
    steps: {
      postStart: [
        step('register', {
          command: { file: '/bin/register', args: ['--pid=$MAINPID', `$${'{MAINPID}'}x`, '$MAINPIDS'] },
        }),
      ],
    },
  });
  rig.healthy('web');
  assert.deepEqual([rig.state('web'), rig.see('web').health], ['poststart', 'starting']);
  assert.equal(variables(rig).MAINPID, '101');
  assert.deepEqual(rig.kernel.spawned.at(-1)?.args, ['--pid=101', '101x', '$MAINPIDS']);
  end(rig);
  assert.equal(rig.state('web'), 'healthy');
  rig.unhealthy('web');
  rig.kernel.exit(101, exited(0));
});

test('a failed step after the start stops the program, and that is a failure', () => {
  const rig = started({
    steps: { postStart: [step('post_start', { command: { file: '/bin/register', args: [] } })] },
  });
  rig.healthy('web');
  end(rig, 1);
  assert.deepEqual([rig.state('web'), rig.targetsOf(101)], ['stopping', ['SIGTERM leader']]);
  assert.equal(rig.see('web').reason, 'post_start /bin/register exited with code 1');
  rig.kernel.exit(101, exited(0));
  assert.equal(rig.state('web'), 'backoff');
  assert.equal(rig.see('web').reason, 'post_start /bin/register exited with code 1; restart 1');
});

test('a program that ends during a step after its start takes the step with it', () => {
  const rig = started({ steps: { postStart: [step('register')] } });
  rig.healthy('web');
  rig.kernel.exit(101, exited(1));
  assert.deepEqual([rig.state('web'), rig.targetsOf(102)], ['stopping', ['SIGTERM all']]);
  assert.equal(rig.see('web').reason, 'waits for register /bin/register to end');
  rig.kernel.exit(102, exited(0));
  assert.equal(rig.state('web'), 'backoff');
});

test('what waits for a start sees it during post_start, and what waits for health after it', () => {
  const choices = (condition: 'started' | 'healthy'): ProcessChoices => ({
    dependsOn: [{ process: 'db', condition, restart: false }],
  });
  const rig = new Rig([
    processConfig('db', { steps: { preStart: [step('initdb')], postStart: [step('register')] } }),
    processConfig('early', choices('started')),
    processConfig('late', choices('healthy')),
  ]).startAll();
  assert.equal(rig.state('early'), 'waiting');
  end(rig);
  assert.equal(rig.state('early'), 'healthcheck');
  rig.healthy('db');
  assert.deepEqual([rig.state('db'), rig.state('late')], ['poststart', 'waiting']);
  end(rig);
  assert.equal(rig.state('late'), 'healthcheck');
});

test('a dependent that is restarted with its dependency is, though steps come before that one', () => {
  const rig = new Rig([
    processConfig('db', { steps: { preStart: [step('initdb')] } }),
    processConfig('api', { dependsOn: [{ process: 'db', condition: 'started', restart: true }] }),
  ]).startAll();
  end(rig);
  rig.healthy('api');
  rig.exit('db', 1);
  rig.clock.advance(500);
  assert.deepEqual([rig.state('db'), rig.state('api')], ['preparing', 'healthy']);
  end(rig);
  assert.deepEqual([rig.state('db'), rig.state('api')], ['healthcheck', 'stopping']);
});

const COMMAND = (waitMs: number): StopStage => ({
  kind: 'command',
  waitMs,
  step: step('drain', { timeoutMs: waitMs }),
});
const TERM: StopStage = { kind: 'signal', signal: 'SIGTERM', waitMs: 5_000, to: 'leader' };

test('a stop command runs before the signals, which follow its end', () => {
  const rig = started({ stop: [COMMAND(10_000), TERM] });
  rig.decide('web', 'stop');
  assert.deepEqual([programs(rig).at(-1), rig.signalsTo(101)], ['/bin/drain', []]);
  assert.deepEqual([variables(rig).MAINPID, variables(rig).SERVICE_RESULT], ['101', 'success']);
  assert.equal(rig.see('web').deadline?.action, 'SIGTERM');
  end(rig);
  assert.deepEqual(rig.signalsTo(101), ['SIGTERM']);
  rig.die('web', 'SIGTERM');
  assert.equal(rig.state('web'), 'stopped');
  assert.equal(rig.clock.pending, 0);
});

test('a stop command that hangs is ended, and the signals do not wait for it', () => {
  const rig = started({ stop: [COMMAND(10_000), TERM] });
  rig.decide('web', 'stop');
  rig.clock.advance(10_000);
  assert.deepEqual([rig.signalsTo(101), rig.signalsTo(102)], [['SIGTERM'], ['SIGTERM']]);
  rig.die('web', 'SIGTERM');
  assert.equal(rig.state('web'), 'stopping');
  rig.clock.advance(2_000);
  rig.kernel.exit(102, { how: 'signalled', signal: 'SIGKILL', core: false });
  assert.equal(rig.state('web'), 'stopped');
});

test('a program that ends by its stop command has no signal, and the command its time to end', () => {
  const rig = started({ stop: [COMMAND(10_000), TERM] });
  rig.decide('web', 'stop');
  rig.kernel.exit(101, exited(0));
  assert.deepEqual([rig.state('web'), rig.signalsTo(101), rig.signalsTo(102)], ['stopping', [], []]);
  end(rig);
  assert.equal(rig.state('web'), 'stopped');
});

test('a kill runs no stop command and no step after the end', () => {
  const rig = started({ stop: [COMMAND(10_000), TERM], steps: { postExit: [step('cleanup')] } });
  rig.decide('web', 'kill');
  assert.deepEqual([programs(rig), rig.signalsTo(101)], [['/bin/web'], ['SIGKILL']]);
  rig.die('web', 'SIGKILL');
  assert.deepEqual([rig.state('web'), programs(rig)], ['stopped', ['/bin/web']]);
});

test('a pause among the stages gives a program time after a command', () => {
  const rig = started({ stop: [COMMAND(10_000), { kind: 'pause', waitMs: 3_000 }, TERM] });
  rig.decide('web', 'stop');
  end(rig);
  assert.deepEqual(rig.signalsTo(101), []);
  rig.clock.advance(3_000);
  assert.deepEqual(rig.signalsTo(101), ['SIGTERM']);
});

test('a restart waits for the steps after the end', () => {
  const rig = started({ steps: { postExit: [step('cleanup')] } });
  rig.decide('web', 'restart');
  rig.die('web', 'SIGTERM');
  assert.deepEqual([rig.state('web'), rig.see('web').reason], ['cleaning', 'runs cleanup /bin/cleanup']);
  end(rig, 1);
  assert.deepEqual([rig.state('web'), programs(rig).at(-1)], ['healthcheck', '/bin/web']);
  assert.equal(rig.see('web').restarts, 0);
});

/** As in the table of systemd.exec(5). */
const RESULTS: readonly (readonly [name: string, end: (rig: Rig) => void, ...expected: string[]])[] = [
  ['a good exit', (rig) => rig.exit('web', 0), 'success', 'exited', '0'],
  ['a bad exit', (rig) => rig.exit('web', 7), 'exit-code', 'exited', '7'],
  ['a signal', (rig) => rig.die('web', 'SIGHUP'), 'signal', 'killed', 'HUP'],
  [
    'a core dump',
    (rig) => rig.kernel.exit(101, { how: 'signalled', signal: 'SIGSEGV', core: true }),
    'core-dump',
    'dumped',
    'SEGV',
  ],
  [
    'lack of memory',
    (rig) => rig.kernel.exit(101, { how: 'signalled', signal: 'SIGKILL', core: false, oom: true }),
    'oom-kill',
    'killed',
    'KILL',
  ],
  [
    'a stop',
    (rig) => {
      rig.decide('web', 'stop');
      rig.die('web', 'SIGTERM');
    },
    'success',
    'killed',
    'TERM',
  ],
  [
    'a stop that needed KILL',
    (rig) => {
      rig.decide('web', 'stop');
      rig.clock.advance(5_000);
      rig.die('web', 'SIGKILL');
    },
    'timeout',
    'killed',
    'KILL',
  ],
  [
    'a failed health check',
    (rig) => {
      rig.healthy('web');
      rig.unhealthy('web');
      rig.die('web', 'SIGTERM');
    },
    'watchdog',
    'killed',
    'TERM',
  ],
  [
    'a start that took too long',
    (rig) => {
      rig.clock.advance(60_000);
      rig.exit('web', 0);
    },
    'timeout',
    'exited',
    '0',
  ],
];

for (const [name, happen, result, code, status] of RESULTS) {
  test(`the steps after an exit get the variables for ${name}`, () => {
    const rig = started({ steps: { postExit: [step('cleanup')] }, startTimeoutMs: 60_000, type: 'simple' });
    happen(rig);
    assert.equal(rig.state('web'), 'cleaning');
    const { SERVICE_RESULT, EXIT_CODE, EXIT_STATUS, MAINPID } = variables(rig);
    assert.deepEqual([SERVICE_RESULT, EXIT_CODE, EXIT_STATUS, MAINPID], [result, code, status, undefined]);
  });
}

test('they also run after a failed start, with the variables for it', () => {
  const rig = started({ steps: { preStart: [step('initdb')], postExit: [step('cleanup')] } });
  end(rig, 3);
  assert.equal(rig.state('web'), 'cleaning');
  assert.deepEqual([variables(rig).SERVICE_RESULT, variables(rig).EXIT_CODE], ['exit-code', undefined]);
  end(rig);
  assert.equal(rig.state('web'), 'backoff');
  assert.match(rig.see('web').reason ?? '', /^initdb \/bin\/initdb exited with code 3/);
});

test('the verdict on an essential process waits for the steps after its end', () => {
  const rig = started({ essential: true, policy: 'no', steps: { postExit: [step('cleanup')] } });
  rig.exit('web', 4);
  assert.deepEqual([rig.state('web'), rig.verdicts], ['cleaning', []]);
  end(rig);
  assert.equal(rig.verdicts[0]?.code, 4);
});

test('an essential process whose pre_start fails for good ends the container with the code for never ran', () => {
  const rig = started({
    essential: true,
    policy: 'no',
    steps: { preStart: [step('pre_start', { command: { file: '/bin/initdb', args: [] } })] },
  });
  end(rig, 3);
  assert.equal(rig.verdicts[0]?.code, 10);
});

test('a reload runs the command, once more if it was asked for meanwhile, and reports its end', () => {
  const rig = started({ reload: step('reload') });
  rig.reload();
  assert.deepEqual(programs(rig), ['/bin/web']);
  rig.healthy('web');
  assert.deepEqual(programs(rig), ['/bin/web', '/bin/reload']);
  assert.equal(variables(rig).MAINPID, '101');
  rig.reload();
  rig.reload();
  end(rig, 1);
  assert.deepEqual(programs(rig), ['/bin/web', '/bin/reload', '/bin/reload']);
  end(rig);
  assert.equal(programs(rig).length, 3);
  assert.equal(rig.state('web'), 'healthy');
  assert.equal(finished(rig).length, 2);
});

test('a stop ends a reload that runs, and waits until it is gone', () => {
  const rig = started({ reload: step('reload') });
  rig.healthy('web');
  rig.reload();
  rig.decide('web', 'restart');
  assert.deepEqual([rig.signalsTo(102), rig.signalsTo(101)], [['SIGTERM'], ['SIGTERM']]);
  rig.die('web', 'SIGTERM');
  assert.equal(rig.state('web'), 'stopping');
  end(rig);
  assert.deepEqual([rig.state('web'), programs(rig).at(-1)], ['healthcheck', '/bin/web']);
});

test('a step runs as the process does, or as the engine', () => {
  const process = processConfig('web', {
    steps: { preStart: [step('own'), step('root', { as: 'engine' })] },
  });
  const identity = { uid: 33, gid: 33, groups: [], userName: 'www-data' };
  const spawn = { ...process.spawn, identity, workingDirectory: '/srv', umask: 0o27, noNewPrivs: true };
  const rig = new Rig([{ ...process, spawn }]).startAll();
  end(rig);
  const [own, root] = rig.kernel.spawned;
  assert.deepEqual([own?.identity?.uid, own?.workingDirectory, own?.noNewPrivs], [33, '/srv', true]);
  assert.deepEqual([root?.identity, root?.workingDirectory, root?.noNewPrivs], [undefined, '/srv', false]);
});

test('a shutdown runs the steps at the end within the grace period, and ends them with it', () => {
  const rig = started({
    stop: [COMMAND(60_000), TERM],
    steps: { postExit: [step('cleanup', { timeoutMs: 60_000 })] },
  });
  rig.drain.begin({ code: 0, reason: 'a test' });
  assert.equal(programs(rig).at(-1), '/bin/drain');
  end(rig);
  rig.die('web', 'SIGTERM');
  assert.deepEqual([rig.state('web'), programs(rig).at(-1)], ['cleaning', '/bin/cleanup']);
  rig.clock.advance(8_500);
  assert.deepEqual(rig.targetsOf(103), ['SIGKILL all']);
  rig.kernel.exit(103, { how: 'signalled', signal: 'SIGKILL', core: false });
  assert.equal(rig.state('web'), 'stopped');
});

const preStart = (...names: string[]): ProcessChoices => ({
  steps: { preStart: names.map((name) => step(name)) },
});

test('a list of steps that runs ends as it began, whatever a reload makes of it, and the next start takes the new one', () => {
  for (const changed of [['first'], ['other', 'another', 'third'], []]) {
    const rig = started(preStart('first', 'second'));
    rig.reload(processConfig('web', preStart(...changed)));
    rig.reload(processConfig('web', preStart(...changed, 'last')));
    end(rig);
    assert.equal(programs(rig).at(-1), '/bin/second');
    end(rig);
    assert.equal(programs(rig).at(-1), '/bin/web');
    rig.decide('web', 'restart');
    rig.die('web', 'SIGTERM');
    const begun = programs(rig).length - 1;
    for (const _ of changed) end(rig);
    end(rig);
    const expected = [...changed, 'last', 'web'].map((name) => `/bin/${name}`);
    assert.deepEqual([programs(rig).slice(begun), rig.faults], [expected, []]);
  }
});

test('so do the steps after a start, those after an end, and a stop sequence', () => {
  const before: ProcessChoices = {
    steps: { postStart: [step('register'), step('announce')], postExit: [step('cleanup'), step('tell')] },
    stop: [COMMAND(10_000), TERM],
  };
  const rig = started(before);
  const { process } = rig.record('web');
  const change = (choices: ProcessChoices): void => rig.reload(processConfig('web', choices));
  rig.healthy('web');
  change({});
  end(rig);
  assert.equal(programs(rig).at(-1), '/bin/announce');
  end(rig);
  rig.reload(process);
  rig.decide('web', 'stop');
  assert.equal(programs(rig).at(-1), '/bin/drain');
  change({ ...before, stop: [{ ...TERM, signal: 'SIGQUIT' }] });
  assert.equal(rig.see('web').deadline?.action, 'SIGTERM');
  end(rig);
  assert.deepEqual(rig.signalsTo(101), ['SIGTERM']);
  rig.die('web', 'SIGTERM');
  assert.equal(programs(rig).at(-1), '/bin/cleanup');
  change({});
  end(rig);
  assert.equal(programs(rig).at(-1), '/bin/tell');
  end(rig);
  assert.deepEqual([rig.state('web'), rig.faults], ['stopped', []]);
  rig.decide('web', 'start');
  rig.decide('web', 'stop');
  assert.deepEqual([programs(rig).at(-1), rig.signalsTo(last(rig))], ['/bin/web', ['SIGTERM']]);
});

test('status says which step runs, which of how many, and for how long it may', () => {
  const rig = started({
    ...preStart('pre_start[0]', 'pre_start[1]', 'pre_start[2]'),
    stop: [
      { kind: 'pause', waitMs: 1_000 },
      COMMAND(4_000),
      { kind: 'command', waitMs: 10_000, step: step('other') },
      TERM,
    ],
    reload: step('reload'),
  });
  end(rig);
  rig.clock.advance(3_000);
  assert.deepEqual(rig.see('web').step, {
    name: 'pre_start[1]',
    program: '/bin/pre_start[1]',
    number: 2,
    of: 3,
    age_ms: 3_000,
    timeout_ms: 10_000,
  });
  assert.equal(rig.see('web').reason, 'runs pre_start[1] /bin/pre_start[1] (2 of 3)');
  end(rig);
  end(rig);
  assert.equal(rig.see('web').step, undefined);
  rig.healthy('web');
  rig.reload();
  assert.deepEqual([rig.see('web').step?.name, rig.see('web').step?.of], ['reload', 1]);
  end(rig);
  assert.equal(rig.see('web').step, undefined);
  rig.decide('web', 'stop');
  rig.clock.advance(1_000);
  assert.deepEqual(
    [rig.see('web').step?.name, rig.see('web').step?.number, rig.see('web').step?.of],
    ['drain', 1, 1],
  );
});

test('anyone who follows the status gets each step, also those that change no state', () => {
  const rig = started(preStart('first', 'second'));
  const seen: (string | undefined)[] = [];
  rig.supervisor.onTurnEnd((changed) => seen.push(...changed.map((record) => record.step?.name)));
  end(rig);
  assert.deepEqual(seen, ['second']);
});

test('a step that is being ended is not ended again, and says what it was ended for', () => {
  const rig = started({ steps: { preStart: [step('initdb')] } });
  rig.clock.advance(10_000);
  rig.decide('web', 'stop');
  assert.deepEqual(rig.targetsOf(101), ['SIGTERM all']);
  rig.kernel.exit(101, exited(0), 1);
  assert.deepEqual(rig.targetsOf(101), ['SIGTERM all'], 'what it left has had it too');
  rig.kernel.emptyGroup(101);
  const [end] = rig.told.flatMap((event) => (event.event === 'step_finished' ? [event.outcome] : []));
  assert.deepEqual([rig.state('web'), end], ['stopped', 'timed out after 10s']);
  assert.ok(rig.kernel.released.has(101));
  rig.clock.advance(200);
  assert.equal(rig.clock.pending, 0);
});

test('a step that waits for its turn to start is taken back, and none of it is left', async () => {
  const rig = started({ steps: { preStart: [step('initdb')] } });
  end(rig);
  const many = new Rig(
    Array.from({ length: 20 }, (_, index) =>
      processConfig(`job${index}`, { steps: { preStart: [step('initdb')] } }),
    ),
  );
  const spawn = many.kernel.spawn.bind(many.kernel);
  many.kernel.spawn = (...request) => {
    many.clock.advance(8);
    return spawn(...request);
  };
  for (let index = 0; index < 20; index++) many.decide(`job${index}`, 'start');
  assert.deepEqual([many.state('job19'), many.kernel.spawned.length], ['preparing', 2]);
  many.decide('job19', 'stop');
  assert.equal(many.state('job19'), 'stopped');
  for (let turn = 0; turn < 20; turn++) await nextTurn();
  assert.deepEqual([many.kernel.spawned.length, many.faults], [19, []]);
});

test('a reload that is due runs nothing once the configuration has no command for it', () => {
  const rig = started({ reload: step('reload') });
  rig.healthy('web');
  rig.supervisor.reloadProgram(rig.record('web'));
  rig.supervisor.reloadProgram(rig.record('web'));
  rig.reload(processConfig('web'));
  end(rig);
  assert.deepEqual([programs(rig).length, rig.state('web'), rig.faults], [2, 'healthy', []]);
  assert.equal(rig.record('web').machine.step, 'none');
});

test('an engine that takes over and does not find the step counts it as cut short, and tries the start again', () => {
  const before = started({ steps: { preStart: [step('initdb')] } });
  Object.assign(before.record('web').step?.life ?? {}, { startTime: 1 });
  const rig = before.successor();
  assert.deepEqual([rig.state('web'), rig.signalsTo(101)], ['backoff', []]);
  assert.match(rig.see('web').reason ?? '', /cut short: the engine was replaced/);
});

test('KILL is sent once, and a step has one timer, a stop command that of its stage', () => {
  const rig = started({ steps: { preStart: [step('initdb')] } });
  rig.clock.advance(30_000);
  assert.deepEqual(rig.targetsOf(101), ['SIGTERM all', 'SIGKILL all']);
  const stopped = started({ stop: [COMMAND(10_000), TERM] });
  stopped.healthy('web');
  const before = stopped.clock.pending;
  stopped.decide('web', 'stop');
  assert.equal(stopped.clock.pending, before + 1);
  const held = new Rig([processConfig('web', { steps: { preStart: [step('initdb')] } })]);
  held.kernel.holdsSpawns = true;
  held.startAll();
  held.kernel.held[0]?.execute();
  assert.equal(held.clock.pending, 1);
});

test('the level of its end says whether somebody should look: a start fails with it, a stop does not', () => {
  const levels = (rig: Rig): readonly string[] =>
    rig.told.flatMap((event) => (event.event === 'step_finished' ? [event.level] : []));
  const rig = started({ steps: { preStart: [step('initdb')], postExit: [step('cleanup')] }, policy: 'no' });
  end(rig);
  rig.exit('web', 0);
  end(rig, 1);
  const failed = started({ steps: { preStart: [step('initdb')] } });
  end(failed, 1);
  const cancelled = started({ steps: { preStart: [step('initdb')] } });
  cancelled.decide('web', 'stop');
  end(cancelled, 1);
  assert.deepEqual([levels(rig), levels(failed), levels(cancelled)], [['info', 'warn'], ['error'], ['info']]);
});

test('a step whose output cannot be opened does not run, and the start has failed', () => {
  const rig = new Rig([processConfig('web', { steps: { preStart: [step('initdb')] } })]);
  rig.outputFailure = { step: 'open /log/web', errno: 'EACCES', message: 'cannot open /log/web: EACCES' };
  rig.startAll();
  assert.deepEqual([programs(rig), rig.state('web')], [[], 'failed']);
  assert.match(
    rig.see('web').reason ?? '',
    /^initdb \/bin\/initdb could not be started: cannot open \/log\/web/,
  );
});
