/** What the commands that are run most are answered, for warm-up.ts. */

import type { Result, WireInstance } from '../rpc/contract.ts';

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
export const WARM_UP_STATUS = STATUS;
