/** The whole way from a path to a configuration the engine can run, or to every problem on that way. */

import { resolve } from 'node:path';
import { inProfiles, profilesOf, unknownProfiles } from './checks/profiles.ts';
import { checkDependencies, checkMain, checkStopPath } from './checks/relations.ts';
import { checkSharedFiles } from './checks/shared-files.ts';
import { checkSockets } from './checks/sockets.ts';
import { diskFiles } from './document/config-files.ts';
import type { ConfigPorts } from './document/config-ports.ts';
import { collectNamed, type NamedTable } from './document/named-tables.ts';
import { OriginFinder, type Origins } from './document/origins.ts';
import { type Findings, Place } from './document/place.ts';
import { type ReadFile, readConfigFiles } from './document/read-files.ts';
import { ENGINE_KEYS } from './keys/engine-keys.ts';
import { resolveProcess, type Surroundings } from './keys/resolve-process.ts';
import { giveAll } from './keys/rows.ts';
import type { EngineConfig, ProcessConfig, ResolvedConfig, SocketConfig } from './resolved-config.ts';
import type { GroupSource, ProcessSource, SocketSource } from './schema/schema.ts';
import { positionNode } from './text/positions.ts';
import { type Problem, sortProblems } from './text/problem.ts';
import { accessOfMembers, type PlacedGroup, resolveGroups } from './values/groups.ts';
import type { PlacedProcess } from './values/placed-process.ts';
import { neededNames } from './values/resolve-dependencies.ts';
import { DEFAULT_SLOW_READER } from './values/resolve-engine.ts';
import { withSchedule } from './values/schedule.ts';
import { type PlacedSocket, resolveSocket } from './values/service-socket.ts';

export type LoadedConfig =
  | { readonly ok: true; readonly config: ResolvedConfig }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly warnings: readonly string[] };

/** `files` and `environment` are the disk's and the engine's own unless given. */
export type LoadPorts = Pick<ConfigPorts, 'users' | 'self'> & Partial<ConfigPorts>;

/**
 * Reads, checks and resolves a configuration with all it includes; changes nothing anywhere.
 * @returns the configuration, or every problem found, by file and line. Throws nothing.
 */
export function loadConfig(path: string, given: LoadPorts): LoadedConfig {
  const steps = loadInSteps(path, given);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/**
 * As `loadConfig`, of an engine that has others to serve meanwhile: a thousand processes take 40 ms.
 * @param pause called between two steps; what it returns is awaited
 */
export async function loadConfigInSlices(
  path: string,
  given: LoadPorts,
  pause: () => Promise<void> | undefined,
): Promise<LoadedConfig> {
  const steps = loadInSteps(path, given);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    const rest = pause();
    if (rest !== undefined) await rest;
  }
}

function* loadInSteps(path: string, given: LoadPorts): Generator<undefined, LoadedConfig, undefined> {
  const { environment = process.env } = given;
  const profiles = profilesOf(environment);
  const ports: ConfigPorts = { files: diskFiles, environment, profiles, ...given };
  const findings: Findings = { problems: [], warnings: [] };
  const mainPath = resolve(path);
  const { readable, paths } = readConfigFiles(mainPath, ports, findings);
  yield;
  const allReadable = readable.length === paths.length;
  const all = collectNamed(readable, PROCESSES, findings);
  const placed = inProfiles(all, ports.profiles);
  const placedSockets = collectNamed(readable, SOCKETS, findings);
  const sockets = resolveSockets(placedSockets, readable, ports);
  const groups = resolveGroups(
    new Map(soundOf(collectNamed(readable, GROUPS, findings), readable)),
    all,
    placed,
  );
  const processes = yield* resolveAll(placed, readable, { sockets, groups, ports });
  const engine = resolveOnlyEngine(readable, mainPath, ports, findings);
  // A file that cannot be read may hold what seems to be missing.
  if (allReadable) {
    checkTogether(engine, processes, placed, { all, groups });
    for (const sentence of unknownProfiles(all, ports.profiles))
      findings.warnings.push(`${mainPath}: ${sentence}`);
    checkSockets(sockets, placedSockets, processes, placed);
  }
  if (findings.problems.length > 0)
    return { ok: false, problems: sortProblems(findings.problems), warnings: findings.warnings };
  if (processes.size === 0) findings.warnings.push(`${mainPath}: no process is configured`);
  return {
    ok: true,
    config: {
      engine: { ...engine.config, access: accessOfMembers(engine.config.access, groups) },
      processes,
      sockets,
      groups,
      inherited: originsOf(placed),
      files: paths,
      warnings: findings.warnings,
    },
  };
}

