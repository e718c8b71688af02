/** `[sockets.NAME]`: an address in all its spellings, and who may reach it. */

import { resolve } from 'node:path';
import { nearestWord } from '../../nearest-word.ts';
import type { ConfigPorts } from '../document/config-ports.ts';
import type { Place } from '../document/place.ts';
import type { ProcessConfig, SocketAddress, SocketConfig } from '../resolved-config.ts';
import type { ProcessSource, SocketSource } from '../schema/schema.ts';
import { showValue } from '../text/show-value.ts';
import { groupAt, uidAt } from './identity.ts';
import { listenAddressAt } from './listen-address.ts';
import { octalAt } from './octal.ts';

/** A table of a file, where it is. */
export interface PlacedSocket {
  readonly place: Place;
  readonly socket: SocketSource;
}

const PATH_KINDS = {
  unix: 'stream',
  'unix-dgram': 'datagram',
  'unix-seqpacket': 'seqpacket',
  fifo: 'fifo',
} as const;
/** sun_path of unix(7) has 108 bytes, the last of which is 0. */
const MAX_UNIX_PATH = 107;
const NO_ADDRESS: SocketAddress = { kind: 'tcp', host: '127.0.0.1', port: 1 };

export function resolveSocket(
  name: string,
  { place, socket }: PlacedSocket,
  ports: ConfigPorts,
): SocketConfig {
  const address = addressAt(place.at('listen'), socket.listen.trim());
  const hasFile = 'path' in address;
  for (const key of hasFile ? (['reuse_port', 'v6only'] as const) : (['owner', 'group', 'mode'] as const)) {
    if (!place.isGiven(key)) continue;
    const kinds = hasFile ? 'addresses with a port' : 'sockets with a path';
    place.at(key).problem({ message: `only for ${kinds}`, hint: `remove ${key}` }, 'key');
  }
  if (socket.v6only && 'host' in address && !address.host.includes(':'))
    place.at('v6only').problem({ message: 'the address is not an IPv6 one', hint: 'remove v6only' }, 'key');
  return {
    name,
    address,
    where: place.inWords(),
    mode: octalAt(place.at('mode'), socket.mode, 'mode'),
    uid: socket.owner === undefined ? undefined : uidAt(place.at('owner'), socket.owner, ports.users),
    gid: socket.group === undefined ? undefined : groupAt(place.at('group'), socket.group, ports.users),
    backlog: socket.backlog,
    isPortShared: socket.reuse_port,
    isV6Only: socket.v6only,
  };
}

function addressAt(place: Place, listen: string): SocketAddress {
  const [, prefix, rest = ''] = /^([a-z-]+):(.*)$/.exec(listen) ?? [];
  if (prefix !== undefined && Object.hasOwn(PATH_KINDS, prefix))
    return pathAt(place, PATH_KINDS[prefix as keyof typeof PATH_KINDS], rest);
  if (listen.startsWith('/') || listen.startsWith('@')) {
    const abstract = 'abstract sockets have no owner and no mode; give a path';
    const hint = listen.startsWith('/') ? `write "unix:${listen}", or "fifo:${listen}"` : abstract;
    place.problem({ message: `found ${showValue(listen)}`, hint });
    return NO_ADDRESS;
  }
  const isPrefix = prefix === 'udp' || prefix === 'tcp';
  const known = [...Object.keys(PATH_KINDS), 'udp', 'tcp'];
  if (prefix !== undefined && !isPrefix && prefix !== 'localhost') {
    const near = nearestWord(prefix, known);
    place.problem({
      message: `found ${showValue(listen)}`,
      expected: `an address and a port such as "0.0.0.0:8080", or one of ${known.map((one) => `"${one}:"`).join(', ')} first`,
      hint: near === undefined ? undefined : `did you mean "${near}:"?`,
    });
    return NO_ADDRESS;
  }
  const { host, port } = listenAddressAt(place, isPrefix ? rest : listen);
  return { kind: prefix === 'udp' ? 'udp' : 'tcp', host, port };
}

function pathAt(
  place: Place,
  kind: (typeof PATH_KINDS)[keyof typeof PATH_KINDS],
  text: string,
): SocketAddress {
  if (!text.startsWith('/')) {
    const hint = text.startsWith('@') ? 'abstract sockets have no owner and no mode; give a path' : undefined;
    place.problem({ message: `found ${showValue(text)}`, expected: 'an absolute path', hint });
    return NO_ADDRESS;
  }
  const path = resolve(text);
  const length = Buffer.byteLength(path);
  if (kind !== 'fifo' && length > MAX_UNIX_PATH)
    place.problem({ message: `the path has ${length} bytes`, expected: `at most ${MAX_UNIX_PATH}` });
  return { kind, path };
}

/** Two that are the same for the kernel. */
export function addressKey(address: SocketAddress): string {
  return 'path' in address ? `path ${address.path}` : `${address.kind} ${address.host} ${address.port}`;
}

export function addressInWords(address: SocketAddress): string {
  if ('path' in address) return address.path;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${address.kind === 'udp' ? 'UDP ' : ''}${host}:${address.port}`;
}

/** `sockets` of a process: what it gets, in this order. */
export function socketsAt(
  place: Place,
  { sockets = [] }: ProcessSource,
  known: ReadonlyMap<string, SocketConfig>,
): ProcessConfig['sockets'] {
  return sockets.flatMap((name, index) => {
    const at = place.at('sockets', index);
    const socket = known.get(name);
    if (sockets.indexOf(name) < index) at.problem({ message: `${showValue(name)} is there twice` });
    else if (socket !== undefined)
      return [{ name, key: addressKey(socket.address), address: addressInWords(socket.address) }];
    else {
      const near = nearestWord(name, known.keys());
      const hint =
        near === undefined
          ? `add [sockets.${name}] with listen = "…"`
          : `did you mean ${JSON.stringify(near)}?`;
      at.problem({ message: `socket ${showValue(name)} does not exist`, hint });
    }
    return [];
  });
}
