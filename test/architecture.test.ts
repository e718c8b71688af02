import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { boardScreens } from '../src/build/board-screens.ts';
import { configReference } from '../src/config/reference.ts';
import { stateDiagram } from '../src/lifecycle/diagram.ts';

const root = resolve(import.meta.dirname, '..');
const src = join(root, 'src');

/** Leaves that every room may import. */
const LEAVES = [
  'errors',
  'exit-codes',
  'exit-status',
  'signals',
  'units',
  'nearest-word',
  'levels',
  'line-level',
  'shell-words',
];

/** Who may import whom: a room or a file, the rooms and files it may import, the packages. ARCHITECTURE.md says why. */
const RULES: Readonly<Record<string, { rooms: readonly string[]; packages: readonly string[] }>> = {
  lifecycle: { rooms: ['lifecycle'], packages: [] },
  config: {
    rooms: ['config', 'lifecycle/rules', 'files', 'generated'],
    packages: ['node:', '@iarna/toml', 'json-schema-to-ts'],
  },
  supervisor: { rooms: ['supervisor', 'wire', 'lifecycle', 'config'], packages: [] },
  wire: { rooms: ['wire', 'lifecycle/states', 'lifecycle/rules', 'config/resolved-config'], packages: [] },
  health: {
    rooms: ['health', 'files', 'supervisor', 'config'],
    packages: ['node:'],
  },
  files: { rooms: ['files', 'system/native'], packages: ['node:'] },
  output: {
    rooms: ['output', 'files', 'supervisor', 'wire', 'config'],
    packages: ['node:'],
  },
  journal: { rooms: ['journal', 'files', 'supervisor', 'wire', 'config', 'output'], packages: ['node:'] },
  input: { rooms: ['input', 'supervisor', 'output'], packages: ['node:'] },
  logging: {
    rooms: ['logging', 'supervisor', 'wire', 'config', 'output'],
    packages: ['node:', 'pino'],
  },
  system: {
    rooms: ['system', 'files', 'supervisor', 'wire', 'config', 'lifecycle/exit-outcome'],
    packages: ['node:', 'execa'],
  },
  rpc: {
    rooms: ['rpc', 'files', 'supervisor', 'wire', 'lifecycle/states', 'generated'],
    packages: ['node:', 'json-schema-to-ts'],
  },
  http: { rooms: ['http', 'supervisor', 'wire', 'config'], packages: ['node:'] },
  terminal: { rooms: ['terminal'], packages: ['node:', 'get-east-asian-width'] },
  cli: { rooms: ['cli', 'rpc', 'terminal', 'wire', 'lifecycle/states'], packages: ['node:'] },
  tui: {
    rooms: [
      'tui',
      'rpc',
      'terminal',
      'lifecycle/states',
      'cli/plain-text',
      'cli/render',
      'cli/event-words',
      'cli/wire-bytes',
    ],
    packages: ['node:'],
  },
  commands: {
    rooms: [
      'commands',
      'supervisor',
      'wire',
      'config',
      'health',
      'files',
      'output',
      'journal',
      'input',
      'logging',
      'system',
      'rpc',
      'http',
      'cli',
      'tui',
      'terminal',
      'lifecycle/exit-outcome',
    ],
    packages: ['node:'],
  },
  build: {
    rooms: ['build', 'config', 'rpc', 'lifecycle', 'cli', 'tui/commands', 'load-bundle'],
    packages: ['node:', 'ajv', 'esbuild', 'json-schema-to-ts'],
  },
  main: { rooms: ['load-bundle'], packages: [] },
  'load-bundle': { rooms: [], packages: ['node:'] },
};

/** Finer than rooms: the one place that may import a thing. */
const ONLY_IN: readonly { readonly what: RegExp; readonly where: string }[] = [
  { what: /^execa$/, where: 'system/helper-command' },
  { what: /^node:child_process$/, where: 'build/' },
  { what: /^pino$/, where: 'logging/engine-log' },
  { what: /^@iarna\/toml/, where: 'config/text/parse' },
  { what: /^node:worker_threads$/, where: 'nowhere: no workers in PID 1' },
];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isPackage: boolean;
}

function sourceFiles(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'generated' ? [] : sourceFiles(path);
    return entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts') ? [path] : [];
  });
}

