import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { boardScreens } from '../src/build/board-screens.ts';
import { LEAVES, ROOMS, roomOf, roomTable } from '../src/build/rooms.ts';
import { configReference } from '../src/config/reference.ts';
import { engineDiagram, reloadTable, stateDiagram } from '../src/lifecycle/diagram.ts';

const root = resolve(import.meta.dirname, '..');
const src = join(root, 'src');

/** Finer than rooms: the one place that may import a thing. */
const ONLY_IN: readonly { readonly what: RegExp; readonly where: string }[] = [
  { what: /^execa$/, where: 'system/helper-command' },
  { what: /^node:child_process$/, where: 'build/' },
  { what: /^croner$/, where: 'schedule/cron' },
  { what: /^pino$/, where: 'logging/engine-log' },
  { what: /^@iarna\/toml/, where: 'config/text/toml-parser' },
  { what: /^node:worker_threads$/, where: 'nowhere: no workers in PID 1' },
];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isPackage: boolean;
  /** Gone when the program runs. */
  readonly isType: boolean;
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
    /(?:^|\n)\s*(?:import|export)(\s+type)?\b[^'";]*?from\s*'([^']+)'|import\(\s*'([^']+)'\s*\)|\nimport\s+'([^']+)'/g,
  );
  return [...found].map((match) => {
    const target = match[2] ?? match[3] ?? match[4] ?? '';
    const isType = match[1] !== undefined;
    if (!target.startsWith('.')) return { from, to: target, isPackage: true, isType };
    const to = relative(src, resolve(dirname(path), target)).replace(/\.(ts|js)$/, '');
    return { from, to, isPackage: false, isType };
  });
}

const imports = sourceFiles(src).flatMap(importsOf);

/** Whether an entry of a row means what is imported: its room, the file itself, or its package. */
function isMeant(entry: string, { to, isPackage }: Import): boolean {
  if (!isPackage) return entry === to || entry === roomOf(to);
  return to === entry || to.startsWith(entry.endsWith(':') ? entry : `${entry}/`);
}

function isAllowed(one: Import): boolean {
  const { from, to, isPackage, isType } = one;
  if (LEAVES.includes(from)) return !isPackage && LEAVES.includes(to);
  const room = ROOMS[roomOf(from)];
  if (room === undefined) return false;
  if (isPackage) return (room.packages ?? []).some((entry) => isMeant(entry, one));
  if (LEAVES.includes(to) || roomOf(to) === roomOf(from)) return true;
  const entries = isType ? [...room.imports, ...(room.types ?? [])] : room.imports;
  return entries.some((entry) => isMeant(entry, one));
}

test('each room imports only what its row of the table allows, and only types where it says so', () => {
  const wrong = imports.filter((one) => !isAllowed(one));
  assert.deepEqual(
    wrong.map(({ from, to, isType }) => `${from} imports ${isType ? 'types of ' : ''}${to}`),
    [],
  );
  assert.ok(imports.length > 100, 'the imports were found');
  assert.ok(imports.some(({ isType }) => isType) && imports.some(({ isType }) => !isType));
});

test('the table allows nothing that no room needs', () => {
  const unused = Object.entries(ROOMS).flatMap(([name, { imports: values, types = [], packages = [] }]) => {
    const own = imports.filter(({ from }) => roomOf(from) === name);
    const isUsed = (entry: string, among: readonly Import[]): boolean =>
      among.some((one) => isMeant(entry, one));
    const ofValues = own.filter(({ isType }) => !isType);
    return [
      ...values.filter((entry) => !isUsed(entry, ofValues)).map((entry) => `${name}: ${entry}`),
      ...types.filter((entry) => !isUsed(entry, own)).map((entry) => `${name}: types of ${entry}`),
      ...packages.filter((entry) => !isUsed(entry, own)).map((entry) => `${name}: package ${entry}`),
    ];
  });
  assert.deepEqual(unused, []);
});

test('the table of rooms in ARCHITECTURE.md is the one that the imports are held to', () => {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  assert.ok(text.includes(roomTable()), 'run: npm run generate');
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
  'rpc/client/',
  'commands/socket-watch',
  'output/sinks/descriptor-sink',
  // Of the client: its own terminal.
  'terminal/ports',
  'system/abandoned',
  'system/cgroup',
  'system/container-memory',
  'system/container-usage',
  'system/descendants',
  'system/process-sighting',
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

/** Time comes to them by a port, so that tests move it by hand. */
const WITHOUT_CLOCK = [
  ...['lifecycle', 'wire', 'config', 'supervisor', 'health', 'files', 'output', 'input', 'journal'],
  ...['schedule', 'logging', 'http', 'rpc/access', 'rpc/contract', 'rpc/protocol', 'rpc/server'],
  // What the engine's sockets need is put together in a room that builds the real ports.
  ...['commands/control-socket.ts', 'commands/socket-watch.ts', 'commands/kept-verbs.ts'],
  'commands/service-sockets.ts',
  'commands/http-endpoints.ts',
];

test('no room of the engine but system/ looks at the clock or sets a timer by itself', () => {
  const sources = WITHOUT_CLOCK.flatMap((place) =>
    place.endsWith('.ts') ? [join(src, place)] : sourceFiles(join(src, place)),
  );
  const offenders = sources.flatMap((path) => {
    const code = readFileSync(path, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    const found = code.match(
      /\bset(?:Timeout|Interval|Immediate)\b|\bDate\.now|new Date\(\)|performance\.now|process\.hrtime|timers\/promises/g,
    );
    return (found ?? []).map((what) => `${relative(src, path)} uses ${what}`);
  });
  assert.deepEqual(offenders, []);
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

/** How a module of ours could keep something from one call to the next. Formatted code: column 0 is the module's own. */
function stateOf(text: string): readonly string[] {
  const found = [
    ...text.matchAll(/^(?:export )?(?:let|var) \w+|^ +static (?!readonly )#?\w+[^(\n]*[;=]/gm),
  ].map(([what]) => what.trim());
  for (const [, name = '', type = '', value = ''] of text.matchAll(
    /^(?:export )?const (\w+)(?:: ([^=]*?))? = (.*)/gm,
  )) {
    const isCollection = /^new (?:Weak)?(?:Map|Set)\b/.test(value) || value === '[];' || value === '{};';
    if (isCollection && !/^(?:Readonly|readonly )/.test(type)) found.push(`${name} = ${value}`);
    const changes = [
      `\\b${name}(?:\\.\\w+|\\[[^\\]\\n]+\\])+ (?:[-+*/|&?]{1,2})?= `,
      `\\b${name}(?:\\.\\w+|\\[[^\\]\\n]+\\])*(?:\\+\\+|--)`,
      `\\bdelete ${name}\\b`,
      `\\b${name}\\.(?:push|pop|shift|unshift|splice|sort|reverse|fill|set|add|delete|clear)\\(`,
      // The place that it has come to.
      ...(/\/[a-z]*[gy][a-z]*;$/.test(value) ? [`\\b${name}\\.(?:exec|test|lastIndex)\\b`] : []),
    ];
    const [change] = new RegExp(changes.join('|')).exec(text) ?? [];
    if (change !== undefined) found.push(change);
  }
  return found;
}

test('no module has mutable state of its own', () => {
  const allowed = ['system/native.ts'];
  const offenders = sourceFiles(src)
    .map((path) => ({ file: relative(src, path), state: stateOf(readFileSync(path, 'utf8')) }))
    .filter(({ file, state }) => state.length > 0 && !file.startsWith('build/') && !allowed.includes(file));
  assert.deepEqual(offenders, []);
});

test('state of a module is found, of whatever kind', () => {
  const kinds = [
    'let count = 0;',
    'export let count = 0;',
    'var count = 0;',
    'const all = new Map<string, number>();',
    'const all = new WeakSet();',
    'const all: string[] = [];',
    'const all = {};',
    'const all: Readonly<Record<string, number>> = { one: 1 };\nfunction count() {\n  all.one += 1;\n}',
    'const all = [1];\nfunction add() {\n  all.push(2);\n}',
    'const WORD = /a/g;\nfunction next(text) {\n  return WORD.exec(text);\n}',
    'class Counter {\n  static count = 0;\n}',
  ];
  for (const text of kinds) assert.equal(stateOf(text).length > 0, true, text);
  const fine = [
    'const ALL: ReadonlySet<string> = new Set(["a"]);',
    'const WORD = /a/g;\nfunction all(text) {\n  return text.replace(WORD, "");\n}',
    'const NONE: readonly string[] = [];',
    'function count() {\n  let number = 0;\n}',
    'class Counter {\n  static readonly first = 0;\n  static of(value) {\n  }\n}',
  ];
  for (const text of fine) assert.deepEqual(stateOf(text), [], text);
});

test('no file is longer than 400 lines; what is native is below its bounds', () => {
  const long = sourceFiles(src).filter((path) => readFileSync(path, 'utf8').split('\n').length > 401);
  assert.deepEqual(
    long.map((path) => relative(src, path)),
    [],
  );
  assert.ok(linesIn('native') < 4_600, 'the addon has fewer than 4,600 lines');
  assert.ok(linesIn('native/launcher') < 1_500, 'the launcher has fewer than 1,500 lines');
  assert.ok(linesIn('native/preload') < 120, 'what is preloaded into Node has fewer than 120 lines');
});

/** Of the files right in a folder. */
function linesIn(folder: string): number {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => readFileSync(join(root, folder, name), 'utf8').split('\n').length)
    .reduce((sum, lines) => sum + lines, 0);
}

test('the state diagrams and the table of reloads in ARCHITECTURE.md are those of the tables', () => {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  const drawn = [...text.matchAll(/```mermaid\n([\s\S]*?)\n```/g)].map(([, diagram]) => diagram);
  assert.deepEqual(drawn, [stateDiagram(), engineDiagram()], 'run: npm run generate');
  assert.ok(text.includes(`\n${reloadTable()}\n`), 'run: npm run generate');
});

test('the configuration reference in the README is the one the schema gives', () => {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  assert.ok(text.includes(configReference().trim()), 'run: npm run generate');
});

test('the screens of taskboard in the README are the ones its tests compare with', () => {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  assert.ok(text.includes(boardScreens().trim()), 'run: npm run generate');
});
