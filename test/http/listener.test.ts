import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { createConnection, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { HttpListener, LISTENER_LIMITS, type ListenerLimits } from '../../src/http/listener.ts';
import { renderMetrics } from '../../src/http/metrics.ts';
import { SystemClock } from '../../src/system/clock.ts';
import { freePort } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { parseOpenMetrics } from '../support/openmetrics.ts';

const VITALS = { startedAt: 1_700_000_000_000, cpuSeconds: 1, residentBytes: 2 };

interface Rig {
  readonly engine: FakeEngine;
  readonly listener: HttpListener;
  readonly port: number;
  readonly faults: unknown[];
}

async function listen(
  t: TestContext,
  limits: Partial<ListenerLimits> = {},
  engine = new FakeEngine(anInstance('web')),
): Promise<Rig> {
  const faults: unknown[] = [];
  const port = await freePort();
  const listener = new HttpListener({
    engine,
    clock: new SystemClock(),
    vitals: () => VITALS,
    onFault: (error) => faults.push(error),
    limits: { ...LISTENER_LIMITS, ...limits },
  });
  await listener.listen({ host: '127.0.0.1', port });
  t.after(() => listener.close());
  return { engine, listener, port, faults };
}

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function ask(
  { port }: Rig,
  path: string,
  options: { method?: string; accept?: string; body?: string } = {},
): Promise<Reply> {
  const { method = 'GET', accept, body } = options;
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port,
        path,
        method,
        agent: false,
        headers: accept === undefined ? {} : { accept },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        );
      },
    );
    request.on('error', reject).end(body);
  });
}

/** A connection on which a test writes what it likes. */
class Raw {
  readonly socket: Socket;
  received = '';
  isClosed = false;

  constructor(t: TestContext, { port }: Rig) {
    this.socket = createConnection({ host: '127.0.0.1', port });
    this.socket.on('data', (bytes) => {
      this.received += bytes;
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.isClosed = true;
    });
    t.after(() => this.socket.destroy());
  }

  closed(): Promise<unknown> {
    return eventually(() => this.isClosed);
  }
}

describe('probes', () => {
  for (const [path, question] of [
    ['/livez', 'live'],
    ['/readyz', 'ready'],
    ['/startupz', 'startup'],
  ] as const) {
    test(`${path} answers 200 or 503 with one line of reason`, async (t) => {
      const rig = await listen(t);
      rig.engine.verdict = { ok: true, reason: 'all is well' };
      const good = await ask(rig, `${path}?verbose`);
      assert.deepEqual([good.status, good.body], [200, 'all is well\n']);
      assert.equal(good.headers['content-type'], 'text/plain; charset=utf-8');
      rig.engine.verdict = { ok: false, reason: 'web is failed (it said\r\nno)' };
      const bad = await ask(rig, path);
      assert.deepEqual([bad.status, bad.body], [503, 'web is failed (it said  no)\n']);
      assert.deepEqual(new Set(rig.engine.calls), new Set([`health ${question}`]));
    });
  }

  test('HEAD tells the status without a body', async (t) => {
    const rig = await listen(t);
    rig.engine.verdict = { ok: false, reason: 'no' };
    const { status, body } = await ask(rig, '/readyz', { method: 'HEAD' });
    assert.deepEqual([status, body], [503, '']);
  });

  test('other methods get 405 with those there are, other paths 404', async (t) => {
    const rig = await listen(t);
    const { status, headers } = await ask(rig, '/readyz', { method: 'POST', body: 'x'.repeat(100_000) });
    assert.deepEqual([status, headers.allow], [405, 'GET, HEAD']);
    assert.equal((await ask(rig, '/')).status, 404);
    assert.equal((await ask(rig, '/toString')).status, 404);
    const { body } = await ask(rig, '/healthz');
    assert.match(body, /^there is no \/healthz here; there are \/livez, \/readyz, \/startupz, \/metrics\n$/);
    assert.deepEqual(rig.engine.calls, []);
  });
});

describe('metrics', () => {
  const OPEN = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
  const OLDER = 'text/plain; version=0.0.4; charset=utf-8';

  test('are OpenMetrics for those who ask for it, and what everything reads for others', async (t) => {
    const rig = await listen(t);
    const usual =
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
    const open = await ask(rig, '/metrics', { accept: usual });
    assert.equal(open.headers['content-type'], OPEN);
    assert.equal(parseOpenMetrics(open.body).get('taskmaster_process_up')?.samples[0]?.value, 1);
    for (const accept of [undefined, '*/*', 'text/plain', 'application/openmetrics-text;q=0']) {
      const older = await ask(rig, '/metrics', accept === undefined ? {} : { accept });
      assert.equal(older.headers['content-type'], OLDER, String(accept));
    }
  });

  test('carry usage, which is read for each scrape', async (t) => {
    const rig = await listen(t);
    rig.engine.usage = new Map([
      [4242, { cpuSeconds: 7, residentBytes: 1, anonymousBytes: 1, processes: 1 }],
    ]);
    const { body } = await ask(rig, '/metrics');
    assert.match(body, /^taskmaster_process_cpu_seconds_total\{process="web",name="web"\} 7$/m);
    await ask(rig, '/readyz');
    assert.equal(rig.engine.usageReads, 1);
  });

  test('that cannot be made are 500, a fault for the log, and no harm to the next request', async (t) => {
    const rig = await listen(t);
    rig.engine.readUsage = async () => {
      throw new Error('no /proc');
    };
    assert.equal((await ask(rig, '/metrics')).status, 500);
    assert.match(String(rig.faults[0]), /no \/proc/);
    assert.equal((await ask(rig, '/livez')).status, 200);
  });
});

