/** Where a process's standard output and error go. */

import { basename, dirname, extname, join, resolve } from 'node:path';
import type { OwnPrivileges, UserDatabase } from '../document/config-ports.ts';
import type { Place } from '../document/place.ts';
import type { FileAccess, OutputTarget, ProcessConfig } from '../resolved-config.ts';
import type { ProcessSource } from '../schema/schema.ts';
import { isDeferred, textOfInstance } from '../text/instance-text.ts';
import { showValue } from '../text/show-value.ts';
import { durationAt, sizeAt } from './durations.ts';
import { groupAt, uidAt } from './identity.ts';
import { octalAt } from './octal.ts';

const SHORTEST_INTERVAL_MS = 60_000;

interface Accounts {
  readonly users: UserDatabase;
  readonly self: OwnPrivileges;
}

export function resolveStreams(
  place: Place,
  process: ProcessSource,
  ports: Accounts,
): Pick<ProcessConfig, 'stdin' | 'stdout' | 'stderr'> {
  const stdout = resolveOutput(place.at('stdout'), process.stdout, ports);
  if (!process.tty) {
    return { stdin: process.stdin, stdout, stderr: resolveOutput(place.at('stderr'), process.stderr, ports) };
  }
  for (const key of ['stdin', 'stderr'] as const) {
    if (!place.isGiven(key) || place.at(key).isInherited) continue;
    const hint = `leave ${key} out; stdout says where what the terminal shows goes`;
    place.at(key).problem({ message: `with tty = true the terminal is ${key} as well`, hint }, 'key');
  }
  if (stdout.kind === 'passthrough') {
    const message = 'with tty = true the engine reads the terminal, so nothing can pass it by';
    place.at('stdout').problem({ message, hint: 'write stdout = "inherit"' });
  }
  return { stdin: 'terminal', stdout, stderr: { kind: 'null' } };
}

/** Paths are relative to the file they stand in; `%i` stays in them, see `outputTargetOfInstance`. */
export function resolveOutput(
  place: Place,
  output: ProcessSource['stdout'],
  accounts: Accounts,
): OutputTarget {
  if (typeof output === 'string') {
    if (output === 'inherit' || output === 'null' || output === 'passthrough' || output === 'stdout')
      return { kind: output };
    if (output === '/dev/null') return { kind: 'null' };
    return {
      kind: 'file',
      path: pathAt(place, output),
      maxSizeBytes: undefined,
      maxFiles: 5,
      compress: false,
    };
  }
  const path = pathAt(place.at('file'), output.file);
  warnOfDevice(place, path);
  return {
    kind: 'file',
    path,
    maxSizeBytes: output.max_size === undefined ? undefined : sizeAt(place.at('max_size'), output.max_size),
    maxFiles: output.max_files,
    compress: output.compress,
    ...(output.rotate_every !== undefined && {
      rotateEveryMs: intervalAt(place.at('rotate_every'), output.rotate_every),
    }),
    ...accessOf(place, output, accounts),
    ...(output.shared && { isShared: true }),
    ...(output.timestamps && { hasTimestamps: true }),
  };
}

/** Of regular files alone: a stream or a device is written to as it is. */
const FILE_KEYS = [
  'timestamps',
  'max_size',
  'rotate_every',
  'max_files',
  'compress',
  'mode',
  'owner',
  'group',
] as const;

function warnOfDevice(place: Place, path: string): void {
  if (!path.startsWith('/dev/') || path.startsWith('/dev/shm/')) return;
  const given = FILE_KEYS.filter((key) => place.isGiven(key) && !place.at(key).isInherited);
  for (const key of given) {
    const instead = key === 'timestamps' ? '; with [engine.log] output = "json" each line has its time' : '';
    place.at(key).warning(`${key} has no effect on ${path}, which is not a regular file${instead}`);
  }
}

type FileSource = Exclude<ProcessSource['stdout'], string>;

function intervalAt(place: Place, given: string | number): number {
  const interval = durationAt(place, given, 'more-than-zero');
  if (interval > 0 && interval < SHORTEST_INTERVAL_MS)
    place.problem({ message: `found ${showValue(given)}`, expected: 'at least a minute' });
  return interval;
}

/** What the engine may not give is found here, not when the file is made. */
function accessOf(
  place: Place,
  { mode, owner, group }: FileSource,
  { users, self }: Accounts,
): { readonly access?: FileAccess } {
  const uid = owner === undefined ? undefined : uidAt(place.at('owner'), owner, users);
  const gid = group === undefined ? undefined : groupAt(place.at('group'), group, users);
  const mayChown = self.capabilities.has('CAP_CHOWN');
  const hint = 'start the container as root, or remove the key';
  if (uid !== undefined && uid !== self.uid && !mayChown)
    place
      .at('owner')
      .problem({ message: `cannot give files to user ${uid}: taskmaster runs without CAP_CHOWN`, hint });
  // Without the capability one may still give a file to a group one is in (chown(2)).
  if (gid !== undefined && gid !== self.gid && !self.groups.includes(gid) && !mayChown)
    place
      .at('group')
      .problem({ message: `cannot give files to group ${gid}: taskmaster runs without CAP_CHOWN`, hint });
  const access: FileAccess = {
    ...(mode !== undefined && { mode: octalAt(place.at('mode'), mode, 'mode') }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  };
  return Object.keys(access).length === 0 ? {} : { access };
}

function pathAt(place: Place, given: string): string {
  if (given.endsWith('/')) place.problem({ message: `${showValue(given)} is a directory, not a file` });
  return resolve(dirname(place.source.path), given);
}

/**
 * The target of one instance, so that no two write to the same file unless they are meant to: `%i` in the path becomes
 * its number; in a path without it, instances after the first get their number before the extension, `web-2.log`.
 * @param instance number of the instance, from 1
 */
export function outputTargetOfInstance(target: OutputTarget, instance: number): OutputTarget {
  if (target.kind !== 'file') return target;
  if (isDeferred(target.path))
    return { ...target, path: textOfInstance(withNumber(target.path, instance), instance) };
  if (target.path.includes('%i')) return { ...target, path: withNumber(target.path, instance) };
  if (instance === 1 || target.isShared || target.path.startsWith('/dev/')) return target;
  const extension = extname(target.path);
  const name = basename(target.path, extension);
  return { ...target, path: join(dirname(target.path), `${name}-${instance}${extension}`) };
}

function withNumber(path: string, instance: number): string {
  return path.replaceAll('%i', String(instance));
}
