/** What a client may try, so as to hold up the others or to fill the engine's memory. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createConnection, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { SERVER_LIMITS } from '../../src/rpc/server/server.ts';
import { eventually } from '../support/eventually.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { type Rig, startRig } from '../support/rpc-rig.ts';

const LONGEST_WAIT_MS = 50;
const READER = { pid: 7, uid: 2000, gid: 2000 };
const GRANTS = [{ level: 'read', uid: READER.uid, gid: undefined }] as const;

function aThousand(): FakeEngine {
  const instances = Array.from({ length: 1_000 }, (_, index) => anInstance(`service-${index % 50}:${index}`));
  const engine = new FakeEngine(...instances);
  for (let index = 0; index < 20_000; index++) {
    const { name: instance, process } = instances[index % 1_000] ?? anInstance('web');
    engine.emit('state_changed', { from: 'starting', to: 'healthy' }, { instance, process });
  }
  return engine;
}

/** A connection that sends and throws away what comes. */
async function attacker(t: TestContext, { path }: Rig, reads = true): Promise<Socket> {
  const socket = createConnection({ path });
  socket.on('error', () => {});
  if (reads) socket.resume();
  t.after(() => socket.destroy());
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

/** What this thread has worked: other programs of the machine do not count. */
function workedMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** Asks as long as the attack goes on. @returns the most that was worked while an answer was waited for. */
async function pingDuring(rig: Rig, attack: () => Promise<unknown>): Promise<number> {
  rig.peer = { pid: 1, uid: 0, gid: 0 };
  const other = await rig.connect();
  await other.ask('version');
  rig.peer = READER;
  let isOver = false;
  const over = attack().finally(() => {
    isOver = true;
  });
  let longest = 0;
  for (let round = 0; round < 5 || !isOver; round++) {
    const from = workedMs();
    let answered = other.messages.length;
    other.request(round, 'version');
    while (other.messages.length === answered) await new Promise(setImmediate);
    answered = other.messages.length;
    longest = Math.max(longest, workedMs() - from);
  }
  await over;
  return longest;
}

/** The garbage of the tests before is collected at some time: what happens once in three is not the attack. */
async function longestPing(rig: Rig, attack: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3 && best >= LONGEST_WAIT_MS; round++) {
    best = Math.min(best, await pingDuring(rig, attack));
  }
  return best;
}

