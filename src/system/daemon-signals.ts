/**
 * What signals ask of the engine (SPEC section 7). Installed before anything heavy is loaded: where the launcher could
 * not have them held, a signal that comes to PID 1 before its handler is dropped by the kernel. No other signal ends or
 * disturbs the engine.
 */

import { SIGRTMAX, SIGRTMIN, signalName, signalNumber } from '../signals.ts';
import { native } from './native.ts';

export type EngineRequest = 'shutdown' | 'interrupt' | 'kill' | 'reload' | 'reopen-logs' | 'recreate-socket';

const REQUESTS: Partial<Readonly<Record<NodeJS.Signals, EngineRequest>>> = {
  SIGTERM: 'shutdown',
  SIGINT: 'interrupt',
  SIGQUIT: 'kill',
  SIGHUP: 'reload',
  SIGUSR2: 'reopen-logs',
};

/**
 * Watched by the addon: real-time signals, which Node cannot name, and SIGUSR1, by which Node opens its inspector and
 * which the launcher therefore has it keep blocked (--disable-sigusr1) until we watch it.
 */
const NATIVE_REQUESTS: ReadonlyMap<number, EngineRequest> = new Map([
  [signalNumber('SIGUSR1'), 'recreate-socket'],
  // systemd's and systemd-nspawn's way to ask an init to halt.
  [SIGRTMIN + 3, 'shutdown'],
]);

/**
 * Ignored: with handlers of Node's, a process that sends them without a pause would keep the engine from all else.
 * SIGCHLD is the reaper's; faults of the program itself (SEGV, BUS, FPE, ILL, ABRT, TRAP, SYS)
 * stay fatal; SIGPROF is V8's.
 */
const IGNORED: readonly NodeJS.Signals[] = [
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
  native().ignoreSignals(IGNORED.map(signalNumber));
  const realTime = process.pid === 1 ? [] : allRealTime();
  native().watchSignals([...new Set([...NATIVE_REQUESTS.keys(), ...realTime])], (number) => {
    const request = NATIVE_REQUESTS.get(number);
    if (request !== undefined) listener(request, signalName(number));
  });
  // Those that came while Node started have waited for this.
  native().releaseSignals();
}

/**
 * Caught by an engine that they would end. For PID 1 the kernel drops what has no handler when it is sent (pid_namespaces(7));
 * with one they would queue, a hundred thousand of them, and keep the engine from all else.
 */
function allRealTime(): readonly number[] {
  return Array.from({ length: SIGRTMAX - SIGRTMIN + 1 }, (_, index) => SIGRTMIN + index);
}
