/** A container on a bad day, for the golden screens: one that flaps, one that waits for it, and others at work. */

import type { WireEvent, WireInstance, WireWhy } from '../../src/rpc/contract/contract.ts';
import { wireInstance } from './board-rig.ts';

const MIB = 1_048_576;

function using(cpuSeconds: number, mebibytes: number, processes = 1): NonNullable<WireInstance['usage']> {
  const bytes = mebibytes * MIB;
  return { cpu_seconds: cpuSeconds, memory_bytes: bytes, anonymous_bytes: bytes, processes };
}

const LAST_EXIT = {
  at: 1_767_323_033_000,
  status: { how: 'exited', code: 3 },
  requested: false,
  uptime_ms: 3_000,
} as const;

const WORKER = wireInstance('worker', {
  state: 'backoff',
  health: 'none',
  pid: null,
  uptime_ms: null,
  state_age_ms: 12_000,
  restarts: 7,
  consecutive_restarts: 7,
  reason: 'exited with code 3; restart 7',
  retry_in_ms: 20_000,
  last_exit: LAST_EXIT,
});
const RESTING = { health: 'none', pid: null, uptime_ms: null } as const;

export const SCENE: readonly WireInstance[] = [
  wireInstance('web:1', { pid: 31, usage: using(10, 45), description: 'serves the pages' }),
  wireInstance('web:2', { pid: 32, usage: using(10, 44) }),
  wireInstance('web:3', {
    pid: 33,
    usage: using(10, 47, 3),
    state: 'unhealthy',
    health: 'unhealthy',
    state_age_ms: 8_000,
    reason: '3 health checks in a row failed: connection refused',
  }),
  WORKER,
  wireInstance('db', { pid: 21, usage: using(30, 210, 9), state_age_ms: 7_450_000 }),
  wireInstance('migrate', { ...RESTING, state: 'completed', reason: 'exited with code 0' }),
  wireInstance('mailer', {
    ...RESTING,
    state: 'waiting',
    state_age_ms: 14_000,
    waiting_for: ['worker to be healthy'],
  }),
  wireInstance('debug-shell', { ...RESTING, state: 'stopped', desired: 'down', reason: 'stopped by uid 0' }),
];

/** A second later. */
export const SCENE_LATER: readonly WireInstance[] = [
  wireInstance('web:1', {
    pid: 31,
    usage: using(10.34, 45),
    description: 'serves the pages',
    state_age_ms: 251_000,
  }),
  wireInstance('db', { pid: 21, usage: using(30.08, 210, 9), state_age_ms: 7_451_000 }),
];

export const WORKER_OUTPUT: readonly (readonly ['stdout' | 'stderr', string])[] = [
  ['stdout', 'worker 2.4 starting\n'],
  ['stdout', 'queue: amqp://broker/jobs\n'],
  ['stderr', 'cannot reach broker: connection refused\n'],
  ['stderr', '\u001b[2J\u001b]0;owned\u0007this tries to take the terminal\n'],
  ['stdout', '日本語 and é are as wide as they are\n'],
];

export const WORKER_WHY: WireWhy = {
  instance: WORKER,
  chain: [
    {
      id: 12,
      time: 1_767_323_033_000,
      level: 'info',
      event: 'state_changed',
      process: 'worker',
      instance: 'worker',
      from: 'ended',
      to: 'backoff',
    },
    {
      id: 11,
      time: 1_767_323_033_000,
      level: 'warn',
      event: 'process_exited',
      process: 'worker',
      instance: 'worker',
      status: { how: 'exited', code: 3 },
      uptime_ms: 3_000,
      requested: false,
    },
  ],
  history: [
    { time: 1_767_323_030_000, from: 'starting', to: 'healthy', reason: null },
    { time: 1_767_323_033_000, from: 'healthy', to: 'backoff', reason: 'exited with code 3; restart 7' },
  ],
  probes: [
    {
      started_at: 1_767_323_031_000,
      duration_ms: 30,
      passed: false,
      outcome: 'connection refused',
      output: 'curl: (7) Failed to connect\n',
    },
  ],
  last_output: [],
  next: 'starts again in 20s',
};

/** Under half a gigabyte, with more to do than its processors can. */
export const CONTAINER = {
  load: 2.31,
  processors: 2,
  memory_bytes: 434 * 1_048_576,
  memory_limit_bytes: 512 * 1_048_576,
};

/** As the `config` method tells it. */
export const WORKER_CONFIG = {
  name: 'worker',
  command: { file: '/usr/bin/worker', args: ['--queue', 'jobs', '--name', 'the first one'] },
  dependsOn: [{ process: 'db', condition: 'healthy', restart: false }],
  restart: { policy: 'on-failure', maxRestarts: 20, exitCodes: [0] },
  stop: [
    { kind: 'signal', signal: 'SIGTERM', waitMs: 5_000 },
    { kind: 'signal', signal: 'SIGINT', waitMs: 2_000 },
  ],
  health: {
    probe: { kind: 'command', file: 'curl', args: ['-fsS', 'http://127.0.0.1:8080/healthz'] },
    intervalMs: 10_000,
    timeoutMs: 5_000,
    retries: 3,
  },
  spawn: {
    identity: { userName: 'worker', uid: 33, gid: 33, groups: [33, 4] },
    workingDirectory: '/srv/worker',
    environment: {
      clear: false,
      set: { QUEUE: 'a value that must not be shown' },
      secretFiles: { BROKER_PASSWORD: '/run/secrets/broker' },
    },
    limits: [{ resource: 'nofile', soft: 1_024, hard: null }],
  },
  stdin: 'pipe',
  stdout: { kind: 'file', path: '/var/log/worker.log' },
  stderr: { kind: 'inherit' },
};

const T = 1_767_323_010_000;
const of = (name: string) => ({ process: name.split(':')[0] ?? name, instance: name });

/** How the day became a bad one, as the engine tells it. */
export const SCENE_EVENTS: readonly WireEvent[] = [
  { id: 1, time: T - 86_400_000, level: 'info', event: 'engine_started', version: '0.1.0' },
  { id: 2, time: T, level: 'info', event: 'config_reloaded' },
  { id: 3, time: T + 100, level: 'info', event: 'process_spawned', pid: 88, ...of('worker') },
  {
    id: 4,
    time: T + 3_100,
    level: 'info',
    event: 'state_changed',
    from: 'starting',
    to: 'healthy',
    ...of('worker'),
  },
  {
    ...{ id: 5, time: T + 6_100, level: 'warn', event: 'process_exited', ...of('worker') },
    status: { how: 'exited', code: 3 },
  },
  {
    ...{
      id: 6,
      time: T + 6_101,
      level: 'info',
      event: 'state_changed',
      from: 'ended',
      to: 'backoff',
      ...of('worker'),
    },
    reason: 'exited with code 3; restart 7',
  },
  {
    ...{ id: 7, time: T + 9_000, level: 'warn', event: 'probe_finished', ...of('web:3') },
    ...{ passed: false, outcome: 'connection refused', failures: 3 },
  },
  {
    ...{
      id: 8,
      time: T + 9_001,
      level: 'error',
      event: 'state_changed',
      from: 'healthy',
      to: 'unhealthy',
      ...of('web:3'),
    },
    reason: '3 health checks in a row failed: connection refused',
  },
  {
    id: 9,
    time: T + 9_500,
    level: 'info',
    event: 'command_received',
    method: 'restart',
    targets: ['web:3'],
    uid: 0,
  },
];
