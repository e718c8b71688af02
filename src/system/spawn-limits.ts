/** Names that people write for resources and capabilities, as the numbers the kernel knows them by. */

import { CAPABILITY_NAMES, capabilityName } from '../config/values/capabilities.ts';

/** RLIMIT_… of asm-generic/resource.h, which x86-64 and arm64 share. */
const RESOURCE_NUMBERS: ReadonlyMap<string, number> = new Map(
  [
    ['cpu', 'fsize', 'data', 'stack', 'core', 'rss', 'nproc', 'nofile'],
    ['memlock', 'as', 'locks', 'sigpending', 'msgqueue', 'nice', 'rtprio', 'rttime'],
  ]
    .flat()
    .map((name, number) => [name, number]),
);

export const RLIMIT_NOFILE = 7;
export const RLIMIT_LOCKS = 10;

/** @returns the number of a resource as in setrlimit(2), without its prefix; undefined: no such resource. */
export function resourceNumber(name: string): number | undefined {
  return RESOURCE_NUMBERS.get(name.toLowerCase());
}

/** @returns the number of a capability, with or without `CAP_`; undefined: no such capability. */
export function capabilityNumber(name: string): number | undefined {
  const number = CAPABILITY_NAMES.indexOf(capabilityName(name) ?? '');
  return number < 0 ? undefined : number;
}

/** A soft and a hard limit; Infinity for unlimited. */
export interface LimitPair {
  readonly soft: number;
  readonly hard: number;
}

/**
 * Reads what the launcher noted before Node raised it: `nofile=1024:524288,…`, with `-1` or `unlimited` for none.
 * @param note TASKMASTER_INHERITED; undefined where the engine was not started by the launcher.
 * @returns the limits of open files that came from outside, or undefined where they are not known.
 */
export function inheritedOpenFiles(note: string | undefined): LimitPair | undefined {
  const [, soft, hard] = /(?:^|,)nofile=(-1|\d+|unlimited):(-1|\d+|unlimited)(?:,|$)/.exec(note ?? '') ?? [];
  if (soft === undefined || hard === undefined) return undefined;
  return { soft: limitValue(soft), hard: limitValue(hard) };
}

function limitValue(word: string): number {
  return word === '-1' || word === 'unlimited' ? Number.POSITIVE_INFINITY : Number(word);
}