function originsOf(placed: ReadonlyMap<string, PlacedProcess>): ReadonlyMap<string, Origins> {
  const finder = new OriginFinder();
  return new Map(
    [...placed].flatMap(([name, { place }]) => {
      const origins = finder.of(place);
      return origins === undefined ? [] : [[name, origins] as const];
    }),
  );
}

interface PlacedEngine {
  readonly place: Place;
  readonly config: EngineConfig;
}

function checkTogether(
  engine: PlacedEngine,
  processes: ReadonlyMap<string, ProcessConfig>,
  placed: ReadonlyMap<string, PlacedProcess>,
  { all, groups }: Pick<Surroundings, 'all' | 'groups'>,
): void {
  checkDependencies(processes, placed, all, groups);
  checkMain(engine.place, engine.config, placed, all);
  checkSharedFiles(processes, placed);
  if (engine.place.findings.problems.length === 0) checkStopPath(engine.place, engine.config, processes);
}

const PROCESSES: NamedTable<ProcessSource, PlacedProcess> = {
  name: 'processes',
  what: 'process',
  in: ({ processes }) => processes,
  placed: (place, process) => ({ place, process: withSchedule(place, process) }),
};
const SOCKETS: NamedTable<SocketSource, PlacedSocket> = {
  name: 'sockets',
  what: 'socket',
  in: ({ sockets }) => sockets,
  placed: (place, socket) => ({ place, socket }),
};
const GROUPS: NamedTable<GroupSource, PlacedGroup> = {
  name: 'groups',
  what: 'group',
  in: ({ groups }) => groups,
  placed: (place, group) => ({ place, group }),
};

/** What the schema found wrong is left out, so that each mistake is told once. */
function soundOf<Placed extends { readonly place: Place }>(
  placed: ReadonlyMap<string, Placed>,
  files: readonly ReadFile[],
): readonly (readonly [string, Placed])[] {
  const documents = new Map(files.map(({ source, document }) => [source, document]));
  return [...placed].filter(([, { place }]) => !documents.get(place.source)?.isBroken(place.path));
}

function resolveSockets(
  placed: ReadonlyMap<string, PlacedSocket>,
  files: readonly ReadFile[],
  ports: ConfigPorts,
): ReadonlyMap<string, SocketConfig> {
  return new Map(soundOf(placed, files).map(([name, socket]) => [name, resolveSocket(name, socket, ports)]));
}

function* resolveAll(
  placed: ReadonlyMap<string, PlacedProcess>,
  files: readonly ReadFile[],
  surroundings: Pick<Surroundings, 'sockets' | 'groups' | 'ports'>,
): Generator<undefined, ReadonlyMap<string, ProcessConfig>, undefined> {
  const sound = soundOf(placed, files);
  const needed = neededNames(new Map(sound), surroundings.groups);
  const together = { ...surroundings, all: placed, needed };
  const resolved = new Map<string, ProcessConfig>();
  for (const [name, process] of sound) {
    resolved.set(name, resolveProcess(name, process, together));
    yield;
  }
  return resolved;
}

/** `[engine]` may stand in any one of the files. */
function resolveOnlyEngine(
  files: readonly ReadFile[],
  mainPath: string,
  ports: ConfigPorts,
  findings: Findings,
): PlacedEngine {
  const [first, ...others] = files.filter(({ source }) => source.root.children.has('engine'));
  for (const { source } of others) {
    const firstPlace = first === undefined ? '' : new Place(first.source, ['engine'], findings).inWords();
    new Place(source, ['engine'], findings).problem(
      { message: `[engine] stands in more than one file; first at ${firstPlace}` },
      'key',
    );
  }
  const file = first ?? files[0];
  const source = file?.source ?? { path: mainPath, text: '', root: positionNode('table', 0) };
  const place = new Place(source, ['engine'], findings);
  if (file === undefined || file.document.isBroken(['engine'])) return { place, config: DEFAULT_ENGINE };
  const { engine } = file.document.value;
  return { place, config: giveAll(ENGINE_KEYS, 'resolve', { place, engine, ports }) };
}

/** Stands in for an engine with problems, so that the rest can be checked; it is never run. */
const DEFAULT_ENGINE: EngineConfig = {
  socket: undefined,
  socketMode: 0o660,
  socketGid: undefined,
  access: [],
  log: { level: 'info', format: 'auto', output: 'raw', marks: false, slowReader: DEFAULT_SLOW_READER },
  journal: { output: false, directory: undefined, maxBytes: undefined, maxAgeMs: undefined },
  http: undefined,
  graceMs: 10_000,
  exitWhen: 'all-done',
  main: undefined,
  terminationLog: '/dev/termination-log',
  hooks: [],
};
