/** Copies of a real HTTP server on one socket, restarted a few at a time under load. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { EngineRun, freePort } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

const COPIES = 4;
const APP = `import os
def application(environ, start_response):
    start_response("200 OK", [])
    return [os.environ.get("ROUND", "").encode()]
`;

/** Requests one after the other, each over a new connection. */
class Load {
  good = 0;
  readonly bad: string[] = [];
  readonly said = new Set<string>();
  readonly #port: number;
  #isOver = false;
  readonly #loops: readonly Promise<void>[];

  constructor(port: number, clients: number) {
    this.#port = port;
    this.#loops = Array.from({ length: clients }, () => this.#loop());
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
  }

  async #loop(): Promise<void> {
    while (!this.#isOver) {
      try {
        this.said.add(await this.#ask());
        this.good += 1;
      } catch (error) {
        this.bad.push((error as Error).message);
      }
    }
  }

  #ask(): Promise<string> {
    return new Promise((resolve, reject) => {
      const request = get(
        { host: '127.0.0.1', port: this.#port, agent: false, timeout: 20_000 },
        (response) => {
          let text = '';
          response.on('data', (bytes) => {
            text += bytes;
          });
          response.on('end', () =>
            response.statusCode === 200 ? resolve(text) : reject(new Error(`status ${response.statusCode}`)),
          );
          response.on('error', reject);
        },
      );
      request.on('timeout', () => request.destroy(new Error('no answer')));
      request.on('error', reject);
    });
  }
}

async function serving(t: TestContext): Promise<{
  engine: EngineRun;
  port: number;
  config: (round: number, more?: string) => string;
}> {
  const port = await freePort();
  const config = (round: number, more = ''): string => `[engine]
exit_when = "never"
[sockets.http]
listen = "127.0.0.1:${port}"
[processes.web]
cmd = "gunicorn --chdir {folder} app:application"
sockets = ["http"]
instances = ${COPIES}
env = { ROUND = "${round}" }
ready_log = "Booting worker"
rollout = "rolling"
${more}
`;
  const engine = new EngineRun(t, config(0));
  writeFileSync(join(engine.folder, 'app.py'), APP);
  await engine.ready();
  for (let copy = 1; copy <= COPIES; copy += 1) await engine.reaches(`web:${copy}`, 'healthy');
  return { engine, port, config };
}

const incarnationsOf = async (engine: EngineRun): Promise<readonly number[]> =>
  Promise.all(
    Array.from({ length: COPIES }, async (_, index) => (await engine.see(`web:${index + 1}`)).incarnation),
  );

test('no request fails during a rolling restart and a rolling reload of four copies of gunicorn', async (t) => {
  const { engine, port, config } = await serving(t);
  const load = new Load(port, 4);
  await eventually(() => assert.ok(load.good > 10));
  const restarted = await engine.shell('restart', 'web', '--rolling');
  assert.deepEqual([restarted.code, restarted.stderr], [0, ''], engine.log);
  assert.deepEqual(await incarnationsOf(engine), [2, 2, 2, 2]);
  engine.configure(config(1));
  const reloaded = await engine.shell('reload', '--wait');
  assert.deepEqual([reloaded.code, reloaded.stderr], [0, ''], engine.log);
  assert.deepEqual(await incarnationsOf(engine), [3, 3, 3, 3]);
  await eventually(() => assert.ok(load.said.has('1')));
  await load.stop();
  console.log(`# a rolling restart and a rolling reload: ${load.good} answers, ${load.bad.length} failed`);
  assert.deepEqual(load.bad, []);
});

test('a rolling reload to a program that fails stops at the first copy and says so', async (t) => {
  const { engine, config } = await serving(t);
  engine.configure(config(1).replace('gunicorn', 'gunicorn --no-such-flag'));
  const { code, stderr } = await engine.shell('reload', '--wait');
  assert.equal(code, 9, stderr);
  assert.match(stderr, /web:1/);
  assert.match(engine.log, /the rolling restart stopped: web:1 is \w+; not restarted: web:2, web:3, web:4/);
  assert.deepEqual((await incarnationsOf(engine)).slice(1), [1, 1, 1]);
});
