/** What a line costs on its way to the container's output, by format: `node test/bench/container-stream.ts`. */

import { containerStreams } from '../../src/output/container-stream.ts';
import { streamTo } from '../support/stream-to.ts';

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
    wallTime: Date.now,
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
