/**
 * Output to files: a writer of 100 bytes or 64 KiB at a time into a file, through `cat`, and through those that rotate
 * (10 MB, five files kept), in turns, on a file system in memory. MB a second, and CPU seconds for each GiB of anyone who
 * stands between the writer and the file.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ended, median, pauseFor, report, run, taskmaster } from './harness.ts';

const ROUNDS = Number(process.argv[2] ?? 5);
const SECONDS = Number(process.argv[3] ?? 3);
const ONLY = process.argv[4]?.split(';');
const SIZES = [100, 65_536];

const memory = mkdtempSync('/dev/shm/taskmaster-bench-');
const writer = join(memory, 'writer');
execFileSync('gcc', ['-O2', '-static', '-o', writer, join(import.meta.dirname, 'writer.c')]);

interface Contender {
  readonly name: string;
  readonly needs?: string;
  /** The program to run, in a folder of its own, and whether it starts the writer itself or reads it from `pipe`. */
  readonly command: (folder: string, writing: string) => readonly [string, ...string[]];
  readonly startsWriter: boolean;
}

const shell = (script: string): readonly [string, ...string[]] => ['sh', '-c', script];
const contenders: readonly Contender[] = [
  { name: '> file', startsWriter: true, command: (at, words) => shell(`exec ${words} > ${at}/log`) },
  { name: '| cat > file', startsWriter: false, command: (at) => shell(`exec cat < ${at}/pipe > ${at}/log`) },
  {
    name: 's6-log',
    needs: '/usr/bin/s6-log',
    startsWriter: false,
    command: (at) => shell(`exec s6-log n5 s10000000 ${at}/logs < ${at}/pipe`),
  },
  {
    name: 'svlogd',
    needs: '/usr/bin/svlogd',
    startsWriter: false,
    command: (at) => {
      mkdirSync(`${at}/logs`);
      writeFileSync(`${at}/logs/config`, 's10000000\nn5\n');
      return shell(`exec svlogd ${at}/logs < ${at}/pipe`);
    },
  },
  ...['supervisord', 'supervisord, redirect_stderr'].map((name) => ({
    name,
    needs: '/usr/bin/supervisord',
    startsWriter: true,
    command: (at: string, words: string): readonly [string, ...string[]] => {
      const engine = `[supervisord]\nuser=root\nnodaemon=true\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile=${at}/pid\n`;
      const rotation = 'stdout_logfile_maxbytes=10MB\nstdout_logfile_backups=5\n';
      const errors = name === 'supervisord' ? '' : 'redirect_stderr=true\n';
      writeFileSync(
        `${at}/conf`,
        `${engine}[program:writer]\ncommand=${words}\nstdout_logfile=${at}/log\n${rotation}${errors}`,
      );
      return ['/usr/bin/supervisord', '-c', `${at}/conf`];
    },
  })),
  ...Object.entries({
    taskmaster: ', max_size = "10MB", max_files = 5 }\nstderr = "AT/err"',
    'taskmaster, no rotation': ' }\nstderr = "AT/err"',
    'taskmaster, both streams into one file': ', max_size = "10MB", max_files = 5 }\nstderr = "AT/log"',
    'taskmaster, timestamps': ', max_size = "10MB", max_files = 5, timestamps = true }\nstderr = "stdout"',
  }).map(([name, streams]) => ({
    name,
    startsWriter: true,
    command: (at: string, words: string): readonly [string, ...string[]] => {
      const file = `{ file = "${at}/log"${streams.replace('AT', at)}`;
      writeFileSync(
        `${at}/tm.toml`,
        `[engine]\nsocket = "${at}/sock"\n[processes.writer]\ncmd = "${words}"\nstdout = ${file}\n`,
      );
      return [taskmaster, 'engine', 'start', `${at}/tm.toml`];
    },
  })),
];

interface Measured {
  readonly megabytesASecond: number;
  readonly cpuSecondsAGiB: number;
}

async function measure({ name, command, startsWriter }: Contender, size: number): Promise<Measured> {
  const folder = mkdtempSync(join(memory, 'run-'));
  const told = join(folder, 'told');
  const writing = `${writer} ${size} ${SECONDS} ${told}`;
  if (!startsWriter) execFileSync('mkfifo', [join(folder, 'pipe')]);
  const children = [run(...split(command(folder, writing)))];
  if (!startsWriter) children.push(run(...split(shell(`exec ${writing} > ${folder}/pipe`))));
  while (!existsSync(told)) await pauseFor(20);
  await pauseFor(500);
  const supervisor = children[0]?.pid ?? 0;
  const before = cpuSecondsOf(supervisor);
  while (readFileSync(told, 'utf8') === '') await pauseFor(50);
  // What is still in the pipe is read and written.
  await pauseFor(500);
  const [bytes = 0, nanoseconds = 1] = readFileSync(told, 'utf8').split(' ').map(Number);
  const cpuSeconds = name === '> file' ? 0 : cpuSecondsOf(supervisor) - before;
  for (const child of children) {
    child.kill('SIGTERM');
    if (!startsWriter) child.kill('SIGKILL');
    await ended(child);
  }
  rmSync(folder, { recursive: true });
  return {
    megabytesASecond: bytes / 1e6 / (nanoseconds / 1e9),
    cpuSecondsAGiB: cpuSeconds / (bytes / 2 ** 30),
  };
}

function split([file, ...args]: readonly [string, ...string[]]): [string, string[]] {
  return [file, args];
}

/** All its threads (proc_pid_stat(5)). */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const present = contenders.filter(
  ({ name, needs = '/' }) => existsSync(needs) && (ONLY === undefined || ONLY.includes(name)),
);
const results = new Map<string, Measured[]>();
for (let round = 0; round < ROUNDS; round++) {
  for (const size of SIZES) {
    for (const contender of present) {
      const key = `${contender.name} ${size}`;
      results.set(key, [...(results.get(key) ?? []), await measure(contender, size)]);
    }
  }
}
for (const size of SIZES) {
  const of = (name: string): readonly Measured[] => results.get(`${name} ${size}`) ?? [];
  report(
    present.map(({ name }) => ({
      [`${size} bytes a write`]: name,
      'MB/s': median(of(name).map(({ megabytesASecond }) => megabytesASecond)).toFixed(0),
      'beside cat': median(
        of(name).map(
          ({ megabytesASecond }, round) =>
            megabytesASecond / (of('| cat > file')[round]?.megabytesASecond ?? Number.NaN),
        ),
      ).toFixed(2),
      'CPU s/GiB': median(of(name).map(({ cpuSecondsAGiB }) => cpuSecondsAGiB)).toFixed(2),
    })),
  );
}
rmSync(memory, { recursive: true });
