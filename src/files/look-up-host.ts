/** Looks up host names as dns.lookup does, by the C library, but not in Node's thread pool: a server of names may hang. */

import { native } from '../system/native.ts';

type Callback = (
  error: NodeJS.ErrnoException | null,
  address: string | { readonly address: string; readonly family: number }[],
  family?: number,
) => void;

export interface LookUpOptions {
  readonly all?: boolean | undefined;
  readonly family?: number | 'IPv4' | 'IPv6' | undefined;
  readonly hints?: number | undefined;
}

/** EAI_AGAIN of getaddrinfo(3): no server of names has answered. */
const TRY_AGAIN = -3;

/** For the option `lookup` of net.connect. */
export function lookUpHost(host: string, options: LookUpOptions, done: Callback): void {
  const flags = options.hints === undefined ? {} : { mode: options.hints };
  native().fileLater({ work: 'host', path: host, lane: `host ${host}`, ...flags }, (answer) => {
    const found: { address: string; family: number }[] = [];
    const { entries = [] } = answer;
    for (let at = 0; at + 1 < entries.length; at += 2)
      found.push({ address: String(entries[at]), family: entries[at + 1] === true ? 6 : 4 });
    const wanted = familyOf(options.family);
    const usable = found.filter(({ family }) => wanted === 0 || family === wanted);
    const [first] = usable;
    if (first === undefined) done(notFound(host, answer.count === TRY_AGAIN ? 'EAI_AGAIN' : 'ENOTFOUND'), '');
    else if (options.all === true) done(null, usable);
    else done(null, first.address, first.family);
  });
}

function familyOf(family: LookUpOptions['family']): number {
  if (family === 'IPv4') return 4;
  return family === 'IPv6' ? 6 : (family ?? 0);
}

function notFound(hostname: string, code: string): NodeJS.ErrnoException {
  const error = new Error(`getaddrinfo ${code} ${hostname}`);
  return Object.assign(error, { code, syscall: 'getaddrinfo', hostname });
}
