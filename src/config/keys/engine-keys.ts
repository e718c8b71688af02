/** The keys of `[engine]`, one row each. */

import { dirname, resolve } from 'node:path';
import type { ConfigPorts } from '../document/config-ports.ts';
import type { Place } from '../document/place.ts';
import type { EngineConfig } from '../resolved-config.ts';
import type { EngineSource } from '../schema/schema.ts';
import { listenAddressAt } from '../values/listen-address.ts';
import { resolveSocketAccess } from '../values/resolve-access.ts';
import { exitWhenAt, graceAt, hooksAt, journalAt, logAt, socketAt } from '../values/resolve-engine.ts';
import type { KeyRow, KeyRows } from './rows.ts';

/** The table of a file, and what its keys are resolved with. */
export interface UnresolvedEngine {
  readonly place: Place;
  readonly engine: EngineSource;
  readonly ports: ConfigPorts;
}

/** Some give parts of the resolved engine, for themselves and those beside them. */
type Row = KeyRow<EngineConfig> & { readonly resolve?: (from: UnresolvedEngine) => Partial<EngineConfig> };

const LOG: KeyRows<Exclude<EngineSource['log'], string>, EngineConfig> = {
  level: { value: ({ log }) => log.level },
  format: { value: ({ log }) => log.format },
  output: { value: ({ log }) => log.output },
  marks: { value: ({ log }) => log.marks },
  when_slow: { value: ({ log }) => log.slowReader.whenSlow },
  stuck_after: { value: ({ log }) => log.slowReader.stuckAfterMs },
};

const JOURNAL: KeyRows<EngineSource['journal'], EngineConfig> = {
  output: { value: ({ journal }) => journal.output },
  directory: { value: ({ journal }) => journal.directory },
  max_size: { value: ({ journal }) => journal.maxBytes },
  max_age: { value: ({ journal }) => journal.maxAgeMs },
};

export const ENGINE_KEYS = {
  socket: {
    value: ({ socket }) => socket,
    resolve: ({ place, engine: { socket } }) => ({
      socket: socket === undefined ? undefined : socketAt(place.at('socket'), socket),
    }),
  },
  socket_mode: {
    value: ({ socketMode }) => socketMode,
    resolve: ({ place, engine, ports }) => resolveSocketAccess(place, engine, ports),
  },
  socket_group: { value: ({ socketGid }) => socketGid },
  access: { value: ({ access }) => access },
  log: { keys: LOG, resolve: ({ place, engine }) => ({ log: logAt(place.at('log'), engine.log) }) },
  journal: {
    keys: JOURNAL,
    resolve: ({ place, engine }) => ({ journal: journalAt(place.at('journal'), engine.journal) }),
  },
  http: {
    keys: { listen: { value: ({ http }) => http } } satisfies KeyRows<
      NonNullable<EngineSource['http']>,
      EngineConfig
    >,
    resolve: ({ place, engine: { http } }) => ({
      http: http === undefined ? undefined : listenAddressAt(place.at('http', 'listen'), http.listen),
    }),
  },
  grace: {
    value: ({ graceMs }) => graceMs,
    resolve: ({ place, engine }) => ({ graceMs: graceAt(place.at('grace'), engine.grace) }),
  },
  exit_when: {
    value: ({ exitWhen }) => exitWhen,
    resolve: ({ place, engine }) => ({ exitWhen: exitWhenAt(place, engine) }),
  },
  main: { value: ({ main }) => main, resolve: ({ engine }) => ({ main: engine.main }) },
  termination_log: {
    value: ({ terminationLog }) => terminationLog,
    resolve: ({ place, engine }) => ({
      terminationLog: resolve(dirname(place.source.path), engine.termination_log),
    }),
  },
  hooks: {
    entries: ({ hooks }) => hooks.map((hook) => [`on_${hook.on}`, hook]),
    resolve: ({ place, engine }) => ({ hooks: hooksAt(place.at('hooks'), engine.hooks) }),
  },
} as const satisfies { readonly [Key in keyof EngineSource]-?: Row };