function importsOf(path: string): readonly Import[] {
  const text = readFileSync(path, 'utf8');
  const from = relative(src, path).replace(/\.ts$/, '');
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^'";]*?from\s*'([^']+)'|import\(\s*'([^']+)'\s*\)|\nimport\s+'([^']+)'/g,
  );
  return [...found].map((match) => {
    const target = match[1] ?? match[2] ?? match[3] ?? '';
    if (!target.startsWith('.')) return { from, to: target, isPackage: true };
    const to = relative(src, resolve(dirname(path), target)).replace(/\.(ts|js)$/, '');
    return { from, to, isPackage: false };
  });
}

const imports = sourceFiles(src).flatMap(importsOf);
const roomOf = (file: string): string => file.split('/')[0] ?? file;

test('each room imports only what its row of the table allows', () => {
  const wrong = imports.filter(({ from, to, isPackage }) => {
    if (LEAVES.includes(from)) return isPackage ? true : !LEAVES.includes(to);
    const rule = RULES[roomOf(from)];
    if (rule === undefined) return true;
    if (isPackage)
      return !rule.packages.some(
        (name) => to === name || to.startsWith(name.endsWith(':') ? name : `${name}/`),
      );
    return !LEAVES.includes(to) && !rule.rooms.some((room) => to === room || to.startsWith(`${room}/`));
  });
  assert.deepEqual(
    wrong.map(({ from, to }) => `${from} imports ${to}`),
    [],
  );
  assert.ok(imports.length > 100, 'the imports were found');
});

test('what only one file may import is imported only there', () => {
  for (const { what, where } of ONLY_IN) {
    const places = imports.filter(({ to }) => what.test(to)).map(({ from }) => from);
    assert.deepEqual(
      places.filter((place) => !(where.endsWith('/') ? place.startsWith(where) : place === where)),
      [],
      String(what),
    );
  }
});

/** What works on descriptors that are open, and needs no name. */
const WITHOUT_NAMES = [
  'closeSync',
  'constants',
  'fstatSync',
  'readSync',
  'Stats',
  'write',
  'writeSync',
  'writev',
];

/** Not the engine; or only /proc and /sys, which nobody else can write to; or only told that something has changed. */
const MAY_USE_NAMES = [
  'build/',
  'cli/',
  'tui/',
  'load-bundle',
  'rpc/client',
  'rpc/find-engine',
  'commands/socket-watch',
  'output/sinks/descriptor-sink',
  // Of the client: its own terminal.
  'terminal/ports',
  'system/abandoned',
  'system/cgroup',
  'system/container-memory',
  'system/container-usage',
  'system/descendants',
  'system/process-tree',
  'system/process-usage',
  'system/thread-pool',
  'system/user-database',
];

test('what the engine does with files by their names goes through files/', () => {
  const offenders = sourceFiles(src).flatMap((path) => {
    const from = relative(src, path).replace(/\.ts$/, '');
    if (MAY_USE_NAMES.some((place) => (place.endsWith('/') ? from.startsWith(place) : from === place)))
      return [];
    const text = readFileSync(path, 'utf8');
    const named = [...text.matchAll(/import\s*(?:type\s*)?\{([^}]*)\}\s*from\s*'node:fs'/g)]
      .flatMap(([, names = '']) => names.split(','))
      .map((name) => name.replace(/^\s*type\s/, '').trim())
      .filter((name) => name !== '' && !WITHOUT_NAMES.includes(name));
    const whole = text.match(
      /node:fs\/promises|import\('node:fs'\)|\* as \w+ from 'node:fs'|BuiltinModule\('node:fs'\)/g,
    );
    return [...named, ...(whole ?? [])].map((what) => `${from} uses ${what}`);
  });
  assert.deepEqual(offenders, []);
});

test('the addon is loaded in one place', () => {
  const loaders = sourceFiles(src).filter((path) =>
    /taskmaster\.node['"`)]/.test(readFileSync(path, 'utf8')),
  );
  assert.deepEqual(
    loaders.map((path) => relative(src, path)).filter((path) => !path.startsWith('build/')),
    ['system/native.ts'],
  );
});

test('the lifecycle is pure: no clock, no randomness, no process', () => {
  for (const path of sourceFiles(join(src, 'lifecycle'))) {
    assert.doesNotMatch(
      readFileSync(path, 'utf8'),
      /Date\.|Math\.random|process\.(?!type)|setTimeout|performance\./,
      path,
    );
  }
});

test('no module has mutable state of its own', () => {
  const allowed = ['system/native.ts'];
  const offenders = sourceFiles(src)
    .filter((path) => !relative(src, path).startsWith('build/'))
    .filter((path) => /^(?:export )?let /m.test(readFileSync(path, 'utf8')))
    .map((path) => relative(src, path));
  assert.deepEqual(
    offenders.filter((path) => !allowed.includes(path)),
    [],
  );
});

test('no file is longer than 400 lines; what is native is below its bounds', () => {
  const long = sourceFiles(src).filter((path) => readFileSync(path, 'utf8').split('\n').length > 401);
  assert.deepEqual(
    long.map((path) => relative(src, path)),
    [],
  );
  assert.ok(linesIn('native') < 3_400, 'the addon has fewer than 3,400 lines');
  assert.ok(linesIn('native/launcher') < 650, 'the launcher has fewer than 650 lines');
  assert.ok(linesIn('native/preload') < 120, 'what is preloaded into Node has fewer than 120 lines');
});

/** Of the files right in a folder. */
function linesIn(folder: string): number {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => readFileSync(join(root, folder, name), 'utf8').split('\n').length)
    .reduce((sum, lines) => sum + lines, 0);
}

test('the state diagram in ARCHITECTURE.md is the one the tables draw', () => {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  const drawn = /```mermaid\n([\s\S]*?)\n```/.exec(text)?.[1];
  assert.equal(drawn, stateDiagram(), 'run: npm run generate');
});

test('the configuration reference in the README is the one the schema gives', () => {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  assert.ok(text.includes(configReference().trim()), 'run: npm run generate');
});

test('the screens of taskboard in the README are the ones its tests compare with', () => {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  assert.ok(text.includes(boardScreens().trim()), 'run: npm run generate');
});
