/** A probe by an HTTP GET, for images without curl. */

import { lookUpHost } from '../files/look-up-host.ts';
import { failureInWords, MOST_OUTPUT_BYTES, type Probe, type ProbeResult } from './probe.ts';

/** @param expectStatus statuses that pass; undefined: any from 200 to 399. */
export function probeByHttp(url: string, expectStatus: readonly number[] | undefined): Probe {
  return async (_subject, signal) => {
    // Most configurations have no HTTP probe: those that have none do not load the client.
    const { get } = url.startsWith('https:') ? await import('node:https') : await import('node:http');
    return new Promise<ProbeResult>((resolve) => {
      const failed = (error: Error): void => {
        resolve({ passed: false, outcome: failureInWords(error), output: '' });
      };
      // No agent: a kept connection would be a second thing that can break.
      const request = get(
        url,
        { agent: false, signal, lookup: lookUpHost, headers: { 'user-agent': 'taskmaster' } },
        (response) => {
          const status = response.statusCode ?? 0;
          const passed =
            expectStatus === undefined ? status >= 200 && status < 400 : expectStatus.includes(status);
          const parts: Buffer[] = [];
          let bytes = 0;
          const done = (): void => {
            request.destroy();
            const output = Buffer.concat(parts).subarray(0, MOST_OUTPUT_BYTES).toString('utf8');
            resolve({ passed, outcome: `HTTP status ${status}`, output });
          };
          response.on('data', (chunk: Buffer) => {
            parts.push(chunk);
            bytes += chunk.length;
            if (bytes >= MOST_OUTPUT_BYTES) done();
          });
          response.once('end', done);
          // More than one may come: from our own destroying it, and from the other end.
          response.on('error', failed);
        },
      );
      request.on('error', failed);
    });
  };
}
