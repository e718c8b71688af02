/** A real server on a real socket in a folder of its own, with a fake engine behind it, and raw clients. */

import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { PeerCredentials } from '../../src/rpc/access/peer.ts';
import { isBlank, LineSplitter } from '../../src/rpc/protocol/framing.ts';
import { RpcServer, type RpcServerOptions } from '../../src/rpc/server/server.ts';
import { SystemClock } from '../../src/system/clock.ts';
import { eventually } from './eventually.ts';
import { anInstance, FakeEngine } from './fake-engine.ts';

export interface Rig {
  readonly engine: FakeEngine;
  readonly server: RpcServer;
  readonly path: string;
  readonly folder: string;
  readonly rejected: string[];
  readonly faults: unknown[];
  /** Whom the kernel says the next clients are. */
  peer: PeerCredentials | undefined;
  connect(): Promise<RawClient>;
}

/** A folder that goes when the test ends. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'taskmaster-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function startRig(
  t: TestContext,
  changes: Partial<RpcServerOptions> = {},
  engine = new FakeEngine(anInstance('web')),
): Promise<Rig> {
  const folder = temporaryFolder(t);
  const path = join(folder, 'engine.sock');
  const rejected: string[] = [];
  const faults: unknown[] = [];
  const rig = { peer: { pid: 1, uid: 0, gid: 0 } as PeerCredentials | undefined };
  const server = new RpcServer({
    engine,
    places: [{ path, needsPrivateFolder: false }],
    file: { mode: 0o660, gid: undefined },
    engineUid: 1000,
    grants: [],
    peerOf: () => rig.peer,
    clock: new SystemClock(),
    onRejected: (reason, uid) => rejected.push(`${reason} ${uid}`),
    onFault: (error) => faults.push(error),
    ...changes,
  });
  await server.listen();
  const clients: RawClient[] = [];
  t.after(async () => {
    for (const client of clients) client.socket.destroy();
    await server.close(0);
  });
  return Object.assign(rig, {
    engine,
    server,
    path,
    folder,
    rejected,
    faults,
    connect: async () => {
      const client = await RawClient.connect(path);
      clients.push(client);
      return client;
    },
  });
}

type Json = ReturnType<typeof JSON.parse>;

/** Bytes in, parsed lines out: what socat would show. */
export class RawClient {
  readonly socket: Socket;
  readonly messages: Json[] = [];
  bytesReceived = 0;
  hasEnded = false;
  isClosed = false;
  readonly #splitter = new LineSplitter(Number.MAX_SAFE_INTEGER);

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.bytesReceived += chunk.length;
      for (const line of this.#splitter.push(chunk)) {
        if (!isBlank(line)) this.messages.push(JSON.parse(line.toString()));
      }
    });
    socket.on('end', () => {
      this.hasEnded = true;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  static connect(path: string): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ path, allowHalfOpen: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawClient(socket));
      });
    });
  }

  send(text: string | Buffer): void {
    this.socket.write(text);
  }

  request(id: number, method: string, params?: unknown): void {
    this.send(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
  }

  /** The first `count` messages, once they are there. */
  async received(count: number): Promise<Json[]> {
    await eventually(() => this.messages.length >= count);
    return this.messages;
  }

  /** The reply to a call made now. */
  async ask(method: string, params?: unknown): Promise<Json> {
    const id = Math.floor(Math.random() * 1e9);
    this.request(id, method, params);
    return eventually(() => this.messages.find((message) => message.id === id) ?? false);
  }

  /** Sends the line, and returns the one line that comes back. */
  async exchange(line: string | Buffer): Promise<Json> {
    const before = this.messages.length;
    this.send(line);
    await this.received(before + 1);
    return this.messages[before];
  }
}
