/** The screens of taskboard for the README: the very ones that its tests compare with. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './project.ts';

const SHOWN: readonly (readonly [file: string, caption: string])[] = [
  ['board-80x24', 'The board at 80 × 24; the selected row is inverse on a terminal.'],
  ['details-full-80x24', '`d`, then Enter: why an instance is in its state, and what happens next.'],
  ['plan-80x24', '`R`: a reload, before it happens.'],
  ['board-40x12', 'The same at 40 × 12.'],
];

/** As Markdown. */
export function boardScreens(): string {
  return SHOWN.map(([file, caption]) => {
    const screen = readFileSync(join(root, `test/fixtures/tui/${file}.txt`), 'utf8');
    return `${caption}\n\n\`\`\`text\n${screen.trimEnd()}\n\`\`\`\n`;
  }).join('\n');
}
