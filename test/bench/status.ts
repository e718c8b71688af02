/**
 * What a look costs: `taskshell status` and `health`, by the engine and by Node, beside `true`, `node -e 0` and
 * `supervisorctl status`, exec to exit, in turns, with 10 and 500 processes under each engine; what a health check costs
 * the engine, and whether that gives back what it took. Run: node test/bench/status.ts [ROUNDS]
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ended,
  median,
  milliseconds,
  now,
  pauseFor,
  quantile,
  report,
  root,
  run,
  usage,
  workshop,
} from './harness.ts';

const ROUNDS = Number(process.argv[2] ?? 15);
const TIMES_TO_ASK = 1_200;
const PROBES = 1_000;

/** One command: what it printed says whether it did its work. */
interface Look {
  readonly what: string;
  readonly command: readonly [string, ...string[]];
  /** Of the lines printed, so many tell of a process that runs. */
  readonly tells: (line: string) => boolean;
  readonly expected: number;
}

for (const count of [10, 500]) await compare(count);

async function compare(count: number): Promise<void> {
  const { folder, stamp, remove } = workshop();
  const socket = join(folder, 'tm.sock');
  const engines = [startTaskmaster(folder, stamp, socket, count), startSupervisord(folder, stamp, count)];
  const conf = supervisordConf(folder);
  const looks: readonly Look[] = [
    { what: 'true', command: ['true'], tells: () => false, expected: 0 },
    { what: 'node -e 0', command: [process.execPath, '-e', '0'], tells: () => false, expected: 0 },
    {
      what: 'taskshell status',
      command: [join(root, 'dist/taskshell'), '--socket', socket, 'status'],
      tells: (line) => / healthy /.test(line),
      expected: count,
    },
    {
      what: 'taskshell health',
      command: [join(root, 'dist/taskshell'), '--socket', socket, 'health'],
      tells: () => true,
      expected: 1,
    },
    {
      what: 'status, run by Node',
      command: [process.execPath, join(root, 'dist/main.cjs'), 'taskshell', '--socket', socket, 'status'],
      tells: (line) => / healthy /.test(line),
      expected: count,
    },
    {
      what: 'health, run by Node',
      command: [process.execPath, join(root, 'dist/main.cjs'), 'taskshell', '--socket', socket, 'health'],
      tells: () => true,
      expected: 1,
    },
    {
      what: 'supervisorctl status',
      command: ['supervisorctl', '-c', conf, 'status'],
      tells: (line) => / RUNNING /.test(line),
      expected: count,
    },
  ];
  try {
    for (const look of looks) await untilDone(look);
    const times = await inTurns(looks);
    const [nothing = [], floor = []] = times;
    report(
      looks.map(({ what }, index) => ({
        processes: count,
        what,
        'ms, median': median(times[index] ?? []).toFixed(2),
        'over true': (median(times[index] ?? []) - median(nothing)).toFixed(2),
        p90: quantile(times[index] ?? [], 0.9).toFixed(2),
        'to node -e 0, pair by pair': median(ratios(times[index] ?? [], floor)).toFixed(2),
      })),
    );
    await costOfProbes(engines[0]?.pid ?? 0, socket);
  } finally {
    for (const engine of engines) engine.kill('SIGTERM');
    await Promise.all(engines.map(ended));
    remove();
  }
}

/** What health checks cost the engine, in CPU time of its main thread, and in memory. */
async function costOfProbes(engine: number, socket: string): Promise<void> {
  const command = [join(root, 'dist/taskmaster'), '--socket', socket, 'health'] as const;
  const before = { cpu: mainThreadMs(engine), anonymous: usage(engine).anonymousKiB };
  for (let probe = 0; probe < PROBES; probe++)
    await once({ what: 'health', command, tells: () => true, expected: 1 });
  const after = { cpu: mainThreadMs(engine), anonymous: usage(engine).anonymousKiB };
  report([
    {
      what: `${PROBES} health checks`,
      'CPU of the engine, ms each': ((after.cpu - before.cpu) / PROBES).toFixed(3),
      'anonymous KiB before': before.anonymous,
      after: after.anonymous,
    },
  ]);
}

function mainThreadMs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}

/** Each once a round, so that what disturbs the machine disturbs all of them. */
async function inTurns(looks: readonly Look[]): Promise<readonly number[][]> {
  const times = looks.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, look] of looks.entries()) {
      const { ms, told } = await once(look);
      if (told !== look.expected) throw new Error(`${look.what} told of ${told}, not ${look.expected}`);
      times[index]?.push(ms);
    }
  }
  return times;
}

async function once({ command: [program, ...args], tells }: Look): Promise<{ ms: number; told: number }> {
  const from = now();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await new Promise((done) => child.once('close', done));
  const ms = milliseconds(from, now());
  return { ms, told: text.split('\n').filter((line) => line !== '' && tells(line)).length };
}

/** Until all are up: 500 take their time. */
async function untilDone(look: Look): Promise<void> {
  for (let time = 0; time < TIMES_TO_ASK; time++) {
    if ((await once(look)).told === look.expected) return;
    await pauseFor(100);
  }
  throw new Error(`${look.what} never told of ${look.expected}`);
}

function ratios(times: readonly number[], floor: readonly number[]): readonly number[] {
  return times.map((ms, index) => ms / (floor[index] ?? Number.NaN));
}

function startTaskmaster(folder: string, stamp: string, socket: string, count: number): ChildProcess {
  const config = join(folder, 'tm.toml');
  const table = (index: number): string =>
    `[processes.s${index}]\ncmd = "${stamp}"\nargs = ["${folder}/stamps"]\nstdout = "null"\nstderr = "null"\n`;
  writeFileSync(config, `[engine]\nsocket = "${socket}"\n${names(count).map(table).join('')}`);
  return run(join(root, 'dist/taskmaster'), ['engine', 'start', config]);
}

function startSupervisord(folder: string, stamp: string, count: number): ChildProcess {
  const head = `[supervisord]
nodaemon=true
user=root
logfile=/dev/null
logfile_maxbytes=0
pidfile=${folder}/supervisord.pid
[unix_http_server]
file=${folder}/supervisor.sock
[supervisorctl]
serverurl=unix://${folder}/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
`;
  const table = (index: number): string =>
    `[program:s${index}]\ncommand=${stamp} ${folder}/stamps-s\nstdout_logfile=NONE\nstderr_logfile=NONE\n`;
  writeFileSync(supervisordConf(folder), head + names(count).map(table).join(''));
  return run('supervisord', ['-c', supervisordConf(folder)]);
}

function supervisordConf(folder: string): string {
  return join(folder, 'supervisord.conf');
}

function names(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
