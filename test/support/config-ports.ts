/** Files, users and privileges for configuration tests, all in memory. */

import type { ConfigFiles, ConfigPorts, UserDatabase } from '../../src/config/document/config-ports.ts';
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts';
import type { ProcessConfig, ResolvedConfig } from '../../src/config/resolved-config.ts';
import { type Problem, renderProblems } from '../../src/config/text/problem.ts';
import { capabilityName } from '../../src/config/values/capabilities.ts';

/** By absolute path; an Error is what reading it throws. */
export type FilesInMemory = Readonly<Record<string, string | Uint8Array | Error>>;

export const MAIN = '/etc/tm/main.toml';

export function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

export function filesInMemory(content: FilesInMemory): ConfigFiles {
  return {
    read(path) {
      const file = Object.hasOwn(content, path) ? content[path] : undefined;
      if (file === undefined) throw failure('ENOENT');
      if (file instanceof Error) throw file;
      return typeof file === 'string' ? Buffer.from(file) : file;
    },
    list(directory) {
      const start = directory === '/' ? '/' : `${directory}/`;
      const below = Object.keys(content).filter((path) => path.startsWith(start));
      return [...new Set(below.map((path) => path.slice(start.length).split('/')[0] ?? ''))].reverse();
    },
  };
}

export const users: UserDatabase = {
  user: (name) => {
    if (name === 'www' || name === '33') {
      return { name: 'www', uid: 33, gid: 33, home: '/var/www', shell: '/bin/false', groups: [33, 44] };
    }
    if (name === 'root' || name === '0') {
      return { name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/sh', groups: [0] };
    }
    return undefined;
  },
  group: (name) => ({ root: 0, www: 33, video: 44, '33': 33, '44': 44 })[name],
};

/** Root with Docker's default capabilities, as far as they matter here. */
export const asRoot: ConfigPorts['self'] = {
  uid: 0,
  gid: 0,
  groups: [0],
  capabilities: new Set(
    ['SETUID', 'SETGID', 'SETPCAP', 'NET_BIND_SERVICE', 'CHOWN'].map((name) => capabilityName(name) ?? ''),
  ),
  landlockVersion: () => 7,
  hasSeccomp: () => true,
};

export const asNobody: ConfigPorts['self'] = {
  uid: 33,
  gid: 33,
  groups: [33],
  capabilities: new Set(),
  landlockVersion: () => 7,
  hasSeccomp: () => true,
};

/** Loads a document as `/etc/tm/main.toml`. */
export function load(
  document: string | Uint8Array,
  more: { files?: FilesInMemory; environment?: Record<string, string>; self?: ConfigPorts['self'] } = {},
): LoadedConfig {
  return loadConfig(MAIN, {
    users,
    self: more.self ?? asRoot,
    environment: more.environment ?? {},
    files: filesInMemory({ [MAIN]: document, ...more.files }),
  });
}

/** As `load`, for a document that must be good. */
export function loadGood(...given: Parameters<typeof load>): ResolvedConfig {
  const loaded = load(...given);
  if (!loaded.ok) throw new Error(`unexpected problems:\n${renderProblems(loaded.problems)}`);
  return loaded.config;
}

/** The process `web` of a document that must be good. */
export function loadWeb(...given: Parameters<typeof load>): ProcessConfig {
  const web = loadGood(...given).processes.get('web');
  if (web === undefined) throw new Error('the document has no process web');
  return web;
}

/** The problems of a document that must be bad. */
export function problemsOf(...given: Parameters<typeof load>): readonly Problem[] {
  const loaded = load(...given);
  return loaded.ok ? [] : loaded.problems;
}
