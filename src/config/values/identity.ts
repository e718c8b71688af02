/** Whom a process runs as: `user`, `group`, `groups`, `capabilities`. What the engine cannot give is found here. */

import { nearestWord } from '../../nearest-word.ts';
import type { OwnPrivileges, UserDatabase, UserEntry } from '../document/config-ports.ts';
import type { Place } from '../document/place.ts';
import type { Identity } from '../resolved-config.ts';
import type { ProcessSource } from '../schema/schema.ts';
import { showValue } from '../text/show-value.ts';
import { CAPABILITY_NAMES, capabilityName } from './capabilities.ts';

/** The largest id; the one above means "no change" to setresuid(2). */
const MAX_ID = 4_294_967_294;

export interface ResolvedIdentity {
  /** undefined: the process stays what the engine is. */
  readonly identity: Identity | undefined;
  /** HOME, USER, LOGNAME and SHELL of the user; empty where none was asked for. */
  readonly variables: Readonly<Record<string, string>>;
}

interface Accounts {
  readonly users: UserDatabase;
  readonly self: OwnPrivileges;
}

const UNCHANGED: ResolvedIdentity = { identity: undefined, variables: {} };

/** @param place of the process's table. Problems give the engine's own identity back. */
export function resolveIdentity(place: Place, process: ProcessSource, accounts: Accounts): ResolvedIdentity {
  if (process.user === undefined && process.group === undefined && process.groups === undefined)
    return UNCHANGED;
  const { user: userName, group: groupOfUser } = splitUser(process.user);
  const groupName = process.group ?? groupOfUser;
  const user = userName === undefined ? undefined : userAt(place.at('user'), userName, accounts.users);
  if (userName !== undefined && user === undefined) return UNCHANGED;
  const groupPlace = process.group === undefined ? place.at('user') : place.at('group');
  const gid = groupName === undefined ? undefined : groupAt(groupPlace, groupName, accounts.users);
  if (groupName !== undefined && gid === undefined) return UNCHANGED;
  if (user !== undefined && user.gid === undefined && gid === undefined) {
    place.at('user').problem({
      message: `user ${user.uid} has no entry in the user database, so its group is not known`,
      hint: 'add group = …, or write user = "UID:GID"',
    });
    return UNCHANGED;
  }
  const groups = process.groups?.flatMap((group, index) => {
    const found = groupAt(place.at('groups', index), group, accounts.users);
    return found === undefined ? [] : [found];
  });
  const wanted: Identity = {
    userName: user?.entry?.name ?? (userName === undefined ? undefined : String(userName)),
    uid: user?.uid ?? accounts.self.uid,
    gid: gid ?? user?.gid ?? accounts.self.gid,
    groups: groups ?? user?.entry?.groups ?? (user === undefined ? accounts.self.groups : []),
  };
  const variables = user === undefined ? {} : accountVariables(user.entry, wanted.uid);
  return permit(place, wanted, groups !== undefined, accounts.self)
    ? { identity: isOwn(wanted, groups !== undefined, accounts.self) ? undefined : wanted, variables }
    : UNCHANGED;
}

/** `www:www-data`, as Docker writes it. */
function splitUser(user: string | number | undefined): {
  user: string | number | undefined;
  group: string | undefined;
} {
  const match = typeof user === 'string' ? /^([^:]+):([^:]+)$/.exec(user) : null;
  return match === null ? { user, group: undefined } : { user: match[1], group: match[2] };
}

function userAt(
  place: Place,
  name: string | number,
  users: UserDatabase,
): { uid: number; gid: number | undefined; entry: UserEntry | undefined } | undefined {
  const entry = lookUp(place, () => users.user(String(name)));
  if (entry === 'failed') return undefined;
  if (entry !== undefined) return { uid: entry.uid, gid: entry.gid, entry };
  const uid = asId(name);
  if (uid !== undefined) return { uid, gid: undefined, entry: undefined };
  place.problem({
    message: `there is no user ${showValue(name)}`,
    expected: 'a user that the container’s /etc/passwd knows, or a number',
    hint: `add it to the image (useradd, adduser), or use a number with a group`,
  });
  return undefined;
}

/** @returns the gid; undefined after reporting a problem. */
export function groupAt(place: Place, name: string | number, users: UserDatabase): number | undefined {
  const found = lookUp(place, () => users.group(String(name)));
  if (found === 'failed') return undefined;
  const gid = found ?? asId(name);
  if (gid === undefined) {
    place.problem({
      message: `there is no group ${showValue(name)}`,
      expected: 'a group that the container’s /etc/group knows, or a number',
    });
  }
  return gid;
}

/** @returns the uid; undefined after reporting a problem. */
export function uidAt(place: Place, name: string | number, users: UserDatabase): number | undefined {
  return userAt(place, name, users)?.uid;
}

function lookUp<Entry>(place: Place, ask: () => Entry | undefined): Entry | undefined | 'failed' {
  try {
    return ask();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    place.problem({ message: `cannot be looked up: ${why}` });
    return 'failed';
  }
}

