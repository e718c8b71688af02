/** A probe that passes when a TCP connection is accepted. */

import { lookUpHost } from '../files/look-up-host.ts';
import { failureInWords, type Probe, type ProbeResult } from './probe.ts';

export function probeByTcp(host: string, port: number): Probe {
  return async (_subject, signal) => {
    const { connect } = await import('node:net');
    return new Promise<ProbeResult>((resolve) => {
      const socket = connect({ host, port, lookup: lookUpHost });
      const settle = (passed: boolean, outcome: string): void => {
        signal.removeEventListener('abort', giveUp);
        socket.destroy();
        resolve({ passed, outcome, output: '' });
      };
      const giveUp = (): void => settle(false, 'called off');
      signal.addEventListener('abort', giveUp, { once: true });
      // Called off while the library was being loaded: that event is over.
      if (signal.aborted) giveUp();
      socket.once('connect', () => settle(true, 'connected'));
      socket.on('error', (error) => settle(false, failureInWords(error)));
    });
  };
}
