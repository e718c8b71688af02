/**
 * Writes what is made from the schemas: one entry of the list an artefact. Run by `npm run generate` and before every
 * bundle. The result depends on the schemas alone.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configReference } from '../config/reference.ts';
import { configSchema } from '../config/schema/schema.ts';
import { engineDiagram, reloadTable, stateDiagram } from '../lifecycle/diagram.ts';
import { boardScreens } from './board-screens.ts';
import { compileConfigValidator } from './config-validator.ts';
import { jsonReference } from './json-reference.ts';
import { manPages } from './man-pages.ts';
import { root, VERSION } from './project.ts';
import { roomTable } from './rooms.ts';
import { compileRpcValidators } from './rpc-validators.ts';
import { withoutOwnKeywords } from './shrink-schema.ts';

interface Artefact {
  /** From the checkout's root, without extension: `.js` and `.d.ts` are written. */
  readonly output: string;
  make(): { readonly code: string; readonly declarations: string };
}

const ARTEFACTS: readonly Artefact[] = [
  { output: 'src/generated/validate-config', make: compileConfigValidator },
  { output: 'src/generated/validate-rpc', make: compileRpcValidators },
];

for (const { output, make } of ARTEFACTS) {
  const { code, declarations } = make();
  write(`${output}.js`, code);
  write(`${output}.d.ts`, declarations);
}
writeArchitecture();
writeReadme();
for (const { path, text } of manPages(VERSION, readFileSync(join(root, 'README.md'), 'utf8')))
  write(`dist/man/${path}`, text);
write('dist/taskmaster.schema.json', `${JSON.stringify(withoutOwnKeywords(configSchema), null, 2)}\n`);

function writeArchitecture(): void {
  const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8').replace(
    /```mermaid\n[\s\S]*?```/,
    () => `\`\`\`mermaid\n${stateDiagram()}\n\`\`\``,
  );
  const diagram = `\`\`\`mermaid\n${engineDiagram()}\n\`\`\``;
  const parts = { engine: diagram, reload: reloadTable(), rooms: roomTable() };
  write(
    'ARCHITECTURE.md',
    Object.entries(parts).reduce((text, [name, part]) => withPart(text, name, part), page),
  );
}

/** The page with this between the two comments of that name. */
function withPart(page: string, name: string, text: string): string {
  const between = new RegExp(`(<!-- ${name}:[^>]*-->\\n)[\\s\\S]*?(<!-- end of ${name} -->)`);
  return page.replace(between, (_all, begin, end) => `${begin}\n${text}\n${end}`);
}

/** What stands in the README between two comments. The screens are of the tests: a checkout without those has them. */
function writeReadme(): void {
  const hasTests = existsSync(join(root, 'test'));
  const parts: readonly (readonly [name: string, make: () => string])[] = [
    ['reference', configReference],
    ['json', jsonReference],
    ...(hasTests ? [['screens', boardScreens] as const] : []),
  ];
  let page = readFileSync(join(root, 'README.md'), 'utf8');
  for (const [name, make] of parts) page = withPart(page, name, make());
  write('README.md', page);
}

/** Leaves a file that is the same alone, so that its time stamp tells when it changed. */
function write(path: string, content: string): void {
  const target = join(root, path);
  mkdirSync(dirname(target), { recursive: true });
  if (readIfThere(target) !== content) writeFileSync(target, content);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
