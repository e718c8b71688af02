import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { ProbeResult } from '../../src/health/probe.ts';
import { probeByHttp } from '../../src/health/probe-http.ts';
import { probeByTcp } from '../../src/health/probe-tcp.ts';
import { eventually } from '../support/eventually.ts';
import { probeSubject } from '../support/probe-rig.ts';

const NEVER = new AbortController().signal;

async function listening(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function askHttp(
  t: TestContext,
  answer: RequestListener,
  expect?: readonly number[],
  signal = NEVER,
): Promise<ProbeResult> {
  const port = await listening(t, createHttpServer(answer));
  return probeByHttp(`http://127.0.0.1:${port}/health`, expect)(probeSubject(), signal);
}

test('a 200 passes, with what it answered', async (t) => {
  const result = await askHttp(t, (request, response) => response.end(`${request.method} ${request.url}`));
  assert.deepEqual(result, { passed: true, outcome: 'HTTP status 200', output: 'GET /health' });
});

test('a redirection passes, a 404 and a 500 do not', async (t) => {
  for (const [status, passed] of [
    [204, true],
    [302, true],
    [404, false],
    [500, false],
  ] as const) {
    const result = await askHttp(t, (_request, response) => response.writeHead(status).end());
    assert.deepEqual(result, { passed, outcome: `HTTP status ${status}`, output: '' });
  }
});

test('where statuses are named, only those pass', async (t) => {
  assert.equal((await askHttp(t, (_request, response) => response.end(), [418])).passed, false);
  assert.equal((await askHttp(t, (_request, response) => response.writeHead(418).end(), [418])).passed, true);
});

test('of an endless answer 4 KiB are taken, and the connection is closed', async (t) => {
  let hasClosed = false;
  const result = await askHttp(t, (_request, response) => {
    response.on('error', () => {});
    response.once('close', () => {
      hasClosed = true;
    });
    const more = (): void => {
      if (!hasClosed) response.write('x'.repeat(10_000), () => setImmediate(more));
    };
    more();
  });
  assert.deepEqual([result.passed, result.output], [true, 'x'.repeat(4_096)]);
  await eventually(() => assert.ok(hasClosed));
});

test('a server that says nothing is left when the time is over', async (t) => {
  const stop = new AbortController();
  let hasClosed = false;
  const result = askHttp(
    t,
    (request) => {
      request.socket.once('close', () => {
        hasClosed = true;
      });
      stop.abort();
    },
    undefined,
    stop.signal,
  );
  assert.equal((await result).passed, false);
  await eventually(() => assert.ok(hasClosed));
});

test('a server that breaks off in the middle fails, and disturbs nobody', async (t) => {
  const result = await askHttp(t, (request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half', () => request.socket.destroy());
  });
  assert.equal(result.passed, false);
});

test('what is no HTTP fails with a reason', async (t) => {
  const port = await listening(
    t,
    createServer((socket) => socket.on('error', () => {}).end('hello\r\n')),
  );
  const result = await probeByHttp(`http://127.0.0.1:${port}/`, undefined)(probeSubject(), NEVER);
  assert.equal(result.passed, false);
  assert.notEqual(result.outcome, '');
});

test('a refused connection says so, by any probe', async () => {
  const port = await unusedPort();
  const http = await probeByHttp(`http://127.0.0.1:${port}/`, undefined)(probeSubject(), NEVER);
  const tcp = await probeByTcp('127.0.0.1', port)(probeSubject(), NEVER);
  const byName = await probeByTcp('localhost', port)(probeSubject(), NEVER);
  for (const result of [http, tcp, byName]) {
    assert.deepEqual(result, { passed: false, outcome: 'connection refused', output: '' });
  }
});

test('a TCP connection that is accepted passes, and is closed at once', async (t) => {
  let hasClosed = false;
  const server = createServer((socket) => {
    socket.resume().once('close', () => {
      hasClosed = true;
    });
  });
  const result = await probeByTcp('127.0.0.1', await listening(t, server))(probeSubject(), NEVER);
  assert.deepEqual(result, { passed: true, outcome: 'connected', output: '' });
  await eventually(() => assert.ok(hasClosed));
});

test('a probe that is called off before it has begun ends at once', async () => {
  // An address that answers nothing (RFC 5737): a connection would hang for minutes.
  const result = await probeByTcp('192.0.2.1', 9)(probeSubject(), AbortSignal.abort());
  assert.equal(result.passed, false);
});
