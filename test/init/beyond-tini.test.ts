/** Where ours does what tini does not. */

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { after, describe, type TestContext, test } from 'node:test';
import { compileFixture } from '../support/compile.ts';
import { eventually } from '../support/eventually.ts';
import { type Command, OURS, PLACES, plainEnvironment, type RunningInit } from '../support/init-run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const recorder = compileFixture('signal-recorder');
after(() => recorder.remove());

const EVERY_SIGNAL = Array.from({ length: 64 }, (_, index) => index + 1);
const KILL = 9;
const CHLD = 17;
const STOP = 19;
const TERM = 15;

for (const [place, start] of Object.entries(PLACES)) {
  describe(`taskmaster init ${place}`, () => {
    function run(t: TestContext, words: readonly string[], before: readonly string[] = []): RunningInit {
      const flags = place === 'as PID 1' ? [] : ['-s'];
      const init = start([...before, ...OURS, ...flags, ...words] as unknown as Command, {
        env: plainEnvironment(),
      });
      t.after(() => init.destroy());
      return init;
    }

    test('passes on every signal that can be caught: faults, stops, and those the C library keeps', async (t) => {
      const init = run(t, [recorder.path]);
      await init.printed(/^ready$/m);
      const caught = EVERY_SIGNAL.filter((number) => ![KILL, CHLD, STOP, TERM].includes(number));
      for (const number of caught) {
        // By kill(1) of procps for the numbers that Node does not take.
        execFileSync('/bin/kill', [`-${number}`, String(await init.outerPid())]);
        await init.printed(new RegExp(`^got ${number}$`, 'm'));
      }
      await init.signal(TERM);
      assert.equal(await init.exitCode(), 0);
      assert.deepEqual(init.stdout.match(/\d+/g)?.map(Number), [...caught, TERM]);
    });

    test('sleeps without a timeout: nothing wakes it while nothing happens', async (t) => {
      const init = run(t, [recorder.path]);
      await init.printed(/^ready$/m);
      const pid = await init.outerPid();
      await eventually(() => {
        // proc_pid_syscall(5): number and arguments; the timeout of rt_sigtimedwait(2) is the third.
        const [number, , , timeout] = readFileSync(`/proc/${pid}/syscall`, 'utf8').split(' ');
        assert.ok(['128', '137'].includes(number ?? ''), 'it is in rt_sigtimedwait');
        assert.equal(timeout, '0x0');
      });
    });

    test('words after the command are the command’s, with and without --', async (t) => {
      const init = run(t, ['sh', '-c', 'echo "$@"', 'sh', '-s', '-g', '--version']);
      assert.equal(await init.exitCode(), 0);
      assert.equal(init.stdout, '-s -g --version\n');
    });

    test('the exit code is told where SIGCHLD came ignored, and the command has it ignored', async (t) => {
      const ignoring = ['env', '--ignore-signal=CHLD'];
      assert.equal(await run(t, ['--', 'sh', '-c', 'exit 4'], ignoring).exitCode(), 4);
      const shown = run(t, ['--', 'grep', 'SigIgn', '/proc/self/status'], ignoring);
      assert.equal(await shown.exitCode(), 0);
      assert.match(shown.stdout, /SigIgn:\s0*10000$/m);
    });

    test('neither waits for somebody to read what it tells, nor minds that nobody can', async (t) => {
      const folder = temporaryFolder(t);
      const fifo = join(folder, 'stuck');
      const witness = join(folder, 'witness');
      execFileSync('mkfifo', [fifo]);
      const stuck =
        'exec 3<>"$0"; dd if=/dev/zero of="$0" bs=4096 count=64 oflag=nonblock conv=notrunc 2>&-; exec "$@" 1>&3 2>&3';
      const script = 'trap "echo told >$0; exit 3" USR1; echo >$0.ready; while :; do sleep 0.01; done';
      const init = run(t, ['-vvv', '-w', '--', 'sh', '-c', script, witness], ['bash', '-c', stuck, fifo]);
      await eventually(() => existsSync(`${witness}.ready`));
      for (let index = 0; index < 50; index++) await init.signal('SIGWINCH');
      await init.signal('SIGUSR1');
      assert.equal(await init.exitCode(), 3);
      assert.equal(readFileSync(witness, 'utf8'), 'told\n');

      const broken = 'exec "$@" > >(:) 2>&1; ';
      const closed = run(t, ['-vvv', '--', 'sh', '-c', 'sleep 0.05; exit 3'], ['bash', '-c', broken, 'bash']);
      assert.equal(await closed.exitCode(), 3);
    });
  });
}

