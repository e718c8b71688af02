/** `[engine] access`: who may do what over the control socket, and whether they reach it at all. */

import type { ConfigPorts } from '../document/config-ports.ts';
import type { Place } from '../document/place.ts';
import type { AccessGrant, EngineConfig } from '../resolved-config.ts';
import type { EngineSource } from '../schema/schema.ts';
import { groupAt, uidAt } from './identity.ts';
import { octalAt } from './octal.ts';

type Level = AccessGrant['level'];
type Access = NonNullable<EngineSource['access']>;
type Given = Access[Level][number];
type Who = Pick<AccessGrant, 'uid' | 'gid'>;

const ONLY_LOOKS = { stdin: false, shutdown: false, reload: false };
/** Connecting takes the right to write (unix(7)). */
const GROUP_MAY_CONNECT = 0o020;
const OTHERS_MAY_CONNECT = 0o002;

/** @param place of the `[engine]` table */
export function resolveSocketAccess(
  place: Place,
  engine: EngineSource,
  ports: ConfigPorts,
): Pick<EngineConfig, 'socketMode' | 'socketGid' | 'access'> {
  const socketMode = octalAt(place.at('socket_mode'), engine.socket_mode, 'mode');
  const socketGid =
    engine.socket_group === undefined
      ? undefined
      : groupAt(place.at('socket_group'), engine.socket_group, ports.users);
  const access: AccessGrant[] = [];
  for (const level of ['read', 'control'] as const) {
    for (const [index, given] of (engine.access?.[level] ?? []).entries()) {
      const at = place.at('access', level, index);
      const grant = grantAt(at, level, given, ports);
      if (grant === undefined) continue;
      access.push(grant);
      const reach = whyOutOfReach(grant, socketMode, socketGid ?? ports.self.gid, ports);
      if (reach !== undefined) at.warning(reach);
    }
  }
  return { socketMode, socketGid, access };
}

function grantAt(place: Place, level: Level, given: Given, ports: ConfigPorts): AccessGrant | undefined {
  if (typeof given !== 'object') {
    const who = isGroup(given)
      ? { uid: undefined, gid: groupAt(place, given.slice(1), ports.users) }
      : { uid: uidAt(place, given, ports.users), gid: undefined };
    return isSomebody(who) ? { level, ...who } : undefined;
  }
  const { user, group, processes } = given;
  if ((user === undefined) === (group === undefined)) {
    place.problem({ message: 'it says not whom', expected: 'user = …, or group = …' });
    return undefined;
  }
  const who = {
    uid: user === undefined ? undefined : uidAt(place.at('user'), user, ports.users),
    gid: group === undefined ? undefined : groupAt(place.at('group'), withoutAt(group), ports.users),
  };
  if (!isSomebody(who)) return undefined;
  const { stdin, shutdown, reload } = 'stdin' in given ? given : ONLY_LOOKS;
  return {
    level,
    ...who,
    only: { processes, stdin, shutdown, reload },
  };
}

/** @returns the warning where the socket's permissions keep out whom the grant lets in, as far as that can be known. */
function whyOutOfReach(
  { uid, gid }: AccessGrant,
  mode: number,
  socketGid: number,
  { users, self }: ConfigPorts,
): string | undefined {
  if ((mode & OTHERS_MAY_CONNECT) !== 0 || uid === 0 || uid === self.uid) return undefined;
  if ((mode & GROUP_MAY_CONNECT) === 0) {
    return `with socket_mode = "${mode.toString(8).padStart(4, '0')}" nobody else can connect; "0660" lets the socket's group in, "0666" everybody (who is not granted anything is turned away)`;
  }
  const isReached =
    uid === undefined ? gid === socketGid : groupsOf(uid, users)?.includes(socketGid) !== false;
  if (isReached) return undefined;
  const fix = 'set socket_group, or socket_mode = "0666" (who is not granted anything is turned away)';
  return `the socket is for group ${socketGid} only, and these are not known to be in it; ${fix}`;
}

function groupsOf(uid: number, users: ConfigPorts['users']): readonly number[] | undefined {
  try {
    return users.user(String(uid))?.groups ?? [];
  } catch {
    return undefined;
  }
}

function isSomebody({ uid, gid }: Who): boolean {
  return uid !== undefined || gid !== undefined;
}

function isGroup(name: string | number): name is string {
  return typeof name === 'string' && name.startsWith('@');
}

function withoutAt(name: string | number): string | number {
  return isGroup(name) ? name.slice(1) : name;
}
