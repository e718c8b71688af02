/** What reading a configuration needs from outside, as interfaces. */

import type { Environment } from './interpolation.ts';

export interface UserEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
  /** All groups of the user, the primary one included (getgrouplist(3)). */
  readonly groups: readonly number[];
}

/** Both take a name or decimal digits, give undefined for what does not exist, and throw where they cannot tell. */
export interface UserDatabase {
  user(nameOrUid: string): UserEntry | undefined;
  /** @returns the gid. */
  group(nameOrGid: string): number | undefined;
}

/** What the engine itself is and may do. */
export interface OwnPrivileges {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** Permitted capabilities by name, `CAP_SETUID`; see `capabilitiesOfMask`. */
  readonly capabilities: ReadonlySet<string>;
  /** The version of the kernel's Landlock; 0: it has none, or the container may not use it. */
  readonly landlockVersion: () => number;
  readonly hasSeccomp: () => boolean;
}

/** Files as configuration needs them. Failures are Errors with a `code` such as `ENOENT`. */
export interface ConfigFiles {
  /** Reads a regular file (or a link to one); reads no more than `maxBytes + 1` bytes of a larger one. */
  read(path: string, maxBytes: number): Uint8Array;
  /** Names in a directory, in any order; empty where there is no such directory. */
  list(directory: string): readonly string[];
}

export interface ConfigPorts {
  readonly files: ConfigFiles;
  readonly users: UserDatabase;
  readonly self: OwnPrivileges;
  /** The engine's own environment, for `${NAME}`. */
  readonly environment: Environment;
  /** Names of the profiles that are chosen. */
  readonly profiles: readonly string[];
}
