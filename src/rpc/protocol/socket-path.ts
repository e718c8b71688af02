/** Where the control socket is looked for, by the engine and by its clients in the same order. */

import { isAbsolute, join } from 'node:path';

export interface SocketPlace {
  readonly path: string;
  /** Below a directory that everybody may write to: the folder must be the user's alone, or it is not trusted. */
  readonly needsPrivateFolder: boolean;
  /** Where a user has files of their own while they are there: of no use to anybody else. */
  readonly isOfUser?: boolean;
}

/** Longest path a socket address holds (unix(7): 108 bytes with the closing NUL). */
export const MAX_SOCKET_PATH_BYTES = 107;

/** The default places, the first that can be used wins. */
export function defaultSocketPlaces(
  environment: Readonly<Record<string, string | undefined>>,
  uid: number,
): readonly SocketPlace[] {
  const runtime = environment.XDG_RUNTIME_DIR;
  const places: SocketPlace[] = [
    { path: '/run/taskmaster/taskmaster.sock', needsPrivateFolder: false },
    { path: `/tmp/taskmaster-${uid}/taskmaster.sock`, needsPrivateFolder: true },
  ];
  if (runtime !== undefined && isAbsolute(runtime)) {
    places.splice(1, 0, {
      path: join(runtime, 'taskmaster.sock'),
      needsPrivateFolder: false,
      isOfUser: true,
    });
  }
  return places;
}

/** The places for what the user or the configuration said; the default ones where nothing was said. */
export function socketPlaces(
  explicit: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  uid: number,
): readonly SocketPlace[] {
  return explicit === undefined
    ? defaultSocketPlaces(environment, uid)
    : [{ path: explicit, needsPrivateFolder: false }];
}
