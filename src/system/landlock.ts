/** Rules of Landlock as the kernel takes them: rights are bits (linux/landlock.h). */

import type { LandlockRules } from '../config/resolved-config.ts';
import type { SpawnRequest } from '../supervisor/ports/kernel.ts';
import type { NativeSpawnRequest } from './native.ts';

const EXECUTE = 1 << 0;
const WRITE_FILE = 1 << 1;
const READ_FILE = 1 << 2;
const READ_DIRECTORY = 1 << 3;
const REMOVE_DIRECTORY = 1 << 4;
const REMOVE_FILE = 1 << 5;
const MAKE_CHARACTER_DEVICE = 1 << 6;
const MAKE_DIRECTORY = 1 << 7;
const MAKE_FILE = 1 << 8;
const MAKE_SOCKET = 1 << 9;
const MAKE_FIFO = 1 << 10;
const MAKE_BLOCK_DEVICE = 1 << 11;
const MAKE_LINK = 1 << 12;
/** To move a file to another directory, or link it there. */
const MOVE = 1 << 13;
const TRUNCATE = 1 << 14;
const CONTROL_DEVICE = 1 << 15;
const BIND_TCP = 1 << 0;
const CONNECT_TCP = 1 << 1;

const READ = READ_FILE | READ_DIRECTORY;
const WRITE =
  READ |
  WRITE_FILE |
  REMOVE_DIRECTORY |
  REMOVE_FILE |
  MAKE_DIRECTORY |
  MAKE_FILE |
  MAKE_SOCKET |
  MAKE_FIFO |
  MAKE_LINK |
  MOVE |
  TRUNCATE |
  CONTROL_DEVICE;
const ALL = WRITE | EXECUTE | MAKE_CHARACTER_DEVICE | MAKE_BLOCK_DEVICE;

/** The rights of files that each version knows; the last one is for all that follow. */
const FILE_RIGHTS: readonly number[] = [
  0,
  ALL & ~(MOVE | TRUNCATE | CONTROL_DEVICE),
  ALL & ~(TRUNCATE | CONTROL_DEVICE),
  ALL & ~CONTROL_DEVICE,
  ALL & ~CONTROL_DEVICE,
  ALL,
];
const FIRST_WITH_PORTS = 4;

/** Every program may expect these. */
const DEVICES: readonly (readonly [path: string, rights: number])[] = [
  ['-/dev/null', READ_FILE | WRITE_FILE | TRUNCATE],
  ['-/dev/zero', READ_FILE | WRITE_FILE | TRUNCATE],
  ['-/dev/full', READ_FILE | WRITE_FILE | TRUNCATE],
  ['-/dev/random', READ_FILE],
  ['-/dev/urandom', READ_FILE],
];
const TERMINAL = [['-/dev/tty', READ_FILE | WRITE_FILE | CONTROL_DEVICE]] as const;

/** @returns what this kernel can do of the rules; undefined if that is nothing. */
export function nativeLandlock(
  { landlock, descriptors }: Pick<SpawnRequest, 'landlock' | 'descriptors'>,
  version: number,
): NativeSpawnRequest['landlock'] {
  const { read, write, execute, connectTcp, bindTcp } = landlock ?? {};
  const isRestricted = (read ?? write ?? execute) !== undefined;
  const handledFileRights = isRestricted ? (FILE_RIGHTS[version] ?? FILE_RIGHTS.at(-1) ?? 0) : 0;
  const knowsPorts = version >= FIRST_WITH_PORTS;
  const handledPortRights = knowsPorts
    ? (connectTcp === undefined ? 0 : CONNECT_TCP) | (bindTcp === undefined ? 0 : BIND_TCP)
    : 0;
  if ((handledFileRights | handledPortRights) === 0) return undefined;
  const readRights = execute === undefined ? READ | EXECUTE : READ;
  const rules = [
    ...DEVICES,
    ...(descriptors[0]?.source.kind === 'terminal' ? TERMINAL : []),
    ...(read ?? []).map((path) => [path, readRights] as const),
    ...(write ?? []).map((path) => [path, WRITE] as const),
    ...(execute ?? []).map((path) => [path, READ | EXECUTE] as const),
  ];
  const paths = handledFileRights === 0 ? [] : rules;
  return {
    handledFileRights,
    handledPortRights,
    paths: paths.map(([path]) => path),
    pathRights: paths.map(([, rights]) => rights & handledFileRights),
    ports: [
      ...ports(connectTcp, CONNECT_TCP & handledPortRights),
      ...ports(bindTcp, BIND_TCP & handledPortRights),
    ],
  };
}

function ports(list: LandlockRules['bindTcp'], right: number): readonly number[] {
  return right === 0 ? [] : (list ?? []).flatMap((port) => [right, Number(port)]);
}