function line(method: string, params: object = {}, id: unknown = 1): string {
  return `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;
}

/** In a process of its own: what the attacker takes of the time is not the server's. */
const ATTACK = `
  const [path] = process.argv.slice(1);
  const socket = require('node:net').createConnection(path);
  let tail = '';
  socket.on('data', (chunk) => {
    tail = (tail + chunk.toString('latin1')).slice(-400);
    if (tail.includes('"the last"')) process.exit();
  });
  socket.on('error', () => process.exit(1));
  socket.on('close', () => process.exit());
  process.stdin.pipe(socket, { end: false });
`;

/** Resolves when everything that the attacker had sent was worked off: its last request has been answered. */
async function attacked(t: TestContext, { path }: Rig, text: string): Promise<void> {
  const attack = spawn(process.execPath, ['-e', ATTACK, path], { stdio: ['pipe', 'ignore', 'inherit'] });
  t.after(() => attack.kill('SIGKILL'));
  attack.stdin.on('error', () => {});
  const over = new Promise<void>((resolve) => attack.once('exit', () => resolve()));
  attack.stdin.end(text + line('version', {}, 'the last'));
  await over;
}

const FILTERS: readonly [what: string, names: readonly string[]][] = [
  ['stars only', Array.from({ length: 1_000 }, () => '*'.repeat(254))],
  ['stars and letters', Array.from({ length: 1_000 }, (_, index) => `${'*s'.repeat(100)}*${index}`)],
  ['names that are all known', Array.from({ length: 1_000 }, (_, index) => `service-${index % 50}:${index}`)],
];

describe('no request keeps another client waiting', () => {
  for (const [what, names] of FILTERS) {
    test(`names and patterns: ${what}`, async (t) => {
      const rig = await startRig(t, { grants: GRANTS }, aThousand());
      const params = { names };
      const asked =
        line('events.subscribe', { ...params, replay: 1_000 }) +
        line('logs.query', params) +
        line('status', params) +
        line('why', params) +
        line('logs.position', params);
      const longest = await longestPing(rig, () => attacked(t, rig, asked));
      assert.ok(longest < LONGEST_WAIT_MS, `another client waited for ${Math.round(longest)} ms`);
    });
  }

  const ATTACKS: readonly [what: string, text: () => string][] = [
    [
      'batches of dear calls',
      () => `[${Array(32).fill(line('why', { names: ['all'] }).trim())}]\n`.repeat(8),
    ],
    ['a line full of nonsense calls', () => '1\n'.repeat(50_000)],
    ['a line full of unknown methods', () => line('x'.repeat(60)).repeat(2_000)],
    ['a long line of blanks', () => `${' '.repeat(250_000)}\n`.repeat(20)],
    ['deep nests', () => `${'['.repeat(120_000)}${']'.repeat(120_000)}\n`.repeat(10)],
    [
      'objects of many keys',
      () => `{${Array.from({ length: 25_000 }, (_, at) => `"${at}":0`).join()}}\n`.repeat(10),
    ],
    ['a long name of a method', () => line('x'.repeat(250_000)).repeat(20)],
    ['a long id', () => line('version', {}, 'x'.repeat(250_000)).repeat(20)],
    [
      'numbers beyond all bounds',
      () => `{"names":[${'1e999,'.repeat(40_000)}${'9'.repeat(9_000)}]}\n`.repeat(20),
    ],
    ['a number of many digits', () => `${'9'.repeat(250_000)}\n`.repeat(20)],
    [
      'parameters in deep nests',
      () => line('status', JSON.parse(`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`)).repeat(100),
    ],
    ['the whole status again and again', () => line('status').repeat(200)],
    ['a long replay', () => line('events.subscribe', { text: 'no such text', replay: 1_000 }).repeat(10)],
  ];
  for (const [what, text] of ATTACKS) {
    test(what, async (t) => {
      const rig = await startRig(t, { grants: GRANTS }, aThousand());
      const longest = await longestPing(rig, () => attacked(t, rig, text()));
      assert.ok(longest < LONGEST_WAIT_MS, `another client waited for ${Math.round(longest)} ms`);
    });
  }

  test('a dozen clients that ask for what is dear', async (t) => {
    const rig = await startRig(t, { grants: GRANTS }, aThousand());
    const text = line('why', { names: ['all'] }).repeat(20) + line('status').repeat(20);
    const longest = await longestPing(rig, () =>
      Promise.all(Array.from({ length: 12 }, () => attacked(t, rig, text))),
    );
    assert.ok(longest < LONGEST_WAIT_MS, `another client waited for ${Math.round(longest)} ms`);
  });
});

describe('replies that nobody reads', () => {
  test('batches of the contract, by as many clients as come in, cost a bounded amount', async (t) => {
    const rig = await startRig(t, { grants: GRANTS });
    rig.peer = READER;
    const batch = `[${Array(32).fill(line('rpc.discover').trim())}]\n`;
    const before = process.memoryUsage().rss;
    for (let client = 0; client < 60; client++) {
      const socket = await attacker(t, rig, false);
      socket.write(batch.repeat(64));
    }
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const grown = process.memoryUsage().rss - before;
    assert.ok(grown < 64 * 2 ** 20, `${Math.round(grown / 2 ** 20)} MiB more`);
  });

  test('a client that never reads is cut off, and that is told once, whatever it subscribes to', async (t) => {
    const outbox = { ...SERVER_LIMITS.outbox, stallMs: 200 };
    const rig = await startRig(t, { limits: { ...SERVER_LIMITS, outbox } }, aThousand());
    const socket = await attacker(t, rig, false);
    socket.write(line('events.subscribe') + line('status').repeat(50));
    const ticking = setInterval(() => rig.engine.emit('engine_notice', { message: 'tick' }), 20);
    t.after(() => clearInterval(ticking));
    await eventually(() => assert.equal(rig.server.clientCount, 0));
    assert.equal(rig.rejected.length, 1);
    assert.match(rig.rejected[0] ?? '', /left its replies unread/);
  });
});

describe('who is let in', () => {
  test('a stranger is turned away at the door and takes no place', async (t) => {
    const rig = await startRig(t, { grants: GRANTS });
    rig.peer = { pid: 9, uid: 4000, gid: 4000 };
    const strangers = await Promise.all(Array.from({ length: 150 }, () => rig.connect()));
    await eventually(() => assert.ok(strangers.every(({ hasEnded, isClosed }) => hasEnded || isClosed)));
    assert.match(strangers[0]?.messages[0]?.error.message, /uid 4000 has no access to this engine/);
    await eventually(() => assert.equal(rig.server.clientCount, 0));
    rig.peer = { pid: 1, uid: 0, gid: 0 };
    assert.equal((await (await rig.connect()).ask('version')).result.pid, 1);
  });

  test('places are kept for root, and one user cannot take those of another', async (t) => {
    const rig = await startRig(t, {
      grants: [...GRANTS, { level: 'read', uid: 3000, gid: undefined }],
      limits: { ...SERVER_LIMITS, silenceMs: 0 },
    });
    for (let client = 0; client < 150; client++) {
      rig.peer = READER;
      const socket = await attacker(t, rig);
      socket.write(line('events.subscribe'));
    }
    await eventually(() => assert.ok(rig.server.clientCount > 0));
    for (const uid of [3000, 0]) {
      rig.peer = { pid: 1, uid, gid: uid };
      assert.equal((await (await rig.connect()).ask('version')).result?.pid, 1, `uid ${uid}`);
    }
  });

  test('the one that has been idle longest makes room for the next of the same user', async (t) => {
    const rig = await startRig(t, {
      grants: GRANTS,
      limits: { ...SERVER_LIMITS, silenceMs: 0, clientsOfOne: 3 },
    });
    rig.peer = READER;
    const follower = await rig.connect();
    await follower.ask('events.subscribe');
    const idle = await rig.connect();
    await idle.ask('version');
    const later = await rig.connect();
    await later.ask('version');
    const next = await rig.connect();
    assert.equal((await next.ask('version')).result.pid, 1);
    await eventually(() => assert.ok(idle.isClosed || idle.hasEnded));
    assert.equal((await later.ask('version')).result.pid, 1);
    assert.equal((await follower.ask('version')).result.pid, 1, 'who follows something is not idle');
  });

  test('one that begins no request, or never ends one, is let go', async (t) => {
    const rig = await startRig(t, { limits: { ...SERVER_LIMITS, requestMs: 100 } });
    const silent = await rig.connect();
    const slow = await rig.connect();
    await slow.ask('version');
    slow.send('{"jsonrpc"');
    const idle = await rig.connect();
    await idle.ask('version');
    await eventually(() =>
      assert.ok((silent.isClosed || silent.hasEnded) && (slow.isClosed || slow.hasEnded)),
    );
    assert.equal(
      (await idle.ask('version')).result.pid,
      1,
      'one that has asked may rest for as long as it likes',
    );
  });

  test('subscriptions have a number', async (t) => {
    const rig = await startRig(t, { grants: GRANTS });
    rig.peer = READER;
    const client = await rig.connect();
    let refused: { error?: { message: string; data: { code: string } } } = {};
    for (let count = 0; count < 100 && refused.error === undefined; count++) {
      refused = await client.ask(count % 2 === 0 ? 'events.subscribe' : 'attach', {
        ...(count % 2 === 1 && { name: 'web' }),
      });
    }
    assert.match(refused.error?.message ?? '', /at most \d+ subscriptions/);
    assert.ok(rig.engine.listenerCount < 100);
  });

  test('whatever strangers do is told a few times, and counted', async (t) => {
    const rig = await startRig(t, { grants: GRANTS });
    rig.peer = { pid: 9, uid: 4000, gid: 4000 };
    for (let count = 0; count < 300; count++) (await attacker(t, rig)).destroy();
    assert.deepEqual(rig.rejected, ['no access 4000']);
  });
});
