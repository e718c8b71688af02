import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { startRig } from '../support/rpc-rig.ts';

const root = join(import.meta.dirname, '../..');

/** Runs a command in a process of its own and returns every module it imported. */
function importedBy(words: readonly string[], environment: Record<string, string>): Promise<string[]> {
  const hooks = `import { registerHooks } from 'node:module'; import { writeSync } from 'node:fs';
    registerHooks({ load(url, context, next) { writeSync(3, url + '\\n'); return next(url, context); } });`;
  const main = `import { run } from ${JSON.stringify(join(root, 'src/cli/main.ts'))};
    process.exitCode = await run(${JSON.stringify(words)});`;
  const child = spawn(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(hooks)}`, '--input-type=module', '-e', main],
    { stdio: ['ignore', 'ignore', 'inherit', 'pipe'], env: { ...process.env, ...environment } },
  );
  let urls = '';
  child.stdio[3]?.on('data', (chunk: Buffer) => {
    urls += chunk.toString();
  });
  return new Promise((resolve) => child.on('close', () => resolve(urls.trim().split('\n').map(shortened))));
}

/** Our own wrapping; node:fs is loaded in every Node anyway. */
const IGNORED = /^(data:|node:module$|node:fs$|file:.*eval)/;

function shortened(url: string): string {
  return url.replace(/^file:.*\/src\//, '');
}

test('status imports what it needs and nothing more', async (t) => {
  const rig = await startRig(t);
  const imported = await importedBy(['status'], { TASKMASTER_SOCKET: rig.path });
  const wanted = imported.filter((url) => !IGNORED.test(url)).sort();
  assert.deepEqual(wanted, [
    'cli/arguments.ts',
    'cli/command.ts',
    'cli/commands-act.ts',
    'cli/commands.ts',
    'cli/io.ts',
    'cli/lazy-connection.ts',
    'cli/main.ts',
    'cli/near-verb.ts',
    'cli/plain-text.ts',
    'cli/render.ts',
    'cli/run-words.ts',
    'cli/status/status.ts',
    'cli/usage.ts',
    'errors.ts',
    'exit-codes.ts',
    'exit-status.ts',
    'harmful-characters.ts',
    'levels.ts',
    'nearest-word.ts',
    'node:net',
    'node:path',
    'rpc/client/client.ts',
    'rpc/contract/error-codes.ts',
    'rpc/protocol/framing.ts',
    'rpc/protocol/socket-path.ts',
    'signals.ts',
    'units.ts',
    'wire/states.ts',
  ]);
});
