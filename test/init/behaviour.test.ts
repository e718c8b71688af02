/** The same sentences for the real tini and for ours, as PID 1 and not: what one does the other must do. */

import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import { SIGRTMAX, SIGRTMIN } from '../../src/signals.ts';
import { compileFixture } from '../support/compile.ts';
import {
  type Command,
  OUR_LINK,
  OURS,
  PLACES,
  plainEnvironment,
  REAL_TINI,
  type RunningInit,
  type RunOptions,
} from '../support/init-run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const recorder = compileFixture('signal-recorder');
const orphans = compileFixture('orphans');
const pending = compileFixture('signal-pending');
after(() => {
  for (const fixture of [recorder, orphans, pending]) fixture.remove();
});

const SIGTERM = 15;
/** CHLD is the init's own; faults and the terminal's stop signals tini leaves to their defaults. */
const FORWARDED = [
  ...[1, 2, 3, 10, 12, 13, 14, 16, 18, 20, 23, 24, 25, 26, 27, 28, 29, 30],
  ...Array.from({ length: SIGRTMAX - SIGRTMIN + 1 }, (_, index) => SIGRTMIN + index),
];

for (const [name, program] of [
  ['tini of Debian', REAL_TINI],
  ['taskmaster init', OURS],
  ['taskmaster called as tini', OUR_LINK],
] as const) {
  for (const [place, start] of Object.entries(PLACES)) {
    const isPid1 = place === 'as PID 1';
    describe(`${name} ${place}`, () => {
      /** With -s where it is no PID 1, for silence. */
      function run(
        t: TestContext,
        words: readonly string[],
        options: RunOptions & { readonly before?: Command } = {},
      ) {
        const flags = isPid1 ? [] : ['-s'];
        const command: Command = [
          ...(options.before ?? []),
          ...program,
          ...flags,
          ...words,
        ] as unknown as Command;
        return started(t, command, options);
      }

      function started(t: TestContext, command: Command, options: RunOptions = {}): RunningInit {
        const init = start(command, { ...options, env: plainEnvironment(options.env) });
        t.after(() => init.destroy());
        return init;
      }

      async function codeOf(t: TestContext, words: readonly string[], options?: RunOptions): Promise<number> {
        return await run(t, words, options).exitCode();
      }

      test('exits with the exit code of the command', async (t) => {
        for (const code of [0, 1, 42, 255])
          assert.equal(await codeOf(t, ['--', 'sh', '-c', `exit ${code}`]), code);
      });

      test('exits with 128 and the number of the signal that killed the command', async (t) => {
        for (const signal of [3, 9, SIGTERM, 40])
          assert.equal(await codeOf(t, ['--', 'sh', '-c', `kill -${signal} $$`]), 128 + signal);
      });

      test('-e tells exit codes as 0, those of signals too, and no others', async (t) => {
        const flags = ['-e', '3', '-e', '143', '-e5'];
        for (const [script, code] of [
          ['exit 3', 0],
          ['exit 5', 0],
          ['kill -TERM $$', 0],
          ['exit 4', 4],
          ['kill -KILL $$', 137],
        ] as const)
          assert.equal(await codeOf(t, [...flags, '--', 'sh', '-c', script]), code, script);
      });

      test('a command that cannot be executed: 127 where there is none, 126 where it may not be, else 1', async (t) => {
        const folder = temporaryFolder(t);
        writeFileSync(join(folder, 'text'), '');
        for (const [command, code] of [
          [join(folder, 'absent'), 127],
          ['no-such-program', 127],
          [join(folder, 'text'), 126],
          [folder, 126],
          [join(folder, 'text/below'), 1],
        ] as const) {
          const init = run(t, ['--', command]);
          assert.equal(await init.exitCode(), code, command);
          assert.match(
            init.stderr,
            new RegExp(`${command}.*: (No such file|Permission denied|Not a directory)`),
          );
        }
      });

      test('a script without an interpreter line is run by the shell, as execvp(3) has it', async (t) => {
        const script = join(temporaryFolder(t), 'script');
        writeFileSync(script, 'exit 6\n');
        chmodSync(script, 0o755);
        assert.equal(await codeOf(t, ['--', script]), 6);
      });

      test('bad usage is told and exits with 1, nothing is run', async (t) => {
        for (const words of [
          [],
          ['--'],
          ['-x', 'echo', 'run'],
          ['-e', 'abc', 'echo', 'run'],
          ['-e', '256', 'echo', 'run'],
          ['-e', '-1', 'echo', 'run'],
          ['-e'],
          ['-p', 'SIGFOO', 'echo', 'run'],
          ['-p'],
        ]) {
          const init = started(t, [...program, ...words] as unknown as Command);
          assert.equal(await init.exitCode(), 1, words.join(' '));
          assert.doesNotMatch(init.stdout, /^run$/m);
          assert.notEqual(init.stdout + init.stderr, '');
        }
      });

      test('without a command, and for a flag it does not know, it prints its usage on standard error', async (t) => {
        for (const words of [[], ['--'], ['-s'], ['-x', 'true'], ['-e'], ['-p']]) {
          const init = started(t, [...program, ...words] as unknown as Command);
          assert.equal(await init.exitCode(), 1, words.join(' '));
          assert.equal(init.stdout, '');
          assert.match(init.stderr, /^usage: /im);
          assert.match(init.stderr, /TINI_SUBREAPER/);
        }
      });

      test('-h explains the flags, -l shows a licence, --version the version of tini', async (t) => {
        for (const [flag, pattern] of [
          ['-h', /-s.*\n.*-p.*(\n.*)*TINI_VERBOSITY/],
          ['-l', /Permission is hereby granted/],
          ['--version', /^tini version 0\.19\.0/],
        ] as const) {
          const init = started(t, [...program, flag]);
          assert.equal(await init.exitCode(), 0, flag);
          assert.match(init.stdout, pattern);
        }
      });

      test('-p takes the names of signals', async (t) => {
        for (const signal of [
          'HUP',
          'INT',
          'QUIT',
          'ABRT',
          'KILL',
          'USR1',
          'SEGV',
          'TERM',
          'CHLD',
          'CONT',
          'STOP',
          'SYS',
        ])
          assert.equal(await codeOf(t, ['-p', `SIG${signal}`, 'true']), 0, signal);
      });

      test('passes signals on, real-time ones included, each once', async (t) => {
        const init = run(t, ['--', recorder.path]);
        await init.printed(/^ready$/m);
        for (const number of FORWARDED) {
          await init.signal(number);
          await init.printed(new RegExp(`^got ${number}$`, 'm'));
        }
        await init.signal(SIGTERM);
        assert.equal(await init.exitCode(), 0);
        assert.deepEqual(init.stdout.match(/\d+/g)?.map(Number), [...FORWARDED, SIGTERM]);
      });

      test('-g and TINI_KILL_PROCESS_GROUP pass signals to the whole group, else only the command has them', async (t) => {
        const script = `${recorder.path} background & exec ${recorder.path} command`;
        for (const [flags, env, isGroup] of [
          [['-g'], {}, true],
          [[], { TINI_KILL_PROCESS_GROUP: '' }, true],
          [[], {}, false],
        ] as const) {
          const init = run(t, [...flags, '--', 'sh', '-c', script], { env });
          await init.printed(/ready\n(.*\n)*ready/);
          await init.signal('SIGUSR1');
          await init.printed(/command 10/);
          if (isGroup) await init.printed(/background 10/);
          // What the group got before it must have been told by now.
          await init.signal('SIGUSR2');
          await init.printed(/command 12/);
          assert.equal(/background/.test(init.stdout), isGroup);
          await init.destroy();
        }
      });

      /** For sh: goes on when the init has no other child any more, dead or alive. */
      const untilAlone = 'until [ "$(ps -o pid= --ppid $PPID | wc -l)" = 1 ]; do :; done';

      test('collects every orphan, and leaves when the command has ended', async (t) => {
        assert.equal(await codeOf(t, ['--', 'sh', '-c', `${orphans.path} 300; ${untilAlone}; exit 9`]), 9);
      });

      test('-w warns of each orphan it collects, and not of the command', async (t) => {
        const init = run(t, ['-w', '--', 'sh', '-c', `${orphans.path} 4; ${untilAlone}`]);
        assert.equal(await init.exitCode(), 0);
        const line = /^\[WARN {2}.* \(\d+\)\] Reaped zombie process with pid=\d+$/gm;
        assert.equal((init.stderr.match(line) ?? []).length, 4, init.stderr);
      });

      test('gives the command its standard input, to the end', async (t) => {
        const init = run(t, ['--', 'cat'], { input: 'one\ntwo' });
        assert.equal(await init.exitCode(), 0);
        assert.equal(init.stdout, 'one\ntwo');
      });

      test('gives the command the dispositions, the mask and the limits that it was given itself', async (t) => {
        const before: Command = [
          ...(['prlimit', '--nofile=111:222', '--'] as const),
          ...(['env', '--block-signal=USR2,RTMIN+1', '--ignore-signal=USR1,INT,TTOU'] as const),
        ];
        const show = ['sh', '-c', 'ulimit -n; ulimit -Hn; exec grep -E "Sig(Blk|Ign)" /proc/self/status'];
        const direct = start([...before, ...show] as Command, { env: plainEnvironment() });
        assert.equal(await direct.exitCode(), 0);
        const init = run(t, ['--', ...show], { before });
        assert.equal(await init.exitCode(), 0);
        assert.equal(init.stdout, direct.stdout);
        assert.match(init.stdout, /^111\n222\nSigBlk:\s0*400000800\nSigIgn:\s0*200202$/m);
      });

      test('adds nothing to the environment; arguments and variables pass byte for byte', async (t) => {
        const before: Command = [
          'bash',
          '-c',
          `export BYTES=$'\\xff\\xfe' _=; exec -- "$@" $'\\xe9 \\x80'`,
          'bash',
        ];
        const show = ['sh', '-c', 'od -An -tx1 /proc/$$/environ /proc/$$/cmdline', 'sh'];
        const direct = start([...before, ...show] as Command, { env: plainEnvironment() });
        assert.equal(await direct.exitCode(), 0);
        const init = run(t, ['--', ...show], { before });
        assert.equal(await init.exitCode(), 0);
        assert.equal(init.stdout, direct.stdout);
        assert.match(init.stdout.replace(/\s+/g, ' '), /3d ff fe .*e9 20 80 00/);
      });

      test('the command leads a process group of its own, below the init', async (t) => {
        const init = run(t, ['--', 'sh', '-c', 'ps -o pid=,pgid=,ppid= -p $$; ps -o pid=,pgid= -p $PPID']);
        assert.equal(await init.exitCode(), 0);
        const [pid, pgid, ppid, initPid, initGroup] = init.stdout.trim().split(/\s+/);
        assert.equal(pgid, pid);
        assert.equal(ppid, initPid);
        assert.notEqual(initGroup, pgid);
      });

      test('a signal that came before its first instruction is passed on', async (t) => {
        const init = run(t, ['--', recorder.path], { before: [pending.path, '15'] });
        assert.equal(await init.exitCode(), 0);
        assert.equal(init.stdout, 'ready\ngot 15\n');
      });

      test('TINI_VERBOSITY overrides -v; messages below warnings go to standard output', async (t) => {
        const lines = async (
          flags: readonly string[],
          env: NodeJS.ProcessEnv,
        ): Promise<readonly string[]> => {
          const init = run(t, [...flags, 'true'], { env });
          assert.equal(await init.exitCode(), 0);
          assert.equal(init.stderr, '');
          return [...new Set(init.stdout.match(/(?<=^\[)\w+/gm))];
        };
        assert.deepEqual(await lines([], {}), []);
        assert.deepEqual(await lines(['-v'], {}), ['INFO']);
        assert.deepEqual((await lines(['-vv'], {})).toSorted(), ['DEBUG', 'INFO']);
        assert.deepEqual((await lines(['-v', '-vv'], {})).toSorted(), ['DEBUG', 'INFO', 'TRACE']);
        assert.deepEqual(await lines([], { TINI_VERBOSITY: '2' }), ['INFO']);
        assert.deepEqual(await lines(['-vvv'], { TINI_VERBOSITY: '0' }), []);
      });

      if (!isPid1) {
        test('warns where orphans will not come to it: neither -s nor TINI_SUBREAPER is given', async (t) => {
          for (const [flags, env, warns] of [
            [[], {}, true],
            [[], { TINI_VERBOSITY: '0' }, false],
            [[], { TINI_SUBREAPER: '' }, false],
            [['-s'], {}, false],
          ] as const) {
            const init = started(t, [...program, ...flags, 'true'], { env });
            assert.equal(await init.exitCode(), 0);
            assert.equal(/\[WARN.*PID 1/.test(init.stderr), warns, init.stderr);
          }
        });
      }
    });
  }
}
