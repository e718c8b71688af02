/**
 * What signals ask of the engine (SPEC section 7). Installed before anything heavy is loaded: a signal that comes
 * to PID 1 before its handler is dropped by the kernel. No other signal ends or disturbs the engine.
 */

import { SIGRTMAX, SIGRTMIN } from '../signals.ts';
import { native } from './native.ts';

export type EngineRequest = 'shutdown' | 'kill' | 'reload' | 'reopen-logs' | 'recreate-socket';

const REQUESTS: Partial<Readonly<Record<NodeJS.Signals, EngineRequest>>> = {
  SIGTERM: 'shutdown',
  SIGINT: 'shutdown',
  SIGQUIT: 'kill',
  SIGHUP: 'reload',
  SIGUSR2: 'reopen-logs',
  // With a handler of our own, Node does not open its inspector.
  SIGUSR1: 'recreate-socket',
};

/** systemd's and systemd-nspawn's way to ask an init to halt. */
const HALT = SIGRTMIN + 3;

/**
 * Caught and ignored. SIGCHLD is the reaper's; faults of the program itself (SEGV, BUS, FPE, ILL, ABRT, TRAP, SYS)
 * stay fatal; SIGPROF is V8's.
 */
const SWALLOWED: readonly NodeJS.Signals[] = [
  'SIGALRM',
  'SIGVTALRM',
  'SIGPIPE',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGWINCH',
  'SIGIO',
  'SIGPWR',
  'SIGSTKFLT',
  'SIGCONT',
];

export function watchDaemonSignals(listener: (request: EngineRequest, signal: string) => void): void {
  for (const [signal, request] of Object.entries(REQUESTS))
    process.on(signal, () => listener(request, signal));
  for (const signal of SWALLOWED) process.on(signal, ignore);
  const realTime = Array.from({ length: SIGRTMAX - SIGRTMIN + 1 }, (_, index) => SIGRTMIN + index);
  native().watchSignals(realTime, (number) => {
    if (number === HALT) listener('shutdown', 'SIGRTMIN+3');
  });
}

function ignore(): void {}
