import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prettyLine } from '../../src/logging/pretty.ts';
import {
  type EngineEvent,
  type EventFields,
  type EventName,
  sentenceFor,
} from '../../src/wire/engine-event.ts';

const exited = { how: 'exited', code: 3 } as const;
const killed = { how: 'signalled', signal: 'SIGSEGV', core: true } as const;

type Example<Name extends EventName> = readonly [EventFields[Name], string];

/** One of each: a new event without an example does not compile. */
const EXAMPLES: { readonly [Name in EventName]: Example<Name> } = {
  engine_started: [
    { version: '1.2.3', pid: 1, role: 'pid1', config: '/etc/t.toml', processes: 2 },
    'taskmaster 1.2.3 started as PID 1, configuration /etc/t.toml',
  ],
  engine_listening: [{ socket: '/run/t.sock' }, 'listening on /run/t.sock'],
  http_listening: [{ address: '127.0.0.1:9180' }, 'answering HTTP on 127.0.0.1:9180'],
  engine_notice: [{ message: 'as it is' }, 'as it is'],
  engine_draining: [
    { reason: 'received SIGTERM', exit_code: 0 },
    'stopping everything: received SIGTERM; exit code 0',
  ],
  engine_stopped: [{ exit_code: 70, duration_ms: 1_500 }, 'stopped after 1s, exit code 70'],
  engine_fault: [{ message: 'oh' }, 'internal fault: oh'],
  config_reloaded: [
    { added: ['a', 'b'], removed: [], restarted: ['c'], updated: [], duration_ms: 3 },
    'configuration reloaded: added a, b; restarted c',
  ],
  rollout_started: [
    { instances: 3, at_once: 1, reason: 'restarted by uid 0' },
    'a rolling restart begins: 3 instances, 1 at a time (restarted by uid 0)',
  ],
  rollout_ended: [{ instances: 3 }, 'the rolling restart is done: 3 instances restarted'],
  rollout_stopped: [
    { reason: 'web:2 is failed', left: ['web:3'] },
    'the rolling restart stopped: web:2 is failed; not restarted: web:3',
  ],
  config_rejected: [{ problems: ['x', 'y'] }, 'configuration rejected, nothing was changed: x; y'],
  config_warning: [{ message: 'careful' }, 'careful'],
  state_changed: [
    { from: 'starting', to: 'backoff', reason: 'it died' },
    'web: starting → backoff (it died)',
  ],
  instance_renamed: [{ was: 'web:1' }, 'web:1 is now web'],
  process_spawned: [{ command: 'nginx' }, 'web started as pid 7: nginx'],
  process_activated: [
    { socket: 'http', address: '0.0.0.0:80' },
    'web: activated by its socket http (0.0.0.0:80)',
  ],
  process_exited: [
    { status: exited, uptime_ms: 250, requested: true },
    'web exited with code 3 after 250ms, as requested',
  ],
  spawn_failed: [{ step: 'execute', errno: 'ENOENT', message: 'cannot start web' }, 'cannot start web'],
  process_left_running: [
    { left: ['12 sleep 9', '13 cat'], message: 'it left processes running' },
    'web: it left processes running (12 sleep 9; 13 cat)',
  ],
  process_status: [{ status: 'half way' }, 'web says: half way'],
  step_started: [
    { step: 'pre_start[1]', command: '/bin/initdb -D /data' },
    'web: pre_start[1] started as pid 7: /bin/initdb -D /data',
  ],
  step_finished: [
    {
      step: 'pre_start[1]',
      program: '/bin/initdb',
      succeeded: false,
      outcome: 'exited with code 3',
      status: { how: 'exited', code: 3 },
      duration_ms: 2_000,
    },
    'web: pre_start[1] /bin/initdb exited with code 3 after 2s',
  ],
  signal_sent: [{ signal: 'SIGHUP', to: 'group', reason: 'asked' }, 'sent SIGHUP to web (group): asked'],
  probe_finished: [
    { passed: false, outcome: 'connection refused', duration_ms: 12 },
    'web: health check failed: connection refused (12 ms)',
  ],
  watchdog_expired: [{ reason: 'silent for 30s' }, 'web: silent for 30s'],
  process_said: [{ message: 'it reloads' }, 'web: it reloads'],
  notification_refused: [
    { reason: 'pid 7 is none of its processes', more: 3 },
    'web: a notification was refused: pid 7 is none of its processes (3 more in the last minute)',
  ],
  main_process_changed: [
    { was: 40, by: 'pid file' },
    'web: pid 7 is its main process instead of 40 (pid file)',
  ],
  hook_finished: [
    { hook: 'failed', outcome: 'exited with code 0', duration_ms: 9 },
    'hook on_failed exited with code 0 after 9 ms',
  ],
  hook_dropped: [{ hook: 'exit', reason: 'too many' }, 'hook on_exit was not run: too many'],
  orphan_reaped: [{ status: killed }, 'reaped orphan 7: was killed by SIGSEGV (core dumped)'],
  output_dropped: [{ stream: 'stdout', bytes: 5, reason: 'slow' }, 'dropped 5 bytes of web stdout: slow'],
  output_failed: [{ stream: 'stdout', path: '/x', message: 'full' }, 'cannot write to /x: full'],
  output_restored: [{ stream: 'stdout', path: '/x' }, 'writing to /x again'],
  client_rejected: [{ reason: 'not permitted', uid: 33 }, 'turned a client away: not permitted (uid 33)'],
  journal_failed: [
    { path: '/j', message: 'no space left on device' },
    'cannot write the journal in /j: no space left on device',
  ],
  journal_dropped: [
    { path: '/j', lines: 7 },
    '7 lines are missing from the journal in /j: more came than could be written',
  ],
  journal_restored: [{ path: '/j', lost: 3 }, 'writing the journal in /j again; 3 lines were lost'],
  run_due: [{ at: '2026-03-01T02:30:00Z' }, 'web: the run of 2026-03-01T02:30:00Z is due'],
  run_skipped: [{ because: 'running' }, 'web: skipped a run: the run before has not ended'],
  run_missed: [
    { at: '2026-03-01T02:30:00Z', missed: 3 },
    'web: missed the run of 2026-03-01T02:30:00Z and 2 more',
  ],
  command_received: [{ method: 'stop', uid: 0, targets: ['web'] }, 'uid 0: stop web'],
};

function eventOf(name: string, fields: object): EngineEvent {
  const subject = { process: 'web', instance: 'web', incarnation: 1, pid: 7 };
  return { id: 1, time: 0, level: 'info', event: name, ...subject, ...fields } as EngineEvent;
}

for (const [name, [fields, sentence]] of Object.entries(EXAMPLES)) {
  test(`${name} reads: ${sentence}`, () => assert.equal(sentenceFor(eventOf(name, fields)), sentence));
}

test('colour goes around the time and the level, and nowhere else', () => {
  const line = prettyLine(eventOf('engine_notice', { message: 'hello' }), true);
  assert.equal(line, '\u001b[2m00:00:00.000\u001b[0m \u001b[32minfo \u001b[0m hello\n');
});
