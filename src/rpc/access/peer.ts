/**
 * Who is at the other end of a connection, and what they may do. Credentials come from the kernel (SO_PEERCRED,
 * unix(7)); nothing a client says about itself is believed.
 */

import { TaskmasterError } from '../../errors.ts';
import type { AccessLevel } from '../contract/contract.ts';
import { type Named, NameMatcher } from './name-pattern.ts';

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
  /** Absent: every process, and all that the level opens. */
  readonly only?: GrantLimits;
}

/** What a grant is confined to. */
export interface GrantLimits {
  /** Names, globs; undefined: every process. */
  readonly processes: readonly string[] | undefined;
  /** May write to standard inputs. */
  readonly stdin: boolean;
  /** May end the engine. */
  readonly shutdown: boolean;
  /** May have the configuration read again. */
  readonly reload: boolean;
}

export interface AccessRules {
  /** The engine's own user: may do all, as may root. */
  readonly engineUid: number;
  readonly grants: readonly Grant[];
}

const RANK: Readonly<Record<AccessLevel, number>> = { read: 1, control: 2, owner: 3 };
const UNLIMITED: GrantLimits = { processes: undefined, stdin: true, shutdown: true, reload: true };

/** What one peer may do: all its grants together. */
export interface Rights {
  readonly level: AccessLevel;
  /** False: there are instances that it neither sees nor touches. */
  readonly seesAll: boolean;
  readonly controlsAll: boolean;
  readonly mayShutDown: boolean;
  readonly mayReload: boolean;
  sees(named: Named): boolean;
  controls(named: Named): boolean;
  /** May write to its standard input. */
  writesTo(named: Named): boolean;
  /** Two that are alike have the same. */
  readonly text: string;
}

/** @returns undefined where the peer has none. */
export function rightsOf(peer: PeerCredentials | undefined, rules: AccessRules): Rights | undefined {
  if (peer === undefined) return undefined;
  if (isOwner(peer, rules)) return OWNER;
  const grants = rules.grants.filter((grant) => isGrantedTo(grant, peer));
  if (grants.length === 0) return undefined;
  const control = grants.filter(({ level }) => level === 'control');
  const limits = control.map(({ only = UNLIMITED }) => only);
  const [seen, controlled] = [scopeOf(grants), scopeOf(control)];
  const written = scopeOf(control.filter(({ only = UNLIMITED }) => only.stdin));
  return {
    level: control.length > 0 ? 'control' : 'read',
    seesAll: seen === undefined,
    controlsAll: control.length > 0 && controlled === undefined,
    mayShutDown: limits.some(({ shutdown }) => shutdown),
    mayReload: limits.some(({ reload }) => reload),
    sees: (named) => seen === undefined || seen.means(named),
    controls: (named) => controlled === undefined || controlled.means(named),
    writesTo: (named) => written === undefined || written.means(named),
    text: JSON.stringify(grants),
  };
}

export function isOwner({ uid }: PeerCredentials, { engineUid }: Pick<AccessRules, 'engineUid'>): boolean {
  return uid === 0 || uid === engineUid;
}

const OWNER: Rights = {
  level: 'owner',
  seesAll: true,
  controlsAll: true,
  mayShutDown: true,
  mayReload: true,
  sees: () => true,
  controls: () => true,
  writesTo: () => true,
  text: 'owner',
};

/** For one whose grants were taken away while something of it is still under way. */
export const NO_RIGHTS: Rights = {
  level: 'read',
  seesAll: false,
  controlsAll: false,
  mayShutDown: false,
  mayReload: false,
  sees: () => false,
  controls: () => false,
  writesTo: () => false,
  text: '',
};

/** @returns what the grants mean together; undefined: every process. */
function scopeOf(grants: readonly Grant[]): NameMatcher | undefined {
  const processes = grants.map(({ only = UNLIMITED }) => only.processes);
  if (processes.includes(undefined)) return undefined;
  return new NameMatcher(
    processes.flatMap((patterns) => patterns ?? []),
    Number.POSITIVE_INFINITY,
  );
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
  const has = held === undefined ? 'has no access to this engine' : `has only "${held}" access`;
  const need =
    needed === 'owner'
      ? "it takes the engine's own user or root"
      : `it takes "${needed}" (see [engine] access in the configuration)`;
  throw new TaskmasterError('not-permitted', `cannot ${method}: ${inWords(peer)} ${has}; ${need}`, {
    details: { method, needed, held: held ?? null },
  });
}

/** Throws `not-permitted` for what no grant of the peer opens. */
export function refuse(what: string, peer: { readonly uid: number }, why: string): never {
  const message = `cannot ${what}: ${inWords(peer)} ${why} (see [engine] access in the configuration)`;
  throw new TaskmasterError('not-permitted', message);
}

export function inWords(peer: { readonly uid: number } | undefined): string {
  return peer === undefined ? 'a client whose user the kernel did not tell' : `uid ${peer.uid}`;
}