function asId(name: string | number): number | undefined {
  if (typeof name === 'string' && !/^\d{1,10}$/.test(name)) return undefined;
  const id = Number(name);
  return Number.isInteger(id) && id >= 0 && id <= MAX_ID ? id : undefined;
}

/** A user without an entry gets what Docker gives it. */
function accountVariables(entry: UserEntry | undefined, uid: number): Record<string, string> {
  const name = entry?.name ?? String(uid);
  return { HOME: entry?.home || '/', USER: name, LOGNAME: name, SHELL: entry?.shell || '/bin/sh' };
}

function sameGroups(left: readonly number[], right: readonly number[]): boolean {
  const known = new Set(left);
  return new Set(right).size === known.size && right.every((gid) => known.has(gid));
}

/** Without capabilities the engine can still "become" what it is; the user's other groups are then left out. */
function isOwn(wanted: Identity, groupsWereAskedFor: boolean, self: OwnPrivileges): boolean {
  const sameIds = wanted.uid === self.uid && wanted.gid === self.gid;
  if (!sameIds) return false;
  return (
    sameGroups(wanted.groups, self.groups) || (!groupsWereAskedFor && !self.capabilities.has('CAP_SETGID'))
  );
}

function permit(place: Place, wanted: Identity, groupsWereAskedFor: boolean, self: OwnPrivileges): boolean {
  const lacks = (capability: string): boolean => !self.capabilities.has(capability);
  const hint = 'start the container as root, or remove the key to run it as the engine’s own user';
  if (wanted.uid !== self.uid && lacks('CAP_SETUID')) {
    const name = wanted.userName ?? String(wanted.uid);
    place.at('user').problem({
      message: `cannot become user ${name}: taskmaster runs as uid ${self.uid} without CAP_SETUID`,
      hint,
    });
    return false;
  }
  if (wanted.gid !== self.gid && lacks('CAP_SETGID')) {
    const key = place.isGiven('group') ? 'group' : 'user';
    place.at(key).problem({
      message: `cannot change to group ${wanted.gid}: taskmaster runs as gid ${self.gid} without CAP_SETGID`,
      hint,
    });
    return false;
  }
  const otherUser = wanted.uid !== self.uid;
  if ((groupsWereAskedFor || otherUser) && !sameGroups(wanted.groups, self.groups) && lacks('CAP_SETGID')) {
    place.at(groupsWereAskedFor ? 'groups' : 'user').problem({
      message: 'cannot change supplementary groups: taskmaster runs without CAP_SETGID',
      hint,
    });
    return false;
  }
  return true;
}

/** @returns the capabilities to keep, by their names in capabilities(7). */
export function resolveCapabilities(
  place: Place,
  names: readonly string[] | undefined,
  self: OwnPrivileges,
): readonly string[] | undefined {
  if (names === undefined) return undefined;
  if (self.capabilities.size > 0 && !self.capabilities.has('CAP_SETPCAP')) {
    place.problem({ message: 'cannot drop capabilities: taskmaster runs without CAP_SETPCAP' });
  }
  const kept = new Set<string>();
  for (const [index, text] of names.entries()) {
    const name = capabilityName(text);
    if (name === undefined) {
      const bare = CAPABILITY_NAMES.map((known) => known.slice(4));
      const near = nearestWord(text.replace(/^cap_/i, ''), bare);
      place.at(index).problem({
        message: `there is no capability ${showValue(text)}`,
        hint: near === undefined ? 'see capabilities(7)' : `did you mean ${JSON.stringify(near)}?`,
      });
    } else if (!self.capabilities.has(name)) {
      place.at(index).problem({
        message: `taskmaster itself does not have ${name}`,
        hint: `start the container with --cap-add ${name.slice(4)}`,
      });
    } else kept.add(name);
  }
  return [...kept];
}

/** @returns nothing where the file has none: then the list of `capabilities` is the bounding set. */
export function resolveBounding(
  place: Place,
  { capabilities, bounding_capabilities: given }: ProcessSource,
  self: OwnPrivileges,
): { readonly boundingCapabilities?: readonly string[] } {
  const at = place.at('bounding_capabilities');
  const bounding = resolveCapabilities(at, given, self);
  if (bounding === undefined) return {};
  const outside = (capabilities ?? []).find((name) => {
    const known = capabilityName(name);
    return known !== undefined && !bounding.includes(known);
  });
  if (outside !== undefined)
    at.problem({
      message: `${capabilityName(outside)} is in capabilities, but not here`,
      hint: 'add it here too: a process cannot have what its bounding set does not contain',
    });
  return { boundingCapabilities: bounding };
}

export function resolveSecurebits(
  place: Place,
  { securebits }: ProcessSource,
  self: OwnPrivileges,
): { readonly securebits?: readonly string[] } {
  if (securebits === undefined || securebits.length === 0) return {};
  if (!self.capabilities.has('CAP_SETPCAP'))
    place.at('securebits').problem({ message: 'cannot be set: taskmaster runs without CAP_SETPCAP' });
  return { securebits };
}