describe('bad clients', () => {
  test('garbage, a header without an end and a huge one get an answer and are gone', async (t) => {
    const rig = await listen(t);
    for (const [sent, expected] of [
      ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', /^HTTP\/1\.1 400 /],
      ['GET / HTTP/9.9\r\n\r\n', /^HTTP\/1\.1 400 /],
      ['GET /livez HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
      [`GET /livez HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}`, /^HTTP\/1\.1 431 /],
    ] as const) {
      const client = new Raw(t, rig);
      client.socket.write(sent, 'latin1');
      await client.closed();
      assert.match(client.received, expected);
    }
    assert.equal((await ask(rig, '/livez')).status, 200);
    assert.deepEqual(rig.faults, []);
  });

  test('a connection is for one request, whatever it asks', async (t) => {
    const rig = await listen(t);
    const client = new Raw(t, rig);
    client.socket.write('GET /livez HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n');
    await client.closed();
    assert.match(client.received, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(client.received, /\r\nconnection: close\r\n/i);
  });

  test('requests in a heap on one connection do not pile up', async (t) => {
    const rig = await listen(t);
    const client = new Raw(t, rig);
    client.socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(50_000));
    await client.closed();
    assert.ok(rig.engine.usageReads <= 1, `${rig.engine.usageReads} were served`);
    await eventually(() => rig.listener.connectionCount === 0);
  });

  test('who says nothing, or never ends what he says, is cut off', async (t) => {
    const rig = await listen(t, { exchangeMs: 50 });
    const silent = new Raw(t, rig);
    const slow = new Raw(t, rig);
    slow.socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n');
    await Promise.all([silent.closed(), slow.closed()]);
    await eventually(() => rig.listener.connectionCount === 0);
  });

  test('who reads slowly holds a few pieces, and is cut off', async (t) => {
    // More than the kernel's buffers between the two take.
    const many = Array.from({ length: 2_000 }, (_, index) => anInstance(`${'x'.repeat(1_000)}${index}`));
    let looks = 0;
    const last = anInstance('last');
    const noted = {
      ...last,
      get state() {
        looks += 1;
        return last.state;
      },
    };
    const rig = await listen(t, { exchangeMs: 300 }, new FakeEngine(...many, noted));
    const whole = [...renderMetrics(rig.engine.snapshot(), VITALS, 'prometheus')].length && looks;
    looks = 0;
    const client = new Raw(t, rig);
    client.socket.pause();
    client.socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => rig.listener.connectionCount === 1);
    await eventually(() => rig.listener.connectionCount === 0);
    client.socket.resume();
    await client.closed();
    assert.ok(looks < whole, 'what nobody took was not made');
    assert.doesNotMatch(client.received, /\r\n0\r\n\r\n$/, 'the answer was not whole');
  });

  test('a flood of silent connections keeps no probe out', async (t) => {
    const rig = await listen(t, { connections: 8 });
    const silent = Array.from({ length: 40 }, () => new Raw(t, rig));
    await eventually(() => silent.filter(({ isClosed }) => isClosed).length >= 32);
    assert.equal((await ask(rig, '/livez')).status, 200);
    assert.ok(rig.listener.connectionCount <= 8, `${rig.listener.connectionCount}`);
  });

  test('who hangs up in the middle of an answer is no fault', async (t) => {
    const many = Array.from({ length: 3_000 }, (_, index) => anInstance(`web:${index}`));
    const rig = await listen(t, {}, new FakeEngine(...many));
    const client = new Raw(t, rig);
    client.socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => client.received.length > 0);
    client.socket.resetAndDestroy();
    await eventually(() => rig.listener.connectionCount === 0);
    assert.deepEqual(rig.faults, []);
  });

  test('an upgrade is answered as if it were none, CONNECT is not', async (t) => {
    const rig = await listen(t);
    const upgrade = new Raw(t, rig);
    upgrade.socket.write(
      'GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    await upgrade.closed();
    assert.match(upgrade.received, /^HTTP\/1\.1 200 /);
    const connect = new Raw(t, rig);
    connect.socket.write('CONNECT example:80 HTTP/1.1\r\nHost: example\r\n\r\n');
    await connect.closed();
    assert.equal(connect.received, '');
  });
});

test('closing leaves nobody connected and the port free', async (t) => {
  const rig = await listen(t);
  const client = new Raw(t, rig);
  await eventually(() => rig.listener.connectionCount === 1);
  rig.listener.close();
  await client.closed();
  const next = new HttpListener({
    engine: rig.engine,
    clock: new SystemClock(),
    vitals: () => assert.fail(),
    onFault: () => assert.fail(),
  });
  await next.listen({ host: '127.0.0.1', port: rig.port });
  next.close();
});

test('a port that is taken is an error with its errno', async (t) => {
  const rig = await listen(t);
  const second = new HttpListener({
    engine: rig.engine,
    clock: new SystemClock(),
    vitals: () => assert.fail(),
    onFault: () => assert.fail(),
  });
  await assert.rejects(second.listen({ host: '127.0.0.1', port: rig.port }), { code: 'EADDRINUSE' });
});