test('it holds nothing that it inherited: a pipe ends for its reader, and a directory is free', async (t) => {
  const folder = temporaryFolder(t);
  const [program, ...words] = OURS;
  const script = 'pwd; exec sleep 60 3>&-';
  const init = spawn(program, [...words, '-s', '--', 'sh', '-c', script], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  t.after(() => init.kill());
  const [stdout, pipe] = [init.stdout, init.stdio[3]];
  assert.ok(stdout !== null && pipe instanceof Readable);
  const printed = once(stdout, 'data');
  pipe.resume();
  await once(pipe, 'end');
  assert.equal(init.exitCode, null);
  assert.equal(String(await printed), `${folder}\n`);
  assert.equal(readlinkSync(`/proc/${init.pid}/cwd`), '/');
  assert.deepEqual(readdirSync(`/proc/${init.pid}/fd`).sort(), ['0', '1', '2']);
});

test('sockets that are passed on are for the command: LISTEN_PID is its pid', () => {
  const run = (env: NodeJS.ProcessEnv): string =>
    execFileSync(
      OURS[0],
      ['init', '-s', '--', 'sh', '-c', 'echo $$ $LISTEN_PID $LISTEN_FDS $LISTEN_PIDFDID'],
      {
        encoding: 'utf8',
        env: plainEnvironment(env),
      },
    );
  assert.match(run({ LISTEN_FDS: '2' }), /^(\d+) \1 2\n$/);
  assert.match(run({ LISTEN_FDS: '1', LISTEN_PID: '1', LISTEN_PIDFDID: '77' }), /^(\d+) \1 1\n$/);
  assert.match(run({ LISTEN_PID: '1' }), /^\d+ 1\n$/);
  assert.match(run({}), /^\d+\n$/);
});

test('-e takes nothing but the digits of an exit code', () => {
  for (const word of [
    '',
    ' ',
    ' 3',
    '3 ',
    '+3',
    '-3',
    '0x3',
    '3.0',
    '1e1',
    '256',
    '0003',
    '99999999999999999999',
  ]) {
    const { status, stdout, stderr } = spawnSync(OURS[0], ['init', '-s', '-e', word, 'echo', 'run'], {
      encoding: 'utf8',
    });
    assert.deepEqual([status, stdout], [1, ''], JSON.stringify(word));
    assert.match(stderr, /-e takes an exit code from 0 to 255, not ./);
  }
});

test('-l shows the project’s own licence', () => {
  const licence = readFileSync(resolve(import.meta.dirname, '../../LICENSE'), 'utf8');
  assert.equal(execFileSync(OURS[0], ['init', '-l'], { encoding: 'utf8' }), licence);
});

test('--help is as -h, and both name the program as it was called', () => {
  const help = execFileSync(OURS[0], ['init', '--help'], { encoding: 'utf8' });
  assert.match(help, /^usage: taskmaster init \[FLAGS\]/);
  assert.equal(help, execFileSync(OURS[0], ['init', '-h'], { encoding: 'utf8' }));
});

test('-p takes names without SIG', () => {
  execFileSync(OURS[0], ['init', '-s', '-p', 'TERM', 'true'], { stdio: 'ignore' });
});
