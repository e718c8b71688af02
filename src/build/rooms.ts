/**
 * Who may import whom. The architecture test holds the code to this table, and ARCHITECTURE.md shows it
 * (`npm run generate`). A room is a folder of src, or a folder in one; a room may always import itself and the leaves.
 */

export interface Room {
  /** Rooms, and single files of rooms. */
  readonly imports: readonly string[];
  /** Those of which it may import types only: nothing of them is there when it runs. */
  readonly types?: readonly string[];
  /** `node:` is all of Node's own. */
  readonly packages?: readonly string[];
}

/** Files of src that every room may import; they import one another only. */
export const LEAVES: readonly string[] = [
  'errors',
  'exit-codes',
  'exit-status',
  'harmful-characters',
  'levels',
  'line-level',
  'name-pattern',
  'nearest-word',
  'slices',
  'shell-words',
  'signals',
  'units',
];

const NODE = ['node:'] as const;
/** The shapes of a configuration. */
const CONFIG = 'config/resolved-config';

export const ROOMS: Readonly<Record<string, Room>> = {
  lifecycle: { imports: [] },
  schedule: { imports: [], packages: ['node:', 'croner'] },
  'config/text': {
    imports: [],
    types: ['config/document/place', CONFIG],
    packages: ['node:', '@iarna/toml'],
  },
  'config/schema': {
    imports: [],
    types: ['config/text/source-file'],
    packages: ['json-schema-to-ts'],
  },
  'config/document': {
    imports: ['config/text', 'config/schema', 'files', 'generated'],
    packages: NODE,
  },
  'config/values': {
    imports: ['config/text', 'config/schema', 'config/document', 'schedule'],
    types: [CONFIG],
    packages: NODE,
  },
  'config/keys': {
    imports: ['config/text', 'config/values'],
    types: ['config/schema', 'config/document', CONFIG],
    packages: NODE,
  },
  'config/checks': {
    imports: ['config/values/resolve-dependencies', 'config/values/schedule', 'config/values/service-socket'],
    types: ['config/document', 'config/values', CONFIG],
  },
  config: {
    imports: [
      'config/text',
      'config/schema',
      'config/document',
      'config/values',
      'config/keys',
      'config/checks',
    ],
    types: ['lifecycle/rules'],
    packages: NODE,
  },
  wire: { imports: [], types: ['lifecycle/rules', 'lifecycle/states', CONFIG] },
  'supervisor/ports': {
    imports: [],
    types: [CONFIG, 'lifecycle/exit-outcome', 'wire'],
  },
  'supervisor/world': {
    imports: ['lifecycle', 'config/instance-names'],
    types: ['supervisor/ports', 'wire', CONFIG],
  },
  'supervisor/events': {
    imports: ['supervisor/world', 'wire', 'config/text/instance-text'],
    types: ['supervisor/ports', 'lifecycle', CONFIG],
  },
  'supervisor/core': {
    imports: ['supervisor/world', 'supervisor/events', 'lifecycle', 'config/instance-names'],
    types: [CONFIG],
  },
  'supervisor/effects': {
    imports: [
      'schedule',
      'supervisor/world',
      'lifecycle/backoff',
      'config/text/instance-text',
      'config/values/output-target',
    ],
    types: ['supervisor/ports', 'supervisor/events', 'lifecycle', 'wire', CONFIG],
  },
  supervisor: {
    imports: ['supervisor/world', 'supervisor/core', 'supervisor/effects', 'config/instance-names'],
    types: ['supervisor/ports', 'supervisor/events', 'lifecycle', 'config', 'wire'],
  },
  'supervisor/shutdown': {
    imports: ['supervisor/world'],
    types: ['supervisor', 'supervisor/ports', 'lifecycle'],
  },
  'supervisor/control': {
    imports: [
      'supervisor/world',
      'supervisor/effects/spawn-request',
      'lifecycle',
      'config/text/instance-text',
    ],
    types: ['supervisor', 'supervisor/ports', 'supervisor/events', 'supervisor/shutdown', 'wire', CONFIG],
  },
  health: {
    imports: ['files', 'supervisor/effects/spawn-request'],
    types: ['supervisor/events', 'supervisor/ports', CONFIG],
    packages: NODE,
  },
  files: { imports: ['system/native'], packages: NODE },
  'output/memory': { imports: [] },
  'output/lines': {
    imports: ['output/memory', 'wire'],
    types: ['output', 'supervisor/ports'],
    packages: NODE,
  },
  'output/sinks': {
    imports: ['files'],
    types: ['output', 'supervisor/events', 'supervisor/ports', 'wire', CONFIG],
    packages: NODE,
  },
  'output/streams': {
    imports: ['output/memory', 'output/lines', 'output/sinks'],
    types: ['output', 'supervisor/events', 'supervisor/ports', 'wire', CONFIG],
    packages: NODE,
  },
  'output/files': {
    imports: ['output/memory', 'output/lines', 'output/sinks', 'output/streams', 'files'],
    types: ['output', 'supervisor/ports', CONFIG],
    packages: NODE,
  },
  'output/pipes': {
    imports: [],
    types: ['output/memory', 'output/sinks', 'supervisor/ports'],
    packages: NODE,
  },
  output: {
    imports: ['output/memory', 'output/lines', 'output/sinks', 'output/files', 'output/pipes'],
    types: ['output/streams', 'supervisor/events', 'supervisor/ports', 'wire', CONFIG],
  },
  journal: {
    imports: ['files'],
    types: ['output/instance-output', 'supervisor/events', 'supervisor/ports', 'wire', CONFIG],
    packages: NODE,
  },
  input: { imports: ['output/sinks/descriptor-sink'], types: ['supervisor/ports'] },
  logging: {
    imports: ['output/memory/lane', 'wire'],
    types: ['output/streams/shared-stream', 'supervisor/events', CONFIG],
    packages: ['pino'],
  },
  system: {
    imports: [
      'files',
      'config/document/file-error',
      'config/values/capabilities',
      'config/values/service-socket',
    ],
    types: ['supervisor/ports', CONFIG, 'wire', 'config/document/config-ports', 'lifecycle/exit-outcome'],
    packages: ['node:', 'execa'],
  },
  'rpc/contract': { imports: ['generated', 'lifecycle/states'] },
  'rpc/protocol': { imports: ['rpc/contract/error-codes'], packages: NODE },
  'rpc/client': { imports: ['rpc/contract', 'rpc/protocol'], packages: NODE },
  'rpc/access': { imports: [], types: ['rpc/contract', 'lifecycle/states', 'supervisor/ports', 'wire'] },
  'rpc/server': {
    imports: ['rpc/contract', 'rpc/protocol', 'rpc/access', 'files', 'lifecycle/states'],
    types: ['supervisor/ports', 'wire'],
    packages: NODE,
  },
  http: { imports: ['lifecycle/states'], types: ['supervisor/ports', 'wire', CONFIG], packages: NODE },
  terminal: { imports: [], packages: ['node:', 'get-east-asian-width'] },
  cli: {
    imports: [
      'cli/attach',
      'cli/logs',
      'cli/shell',
      'cli/status',
      'rpc/client',
      'rpc/contract/error-codes',
      'terminal',
      'wire',
    ],
    types: ['rpc/contract', 'rpc/server/verb-run', 'lifecycle/states'],
    packages: NODE,
  },
  'cli/attach': { imports: ['cli', 'terminal', 'lifecycle/states'], types: ['rpc/client', 'rpc/contract'] },
  'cli/logs': {
    imports: ['cli', 'cli/status/followed-status', 'rpc/access/name-pattern', 'wire'],
    types: ['rpc/client', 'rpc/contract'],
    packages: NODE,
  },
  'cli/shell': {
    imports: ['cli', 'rpc/access/name-pattern', 'terminal', 'wire/states'],
    types: ['rpc/client', 'rpc/contract', 'lifecycle/states'],
    packages: NODE,
  },
  'cli/status': {
    imports: ['cli', 'rpc/access/name-pattern', 'wire/states'],
    types: ['rpc/client', 'rpc/contract'],
  },
  'tui/screen': { imports: ['terminal/characters', 'wire/states'], types: ['lifecycle/states'] },
  'tui/model': {
    imports: [
      'tui/screen',
      'wire/states',
      'terminal/characters',
      'cli/plain-text',
      'cli/render',
      'cli/event-words',
    ],
    types: ['rpc/contract', 'terminal/keys', 'lifecycle/states', CONFIG],
  },
  'tui/view': { imports: ['tui/model', 'tui/screen', 'terminal/characters', 'cli/plain-text'] },
  'tui/ends': {
    imports: [
      'tui/model',
      'tui/view',
      'tui/screen',
      'terminal/keys',
      'rpc/client',
      'cli/render',
      'cli/wire-bytes',
    ],
    types: ['rpc/contract', 'terminal'],
    packages: NODE,
  },
  tui: {
    imports: ['tui/ends', 'tui/model', 'tui/view', 'tui/screen'],
    types: ['rpc/client', 'terminal/owner'],
  },
  commands: {
    imports: [
      'supervisor',
      'supervisor/world',
      'supervisor/events',
      'supervisor/effects/spawn-request',
      'supervisor/shutdown',
      'supervisor/control',
      'config',
      'config/text/instance-text',
      'config/text/problem',
      'health',
      'files',
      'output',
      'output/pipes/pipe-reader',
      'output/streams',
      'journal',
      'input',
      'logging',
      'system',
      'rpc/access',
      'rpc/client',
      'rpc/protocol/socket-path',
      'rpc/server',
      'http',
      'cli',
      'cli/shell/first-prompt',
      'tui',
      'tui/ends/first-frame',
      'terminal',
    ],
    types: ['supervisor/ports', 'config/document/config-ports'],
    packages: NODE,
  },
  build: {
    imports: [
      'config',
      'config/schema',
      'rpc/contract',
      'lifecycle',
      'cli',
      'tui/model/commands',
      'load-bundle',
    ],
    packages: ['node:', 'ajv', 'esbuild'],
  },
  main: { imports: ['load-bundle'] },
  'load-bundle': { imports: [], packages: NODE },
};

/** The room of a file of src, both as paths without extension. */
export function roomOf(file: string): string {
  const folders = file.split('/').slice(0, -1);
  return folders.length === 0 ? file : folders.join('/');
}

/** The table in Markdown, in the order in which the rooms are listed here. */
export function roomTable(): string {
  const rows = Object.entries(ROOMS).map(([name, { imports, types = [], packages = [] }]) =>
    [
      code(name),
      imports.map(code).join(', '),
      types.map(code).join(', '),
      packages.map(code).join(', '),
    ].join(' | '),
  );
  return [
    '| room | may import | may import types of | packages |',
    '|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}
