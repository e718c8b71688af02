/**
 * What a line costs on its way to the container's output, by format; and how many of 200,000 lines of one service
 * arrive in the log of `docker run`, beside peers: `node test/bench/container-stream.ts`. Needs a Docker engine.
 */

import { execFileSync } from 'node:child_process';
import { containerStreams } from '../../src/output/streams/container-stream.ts';
import { SystemClock } from '../../src/system/clock.ts';
import { Container } from '../support/container.ts';
import { eventually } from '../support/eventually.ts';
import { streamTo } from '../support/stream-to.ts';
import { dockerSays, testImage } from '../support/test-image.ts';
import { type Contender, ENGINES, type Service } from './contenders.ts';
import { report } from './harness.ts';

const LINES_A_CHUNK = 640;
const CHUNKS = 2_000;
const ROUNDS = 5;

const LINES: Readonly<Record<string, string>> = {
  'text of 100 bytes': `${'a line of a hundred bytes, as a web server writes it for each request that it has answered. '.padEnd(99, 'x')}\n`,
  'JSON with a level': `${JSON.stringify({ level: 30, time: 1_790_000_000_000, pid: 42, hostname: 'web', msg: 'request completed' }).padEnd(99)}\n`,
  logfmt: `${'time="2026-11-25T03:00:00Z" level=info msg="request completed" status=200 path=/ '.padEnd(99, 'x')}\n`,
};

function nanosecondsALine(format: 'raw' | 'prefix' | 'json', line: string): number {
  const streams = containerStreams({
    format,
    stdout: streamTo((_bytes, done) => done(null)),
    stderr: streamTo((_bytes, done) => done(null)),
    hasColour: { stdout: false, stderr: false },
    clock: new SystemClock(),
  });
  const source = { instance: 'web', process: 'web', stream: 'stdout' } as const;
  streams.use([source], false);
  const writer = streams.writerFor(source, 'stdout', () => {});
  const chunk = Buffer.from(line.repeat(LINES_A_CHUNK));
  const from = process.hrtime.bigint();
  for (let count = 0; count < CHUNKS; count++) writer.write(chunk);
  return Number(process.hrtime.bigint() - from) / (CHUNKS * LINES_A_CHUNK);
}

for (const [what, line] of Object.entries(LINES)) {
  const costs = (['raw', 'prefix', 'json'] as const).map((format) => {
    const rounds = Array.from({ length: ROUNDS }, () => nanosecondsALine(format, line));
    return `${format} ${Math.round(Math.min(...rounds))}`;
  });
  console.log(`${what}: ${costs.join(', ')} ns a line`);
}

const BURST = 200_000;
const burst: Service = {
  name: 'burst',
  script: `date +%s.%N >/tmp/begun; yes ${'x'.repeat(92)} | head -n ${BURST} | nl -w 6 -s ' '; date +%s.%N >/tmp/ended; exec sleep 1000`,
};
const tini: Contender = {
  name: 'tini',
  files: ([service]) => ({ 'burst.sh': `#!/bin/sh\n${service?.script}\n` }),
  command: ['tini', '--', '/etc/taskmaster/burst.sh'],
  writable: '/run',
};
const dropping = ENGINES.filter(({ name }) => name === 'taskmaster').map((engine) => ({
  ...engine,
  name: 'taskmaster, when_slow = "drop"',
  files: (services: readonly Service[]) => {
    const { 'tm.toml': config = '', ...others } = engine.files(services);
    return { ...others, 'tm.toml': config.replace('[engine]\n', '[engine]\nlog = { when_slow = "drop" }\n') };
  },
}));
const image = testImage(['tini', 'supervisor', 's6']);

async function arriving({ files, command }: Contender): Promise<{ lines: number; seconds: number }> {
  const cleanUps: (() => void)[] = [];
  const context = { after: (cleanUp: () => void) => void cleanUps.push(cleanUp) };
  const flags = ['--env', 'RUN_AS=root', '--log-driver', 'json-file'];
  const container = new Container(context, '', { image, command, files: files([burst]), flags });
  try {
    const { stdout } = await eventually(
      async () => {
        const times = await container.exec('cat', '/tmp/begun', '/tmp/ended');
        if (times.code !== 0) throw new Error('not yet');
        return times;
      },
      { withinMs: 120_000 },
    );
    const [begun = 0, ended = 0] = stdout.trim().split('\n').map(Number);
    // What is still on its way arrives while it is stopped.
    dockerSays('stop', '--time', '5', container.name);
    const count = execFileSync('sh', ['-c', `docker logs ${container.name} 2>&1 | grep -c ' x\\{92\\}$'`]);
    return { lines: Number(count), seconds: ended - begun };
  } finally {
    for (const cleanUp of cleanUps) cleanUp();
  }
}

const rows: Record<string, string | number>[] = [];
for (const contender of [...ENGINES, ...dropping, tini]) {
  const { lines, seconds } = await arriving(contender);
  rows.push({
    '200,000 lines by': contender.name,
    arrive: lines,
    'seconds of the service': seconds.toFixed(1),
  });
}
report(rows);
