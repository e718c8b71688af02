/**
 * Linux signal names and numbers (signal(7), x86-64 and arm64 alike), real-time signals included: Node knows
 * neither their names nor how to watch them.
 */

/** `SIGTERM`, `SIGRTMIN+3`, … in the spelling of kill(1) with the SIG prefix. */
export type SignalName = `SIG${string}`;

const STANDARD: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  PWR: 30,
  SYS: 31,
};
const ALIASES: Readonly<Record<string, number>> = { IOT: 6, POLL: 29, CLD: 17 };

/** glibc keeps 32 and 33 for its threads, so the first signal a program may use is 34 (signal(7)). */
export const SIGRTMIN = 34;
export const SIGRTMAX = 64;

const NAME_BY_NUMBER: ReadonlyMap<number, SignalName> = new Map(
  Object.entries(STANDARD).map(([name, number]) => [number, `SIG${name}` as const]),
);

/** Every name a person may write, for completion and for hints: `TERM`, `RTMIN`, `RTMIN+1`, … */
export const SIGNAL_WORDS: readonly string[] = [
  ...Object.keys(STANDARD),
  'RTMIN',
  ...Array.from({ length: SIGRTMAX - SIGRTMIN - 1 }, (_, index) => `RTMIN+${index + 1}`),
  'RTMAX',
];

/**
 * Reads a signal as people write it: `TERM`, `sigterm`, `15`, `RTMIN+3`, `SIGRTMAX-1`.
 * @returns its number, or undefined where it names no signal.
 */
export function parseSignal(text: string | number): number | undefined {
  const word = String(text).trim().toUpperCase();
  if (/^\d+$/.test(word)) {
    const number = Number(word);
    const exists = number >= 1 && number <= SIGRTMAX && number !== 32 && number !== 33;
    return exists ? number : undefined;
  }
  const bare = word.startsWith('SIG') ? word.slice(3) : word;
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(bare);
  if (realTime) {
    const distance = Number(realTime[3] ?? 0) * (realTime[2] === '-' ? -1 : 1);
    const number = (realTime[1] === 'MIN' ? SIGRTMIN : SIGRTMAX) + distance;
    return number >= SIGRTMIN && number <= SIGRTMAX ? number : undefined;
  }
  return Object.hasOwn(STANDARD, bare)
    ? STANDARD[bare]
    : Object.hasOwn(ALIASES, bare)
      ? ALIASES[bare]
      : undefined;
}

/** @returns the canonical name of a signal number: `SIGTERM`, `SIGRTMIN+3`; `SIG99` for one that does not exist. */
export function signalName(number: number): SignalName {
  const standard = NAME_BY_NUMBER.get(number);
  if (standard !== undefined) return standard;
  if (number === SIGRTMIN) return 'SIGRTMIN';
  if (number === SIGRTMAX) return 'SIGRTMAX';
  if (number > SIGRTMIN && number < SIGRTMAX) return `SIGRTMIN+${number - SIGRTMIN}`;
  return `SIG${number}`;
}

/** @returns the number of a canonical name; throws RangeError for a name that `signalName` cannot have made. */
export function signalNumber(name: SignalName): number {
  const number = parseSignal(name);
  if (number === undefined) throw new RangeError(`no such signal: ${name}`);
  return number;
}
