/**
 * Runs the bundles as the dispatcher does and writes what V8 compiled for them beside them (`NAME.cache`): what a start
 * compiles is kept, and nothing else has to be read at the next one. Run by code-cache.ts.
 * The same bundles must give the same bytes, so nothing may depend on which of two things comes first: the engine is
 * stopped as it spawns its first process, the shell talks to a server of canned replies, and the board only draws its
 * first screen.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Script } from 'node:vm';
import { bundleLoader } from '../load-bundle.ts';
import { WARM_UP_REPLIES, WARM_UP_STATUS } from './warm-up-replies.ts';

interface Command {
  run(words: readonly string[]): Promise<number> | number;
}

interface Shell extends Command {
  firstPrompt(): Promise<string>;
}

interface Board {
  firstFrame(status: typeof WARM_UP_STATUS, size: { columns: number; rows: number }): string;
}

const CONFIG = join(import.meta.dirname, 'warm-up.toml');
const dist = resolve(import.meta.dirname, '../../dist');
const folder = mkdtempSync(join(tmpdir(), 'taskmaster-warm-up-'));
const socket = join(folder, 'shell.sock');
process.env.TASKMASTER_SOCKET = socket;
process.env.WARM_UP_SOCKET = join(folder, 'engine.sock');
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const scripts = new Map<string, Script>();
const load = bundleLoader(dist, (name, script) => scripts.set(name, script));
const commandOf = (bundle: string): Command => load(bundle) as Command;

for (const bundle of process.argv.slice(2)) load(bundle);
await commandOf('engine-check').run([CONFIG]);
await warmShell();
warmBoard();
// The addon is one object, no matter who loads it: the engine finds this `spawn` in it.
const addon = createRequire(join(dist, 'main.cjs'))('./taskmaster.node');
// Nor may it depend on which other processes there are, or on one that ends while it is looked at.
addon.readMark = () => 0;
addon.spawn = () => {
  for (const [name, script] of scripts) writeFileSync(join(dist, `${name}.cache`), script.createCachedData());
  process.exit(0);
};
const code = await commandOf('engine-start').run([CONFIG]);
throw new Error(`the engine ended with ${code} before it spawned anything`);

async function warmShell(): Promise<void> {
  const server = createServer((connection) => {
    connection.on('data', (request: Buffer) => {
      const { id, method } = JSON.parse(request.toString());
      connection.write(`${JSON.stringify({ jsonrpc: '2.0', id, result: WARM_UP_REPLIES[method] })}\n`);
    });
  });
  await new Promise<void>((listening) => server.listen(socket, listening));
  const shell = load('shell') as Shell;
  for (const words of [['status'], ['status', 'web'], ['health']]) {
    const code = await shell.run(words);
    if (code !== 0) throw new Error(`taskshell ${words.join(' ')} ended with ${code}`);
  }
  server.close();
  const prompt = await shell.firstPrompt();
  if (!prompt.includes('taskshell> status')) throw new Error('taskshell drew no prompt');
}

/** Not all of it: what waits for keys and timers compiles in another order each time. */
function warmBoard(): void {
  const { firstFrame } = load('board') as Board;
  const frame = firstFrame(WARM_UP_STATUS, { columns: 80, rows: 24 });
  if (!frame.includes('worker')) throw new Error('taskboard drew no first screen');
}
