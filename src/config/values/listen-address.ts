/** Where a listener listens, as people write it: a port of the loopback, or an address and a port. */

import type { Place } from '../document/place.ts';
import type { ListenAddress } from '../resolved-config.ts';
import { showValue } from '../text/show-value.ts';

const EXPECTED = 'a port from 1 to 65535, or an IP address and a port such as "0.0.0.0:9180", "[::1]:9180"';
const LOOPBACK = '127.0.0.1';

/** Reports what is no address; host names are refused, since a look-up may give another answer each time. */
export function listenAddressAt(place: Place, listen: string | number): ListenAddress {
  const text = String(listen).trim();
  const [, given, digits] = /^(?:(.*):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits ?? 0);
  if (port < 1 || port > 65_535) {
    place.problem({
      message: `found ${showValue(listen)}`,
      expected: EXPECTED,
      hint: /(^|:)\d+$/.test(text) ? undefined : 'the port is missing',
    });
    return { host: LOOPBACK, port };
  }
  const host = given === undefined || given === 'localhost' ? LOOPBACK : addressOf(given);
  if (host !== undefined) return { host, port };
  place.problem({
    message: `found ${showValue(listen)}`,
    expected: EXPECTED,
    hint: hintFor(given ?? '', port),
  });
  return { host: LOOPBACK, port };
}

/** @returns the address without brackets; undefined where it is none. */
function addressOf(host: string): string | undefined {
  if (/^\d+(\.\d+){3}$/.test(host))
    return host.split('.').every((part) => Number(part) < 256) ? host : undefined;
  // Not by node:net: loading it would cost every start of the engine some milliseconds.
  return /^\[[^\]]+\]$/.test(host) && URL.canParse(`http://${host}/`) ? host.slice(1, -1) : undefined;
}

function hintFor(host: string, port: number): string {
  if (host === '' || host === '*')
    return `for every address write "0.0.0.0:${port}", or "[::]:${port}" for IPv6 too`;
  if (URL.canParse(`http://[${host}]/`)) return `write "[${host}]:${port}"`;
  return 'write an address: host names are not looked up';
}
