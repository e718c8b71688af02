/** What the commands that are run most are answered, for warm-up.ts. */

import type { Result, WireInstance } from '../rpc/contract/contract.ts';

const INSTANCE: WireInstance = {
  name: 'web',
  process: 'web',
  state: 'healthy',
  desired: 'up',
  since: 1_700_000_000_000,
  state_age_ms: 125_000,
  health: 'healthy',
  pid: 42,
  incarnation: 1,
  uptime_ms: 126_000,
  restarts: 0,
  consecutive_restarts: 0,
  last_exit: null,
  reason: null,
  waiting_for: [],
  retry_in_ms: null,
};

const STATUS: Result<'status'> = {
  version: '0',
  pid: 1,
  role: 'pid1',
  config: '/etc/taskmaster.toml',
  socket: '/run/taskmaster/taskmaster.sock',
  uptime_ms: 127_000,
  orphans_reaped: 0,
  output: { memory_bytes: 0, memory_limit_bytes: 0, dropped_bytes: 0 },
  draining: false,
  instances: [INSTANCE, { ...INSTANCE, name: 'worker', process: 'worker' }],
};
const HEALTH: Result<'health'> = { ok: true, reason: 'all 2 processes are healthy' };

/** By method. */
export const WARM_UP_REPLIES: Readonly<Record<string, unknown>> = { status: STATUS, health: HEALTH };

const RESTING = { health: 'none', pid: null, uptime_ms: null } as const;

/** For the first screen of the board, on a day on which somebody opens it. */
export const WARM_UP_STATUS: Result<'status'> = {
  ...STATUS,
  container: { load: 1.5, processors: 2, memory_bytes: 400_000_000, memory_limit_bytes: 512_000_000 },
  instances: [
    ...STATUS.instances,
    {
      ...{ ...INSTANCE, ...RESTING, name: 'mailer', process: 'mailer', state: 'backoff', retry_in_ms: 4_000 },
      ...{
        restarts: 3,
        consecutive_restarts: 3,
        reason: 'exited with code 3, which is more than a column takes',
      },
    },
    {
      ...INSTANCE,
      ...RESTING,
      name: 'api',
      process: 'api',
      state: 'waiting',
      waiting_for: ['mailer to be healthy'],
    },
    ...['queue:1', 'queue:2'].map((name) => ({
      ...({ ...INSTANCE, name, process: 'queue', state: 'unhealthy', reason: 'timed out' } as const),
      usage: { cpu_seconds: 1, memory_bytes: 40_000_000, anonymous_bytes: 40_000_000, processes: 1 },
    })),
  ],
};
