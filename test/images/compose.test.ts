import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { buildExample, buildTaskmaster } from '../support/base-images.ts';
import { freePort } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { dockerSays } from '../support/test-image.ts';

buildTaskmaster('base');

const examples = resolve(import.meta.dirname, '../../docker/examples');
const PATIENT = { withinMs: 60_000 };

/** Brings the compose file of an example up as it stands, but for who builds the image, and a port of its own. */
async function up(t: TestContext, name: string): Promise<{ readonly id: string; readonly url: string }> {
  // First: what is registered first runs first, and it needs the folder.
  t.after(() => compose('down', '--timeout', '10'));
  const override = join(temporaryFolder(t), 'image.yaml');
  writeFileSync(override, `services:\n  ${name}:\n    image: ${buildExample(name)}\n`);
  const port = await freePort();
  const compose = (...words: readonly string[]): string => {
    const files = ['-f', join(examples, name, 'compose.yaml'), '-f', override];
    const project = `taskmaster-compose-${process.pid}-${name}`;
    return execFileSync('docker-compose', ['-p', project, ...files, ...words], {
      encoding: 'utf8',
      env: { ...process.env, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  };
  compose('up', '--detach', '--no-build');
  return { id: compose('ps', '-q', name).trim(), url: `http://127.0.0.1:${port}/` };
}

const EXAMPLES = [
  { name: 'web', says: /^hello, \d+ reports so far\n$/ },
  { name: 'non-root', says: /^hello from nobody in particular\n$/ },
];

for (const { name, says } of EXAMPLES) {
  test(`the compose file of ${name} brings up a healthy container that answers on its port`, async (t) => {
    const { id, url } = await up(t, name);
    const health = (): string => dockerSays('inspect', '--format', '{{.State.Health.Status}}', id);
    await eventually(() => assert.equal(health(), 'healthy', dockerSays('logs', id)), PATIENT);
    assert.match(await (await fetch(url)).text(), says);
    dockerSays('stop', id);
    assert.equal(dockerSays('inspect', '--format', '{{.State.ExitCode}}', id), '0');
  });
}
