/**
 * Who is at the other end of a connection, and what they may do. Credentials come from the kernel (SO_PEERCRED,
 * unix(7)); nothing a client says about itself is believed.
 */

import { TaskmasterError } from '../errors.ts';
import type { AccessLevel } from './contract.ts';

export interface PeerCredentials {
  /** 0 where the peer lives in a PID namespace that ours cannot see. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups where the kernel told them, else empty. */
  readonly groups?: readonly number[];
}

/** As `[engine] access` grants it: to a user, or to a group. */
export interface Grant {
  readonly level: 'read' | 'control';
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

export interface AccessRules {
  /** The engine's own user: may do all, as may root. */
  readonly engineUid: number;
  readonly grants: readonly Grant[];
}

const RANK: Readonly<Record<AccessLevel, number>> = { read: 1, control: 2, owner: 3 };

/** @returns the highest level the peer has, or undefined where it has none. */
export function accessOf(peer: PeerCredentials | undefined, rules: AccessRules): AccessLevel | undefined {
  if (peer === undefined) return undefined;
  if (peer.uid === 0 || peer.uid === rules.engineUid) return 'owner';
  let best: AccessLevel | undefined;
  for (const grant of rules.grants) {
    if (!isGrantedTo(grant, peer)) continue;
    if (best === undefined || RANK[grant.level] > RANK[best]) best = grant.level;
  }
  return best;
}

function isGrantedTo(grant: Grant, peer: PeerCredentials): boolean {
  if (grant.uid !== undefined && grant.uid === peer.uid) return true;
  if (grant.gid === undefined) return false;
  return grant.gid === peer.gid || (peer.groups?.includes(grant.gid) ?? false);
}

/** Throws `not-permitted` unless the level covers what the method needs. */
export function demandAccess(
  method: string,
  needed: AccessLevel,
  held: AccessLevel | undefined,
  peer: PeerCredentials | undefined,
): void {
  if (held !== undefined && RANK[held] >= RANK[needed]) return;
  const who = peer === undefined ? 'a client whose user the kernel did not tell' : `uid ${peer.uid}`;
  const has = held === undefined ? 'has no access to this engine' : `has only "${held}" access`;
  const need =
    needed === 'owner'
      ? "it takes the engine's own user or root"
      : `it takes "${needed}" (see [engine] access in the configuration)`;
  throw new TaskmasterError('not-permitted', `cannot ${method}: ${who} ${has}; ${need}`, {
    details: { method, needed, held: held ?? null },
  });
}
