/** `[groups.NAME]`: which processes a group means. */

import { isGlob, matchesPattern } from '../../name-pattern.ts';
import { nearestWord } from '../../nearest-word.ts';
import type { Place } from '../document/place.ts';
import type { AccessGrant } from '../resolved-config.ts';
import type { GroupSource } from '../schema/schema.ts';
import type { PlacedProcess } from './placed-process.ts';

/** By name, the processes of each, in the order of the configuration. */
export type Groups = ReadonlyMap<string, readonly string[]>;

/** A group's table where it stands. */
export interface PlacedGroup {
  readonly place: Place;
  readonly group: GroupSource;
}

/**
 * @param all the processes of every profile: what is not chosen is still known.
 * @param chosen those that are there: only they are members.
 */
export function resolveGroups(
  placed: ReadonlyMap<string, PlacedGroup>,
  all: ReadonlyMap<string, PlacedProcess>,
  chosen: ReadonlyMap<string, PlacedProcess>,
): Groups {
  const finder = new MemberFinder(placed, all);
  const groups = new Map<string, readonly string[]>();
  for (const [name, { place }] of placed) {
    checkName(name, place, all);
    const members = finder.membersOf(name, []);
    groups.set(
      name,
      [...chosen.keys()].filter((process) => members.has(process)),
    );
  }
  return groups;
}

/** One word on the command line means one thing. */
function checkName(name: string, place: Place, all: ReadonlyMap<string, PlacedProcess>): void {
  const process = all.get(name);
  const message =
    name === 'all'
      ? 'a group cannot be named "all": on the command line that means all processes'
      : process && `a group cannot have the name of a process: ${name} is one, at ${process.place.inWords()}`;
  if (message !== undefined) place.problem({ message, hint: 'give the group another name' }, 'key');
}

/** @returns the engine's settings with the members of groups in their place in `access`. */
export function accessOfMembers(access: readonly AccessGrant[], groups: Groups): readonly AccessGrant[] {
  return access.map((grant) => {
    const { only } = grant;
    if (only?.processes === undefined) return grant;
    const processes = only.processes.flatMap((name) => groups.get(name) ?? [name]);
    return { ...grant, only: { ...only, processes } };
  });
}

class MemberFinder {
  readonly #placed: ReadonlyMap<string, PlacedGroup>;
  readonly #all: ReadonlyMap<string, PlacedProcess>;
  /** Those that are found; while one is looked for, what it has is not known, and a cycle ends there. */
  readonly #found = new Map<string, ReadonlySet<string>>();

  constructor(placed: ReadonlyMap<string, PlacedGroup>, all: ReadonlyMap<string, PlacedProcess>) {
    this.#placed = placed;
    this.#all = all;
  }

  /** @param chain names of the groups that led here. */
  membersOf(name: string, chain: readonly string[]): ReadonlySet<string> {
    const known = this.#found.get(name);
    const placed = this.#placed.get(name);
    if (known !== undefined || placed === undefined) return known ?? new Set();
    this.#found.set(name, new Set());
    const found = new Set<string>();
    for (const [index, member] of placed.group.members.entries()) {
      const place = placed.place.at('members', index);
      for (const process of this.#meant(member, place, [...chain, name])) found.add(process);
    }
    this.#found.set(name, found);
    return found;
  }

  #meant(member: string, place: Place, chain: readonly string[]): Iterable<string> {
    if (chain.includes(member)) {
      reportCycle(place, [...chain.slice(chain.indexOf(member)), member]);
      return [];
    }
    if (this.#placed.has(member)) return this.membersOf(member, chain);
    if (this.#all.has(member)) return [member];
    const matching = isGlob(member)
      ? [...this.#all.keys()].filter((process) => matchesPattern(member, process))
      : [];
    if (matching.length === 0) this.#reportUnknown(place, member);
    return matching;
  }

  #reportUnknown(place: Place, member: string): void {
    if (isGlob(member)) {
      place.problem({ message: `no process has a name such as ${JSON.stringify(member)}` });
      return;
    }
    const near = nearestWord(member, [...this.#all.keys(), ...this.#placed.keys()]);
    place.problem({
      message: `there is no process and no group ${JSON.stringify(member)}`,
      hint: near === undefined ? `add [processes.${member}]` : `did you mean ${JSON.stringify(near)}?`,
    });
  }
}

function reportCycle(place: Place, names: readonly string[]): void {
  const message =
    names.length === 2
      ? `the group ${JSON.stringify(names[0])} is a member of itself`
      : `groups that are members of each other: ${names.join(' → ')}`;
  place.problem({ message, hint: 'remove one of these members' });
}
