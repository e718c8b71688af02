/** Who is connected, by the kernel's tables: of real sockets, and of texts as the kernel writes them. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Tables, usageInInet, usageInUnix, usageOf } from '../../src/system/socket-users.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const HEADER =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const row = (local: string, state: string, inode: number): string =>
  `   0: ${local} 0100007F:9C40 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 20 4 30 10 -1\n`;
const inInet = (rows: string): string => usageInInet(Buffer.from(HEADER + rows), [7]);
const LISTENER = row('0100007F:1F90', '0A', 7);

/** States by number of net/tcp_states.h, and whether a process still has the socket. */
const STATES: readonly (readonly [string, inode: number, 'used' | 'unused'])[] = [
  ['01', 8, 'used'],
  // Waits to be accepted.
  ['01', 0, 'used'],
  ['03', 0, 'used'],
  ['08', 8, 'used'],
  ['04', 8, 'used'],
  ['05', 8, 'used'],
  ['04', 0, 'unused'],
  ['05', 0, 'unused'],
  ['06', 0, 'unused'],
  ['09', 0, 'unused'],
];

for (const [state, inode, expected] of STATES)
  test(`a TCP connection in state ${state} ${inode === 0 ? 'without' : 'with'} a process: ${expected}`, () => {
    assert.equal(inInet(LISTENER + row('0100007F:1F90', state, inode)), expected);
  });

test('connections to other ports and addresses are of others', () => {
  const others = row('0100007F:1F91', '01', 8) + row('0200007F:1F90', '01', 9);
  assert.equal(inInet(LISTENER + others), 'unused');
  const any = row('00000000:1F90', '0A', 7);
  assert.equal(inInet(any + row('0200007F:1F90', '01', 9)), 'used');
});

test('a table without the listener says nothing about it', () => {
  assert.equal(inInet(''), 'missing');
  assert.equal(usageInUnix(Buffer.from('Num RefCount Protocol Flags Type St Inode Path\n'), [7]), 'missing');
});

async function serve(t: TestContext, server: Server, where: object): Promise<number> {
  await new Promise<void>((done) => server.listen(where, done));
  t.after(() => server.close());
  // Node does not tell the inode: by its descriptor.
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
  return Number(/^ino:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1]);
}

for (const [kind, where] of [
  ['tcp', () => ({ port: 0, host: '127.0.0.1' })],
  ['tcp6', () => ({ port: 0, host: '::' })],
  ['unix', (folder: string) => ({ path: join(folder, 'a socket') })],
] as const) {
  test(`a real ${kind} socket is used while somebody is connected`, async (t) => {
    const accepted: Socket[] = [];
    const server = createServer((one) => accepted.push(one.on('error', () => {})));
    const inode = await serve(t, server, where(temporaryFolder(t)));
    const usage = (): ReturnType<typeof usageOf> => usageOf([{ kind, inode }], new Tables());
    assert.equal(await usage(), 'unused');
    const address = server.address();
    const target = typeof address === 'string' ? { path: address } : { port: (address as AddressInfo).port };
    const client = connect({ host: '127.0.0.1', ...target }).on('error', () => {});
    await eventually(() => assert.equal(accepted.length, 1));
    assert.equal(await usage(), 'used');
    client.destroy();
    accepted[0]?.destroy();
    await eventually(async () => assert.equal(await usage(), 'unused'));
  });
}

test('a table that is missing is named', async () => {
  const usage = await usageOf([{ kind: 'tcp', inode: 1 }], new Tables(), '/nonexistent');
  assert.match(JSON.stringify(usage), /"unknown":".*\/nonexistent\/tcp/);
});

test('the longest table that is read holds nobody up', () => {
  const rows = Array.from({ length: 55_000 }, (_, index) =>
    row(`0100007F:${(20_000 + (index % 40_000)).toString(16).toUpperCase()}`, '01', 100 + index),
  );
  const table = Buffer.from(HEADER + rows.join('') + LISTENER);
  const startedAt = performance.now();
  assert.equal(usageInInet(table, [7]), 'unused');
  const ms = performance.now() - startedAt;
  console.log(`# ${(table.length / 1_048_576).toFixed(1)} MiB of /proc/net/tcp: ${ms.toFixed(1)} ms`);
  assert.ok(ms < 100, `${ms} ms`);
});

test('those who ask at the same time share one reading of a table', async () => {
  const tables = new Tables();
  const path = '/proc/self/net/tcp';
  const [one, other] = [tables.read(path), tables.read(path)];
  assert.equal(one, other);
  await one;
  assert.notEqual(tables.read(path), one);
});
