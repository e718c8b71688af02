/** The checked `[engine]` table to what the engine goes by. */

import { dirname, resolve } from 'node:path';
import { LEVELS } from '../levels.ts';
import { commandAt } from './command-line.ts';
import type { ConfigPorts } from './config-ports.ts';
import { durationAt, sizeAt } from './durations.ts';
import { listenAddressAt } from './listen-address.ts';
import type { Place } from './place.ts';
import { resolveSocketAccess } from './resolve-access.ts';
import type {
  EngineConfig,
  EngineLogConfig,
  HookConfig,
  HookEvent,
  JournalConfig,
  SlowReaderRules,
} from './resolved-config.ts';
import type { EngineSource } from './schema.ts';

/** sun_path of unix(7) holds 108 bytes, one of them for the end. */
const MAX_SOCKET_PATH_BYTES = 107;

/** The engine leaves one second of the grace for itself. */
const LEAST_GRACE_MS = 2_000;

/** Less could not hold the end of one bad minute. */
const LEAST_JOURNAL_BYTES = 64 * 1_024;
const LEAST_JOURNAL_FILES_BYTES = 1_024 * 1_024;

/** The defaults of the schema, if `log` is only a level. */
export const DEFAULT_SLOW_READER: SlowReaderRules = { whenSlow: 'wait', stuckAfterMs: 5_000 };

/** @param place of the `[engine]` table; problems go to its findings. */
export function resolveEngine(place: Place, engine: EngineSource, ports: ConfigPorts): EngineConfig {
  const graceMs = durationAt(place.at('grace'), engine.grace, 'zero');
  if (graceMs < LEAST_GRACE_MS) {
    place
      .at('grace')
      .problem({ message: `found ${JSON.stringify(engine.grace)}`, expected: 'at least 2 seconds' });
  }
  const exitWhen = engine.main !== undefined && !place.isGiven('exit_when') ? 'main' : engine.exit_when;
  if (exitWhen === 'main' && engine.main === undefined) {
    place.at('exit_when').problem({ message: 'exit_when = "main" needs a main', hint: 'add main = "NAME"' });
  }
  return {
    socket: engine.socket === undefined ? undefined : socketAt(place.at('socket'), engine.socket),
    ...resolveSocketAccess(place, engine, ports),
    log: resolveLog(place.at('log'), engine.log),
    journal: resolveJournal(place.at('journal'), engine.journal),
    http:
      engine.http === undefined ? undefined : listenAddressAt(place.at('http', 'listen'), engine.http.listen),
    graceMs,
    exitWhen,
    main: engine.main,
    terminationLog: resolve(dirname(place.source.path), engine.termination_log),
    hooks: resolveHooks(place.at('hooks'), engine.hooks),
  };
}

function socketAt(place: Place, given: string): string {
  const path = resolve(dirname(place.source.path), given);
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    place.problem({
      message: `the path is longer than ${MAX_SOCKET_PATH_BYTES} bytes, the most a socket's may be`,
    });
  }
  if (given.endsWith('/')) place.problem({ message: 'this is a directory', hint: 'name the socket in it' });
  return path;
}

function resolveLog(place: Place, log: EngineSource['log']): EngineLogConfig {
  if (typeof log === 'object') {
    if (log.marks && log.output === 'raw') {
      place.at('marks').warning('with output = "raw" there are no marks; write output = "prefix" or "json"');
    }
    const stuckAfterMs = durationAt(place.at('stuck_after'), log.stuck_after, 'more-than-zero');
    return {
      level: log.level,
      format: log.format,
      output: log.output,
      marks: log.marks,
      slowReader: { whenSlow: log.when_slow, stuckAfterMs },
    };
  }
  const level = LEVELS.find((known) => known === log);
  const rest = { format: 'auto', output: 'raw', marks: false, slowReader: DEFAULT_SLOW_READER } as const;
  return { level: level ?? 'info', ...rest };
}

function resolveJournal(place: Place, journal: EngineSource['journal']): JournalConfig {
  const { output, directory, max_size: size, max_age: age } = journal;
  const maxBytes = size === undefined ? undefined : sizeAt(place.at('max_size'), size);
  const least = directory === undefined ? LEAST_JOURNAL_BYTES : LEAST_JOURNAL_FILES_BYTES;
  if (maxBytes !== undefined && maxBytes < least) {
    const expected = `at least ${least / 1_024}KiB${directory === undefined ? '' : ' in a directory'}`;
    place.at('max_size').problem({ message: `found ${JSON.stringify(size)}`, expected });
  }
  return {
    output,
    directory: directory === undefined ? undefined : resolve(dirname(place.source.path), directory),
    maxBytes,
    maxAgeMs: age === undefined ? undefined : durationAt(place.at('max_age'), age, 'more-than-zero'),
  };
}

const HOOKS: readonly HookEvent[] = [
  'started',
  'healthy',
  'unhealthy',
  'stopped',
  'exit',
  'failed',
  'shutdown',
];
const DEFAULT_HOOK_TIMEOUT = '10s';

function resolveHooks(place: Place, hooks: EngineSource['hooks']): readonly HookConfig[] {
  return HOOKS.flatMap((on) => {
    const key = `on_${on}` as const;
    const hook = hooks?.[key];
    if (hook === undefined) return [];
    const at = place.at(key);
    const isTable = typeof hook === 'object' && !Array.isArray(hook);
    const command = isTable ? commandAt(at, hook.cmd, hook.args) : commandAt(at, hook, undefined, '');
    const timeout = isTable ? hook.timeout : DEFAULT_HOOK_TIMEOUT;
    const timeoutMs = durationAt(at.at('timeout'), timeout, 'more-than-zero');
    return command === undefined ? [] : [{ on, ...command, timeoutMs }];
  });
}
