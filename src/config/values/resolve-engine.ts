/** Keys of the checked `[engine]` table to what the engine goes by. */

import { dirname, resolve } from 'node:path';
import { LEVELS } from '../../levels.ts';
import type { Place } from '../document/place.ts';
import type {
  EngineConfig,
  EngineLogConfig,
  HookConfig,
  HookEvent,
  JournalConfig,
  SlowReaderRules,
} from '../resolved-config.ts';
import type { EngineSource } from '../schema/schema.ts';
import { knownKeys } from '../schema/walk.ts';
import { commandAt } from './command-line.ts';
import { durationAt, sizeAt } from './durations.ts';

/** sun_path of unix(7) holds 108 bytes, one of them for the end. */
const MAX_SOCKET_PATH_BYTES = 107;

/** The engine leaves one second of the grace for itself. */
const LEAST_GRACE_MS = 2_000;

/** Less could not hold the end of one bad minute. */
const LEAST_JOURNAL_BYTES = 64 * 1_024;
const LEAST_JOURNAL_FILES_BYTES = 1_024 * 1_024;

/** The defaults of the schema, if `log` is only a level. */
export const DEFAULT_SLOW_READER: SlowReaderRules = { whenSlow: 'wait', stuckAfterMs: 5_000 };

export function graceAt(place: Place, given: EngineSource['grace']): number {
  const graceMs = durationAt(place, given, 'zero');
  if (graceMs < LEAST_GRACE_MS)
    place.problem({ message: `found ${JSON.stringify(given)}`, expected: 'at least 2 seconds' });
  return graceMs;
}

/** @param place of the `[engine]` table */
export function exitWhenAt(place: Place, engine: EngineSource): EngineConfig['exitWhen'] {
  const exitWhen = engine.main !== undefined && !place.isGiven('exit_when') ? 'main' : engine.exit_when;
  if (exitWhen === 'main' && engine.main === undefined) {
    place.at('exit_when').problem({ message: 'exit_when = "main" needs a main', hint: 'add main = "NAME"' });
  }
  return exitWhen;
}

export function socketAt(place: Place, given: string): string {
  const path = resolve(dirname(place.source.path), given);
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    place.problem({
      message: `the path is longer than ${MAX_SOCKET_PATH_BYTES} bytes, the most a socket's may be`,
    });
  }
  if (given.endsWith('/')) place.problem({ message: 'this is a directory', hint: 'name the socket in it' });
  return path;
}

export function logAt(place: Place, log: EngineSource['log']): EngineLogConfig {
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

export function journalAt(place: Place, journal: EngineSource['journal']): JournalConfig {
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

const DEFAULT_HOOK_TIMEOUT = '10s';

export function hooksAt(place: Place, hooks: EngineSource['hooks']): readonly HookConfig[] {
  const keys = knownKeys(['engine', 'hooks']) as readonly `on_${HookEvent}`[];
  return keys.flatMap((key) => {
    const hook = hooks?.[key];
    if (hook === undefined) return [];
    const at = place.at(key);
    const isTable = typeof hook === 'object' && !Array.isArray(hook);
    const command = isTable ? commandAt(at, hook.cmd, hook.args) : commandAt(at, hook, undefined, '');
    const timeout = isTable ? hook.timeout : DEFAULT_HOOK_TIMEOUT;
    const timeoutMs = durationAt(at.at('timeout'), timeout, 'more-than-zero');
    return command === undefined ? [] : [{ on: key.slice('on_'.length) as HookEvent, ...command, timeoutMs }];
  });
}
