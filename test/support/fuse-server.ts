/**
 * A small file system in memory, served through the descriptor 3 of /dev/fuse: one directory with regular files. While
 * it is stopped, each process that uses its files waits, as with a network file system that has gone away. See fuse(4), and
 * include/uapi/linux/fuse.h for numbers and layouts.
 */

import { readSync, writeSync } from 'node:fs';

const DEVICE = 3;
const ROOT = 1n;
const ENOENT = 2;
const ENOSYS = 38;
const REQUEST_HEADER_BYTES = 40;
const REPLY_HEADER_BYTES = 16;
const DIRECTORY_MODE = 0o040755;

interface Node {
  mode: number;
  uid: number;
  gid: number;
  links: number;
  data: Buffer;
}

const nodes = new Map<bigint, Node>([
  [ROOT, { mode: DIRECTORY_MODE, uid: 0, gid: 0, links: 2, data: Buffer.alloc(0) }],
]);
const names = new Map<string, bigint>();
let lastNode = ROOT;

interface Request {
  readonly node: bigint;
  readonly uid: number;
  readonly gid: number;
  readonly body: Buffer;
}

type Reply = Buffer | number | 'none';

function attributes(id: bigint): Buffer {
  const { mode, uid, gid, links, data } = nodes.get(id) as Node;
  const bytes = Buffer.alloc(88);
  bytes.writeBigUInt64LE(id, 0);
  bytes.writeBigUInt64LE(BigInt(data.length), 8);
  bytes.writeUInt32LE(mode, 60);
  bytes.writeUInt32LE(links, 64);
  bytes.writeUInt32LE(uid, 68);
  bytes.writeUInt32LE(gid, 72);
  bytes.writeUInt32LE(4_096, 80);
  return bytes;
}

function entry(id: bigint): Buffer {
  const head = Buffer.alloc(40);
  head.writeBigUInt64LE(id, 0);
  return Buffer.concat([head, attributes(id)]);
}

const attributesReply = (id: bigint): Buffer => Buffer.concat([Buffer.alloc(16), attributes(id)]);
const opened = (): Buffer => Buffer.alloc(16);
const textAt = (body: Buffer, at: number): string => body.toString('utf8', at, body.indexOf(0, at));

function remove(name: string): void {
  const node = nodes.get(names.get(name) ?? 0n);
  if (node !== undefined) node.links -= 1;
  names.delete(name);
}

function write(id: bigint, body: Buffer): Reply {
  const node = nodes.get(id) as Node;
  const offset = Number(body.readBigUInt64LE(8));
  const size = body.readUInt32LE(16);
  const grown = Buffer.alloc(Math.max(node.data.length, offset + size));
  node.data.copy(grown);
  body.copy(grown, offset, 40, 40 + size);
  node.data = grown;
  const reply = Buffer.alloc(8);
  reply.writeUInt32LE(size, 0);
  return reply;
}

function setAttributes(id: bigint, body: Buffer): Reply {
  const node = nodes.get(id) as Node;
  const valid = body.readUInt32LE(0);
  if (valid & 1) node.mode = (node.mode & 0o170000) | (body.readUInt32LE(68) & 0o7777);
  if (valid & 2) node.uid = body.readUInt32LE(76);
  if (valid & 4) node.gid = body.readUInt32LE(80);
  if (valid & 8) node.data = Buffer.from(node.data.subarray(0, Number(body.readBigUInt64LE(16))));
  return attributesReply(id);
}

function list(body: Buffer): Reply {
  const from = Number(body.readBigUInt64LE(8));
  const parts = [...names].slice(from).map(([name, id], index) => {
    const part = Buffer.alloc(24 + Math.ceil(name.length / 8) * 8);
    part.writeBigUInt64LE(id, 0);
    part.writeBigUInt64LE(BigInt(from + index + 1), 8);
    part.writeUInt32LE(name.length, 16);
    part.writeUInt32LE(8, 20);
    part.write(name, 24);
    return part;
  });
  return Buffer.concat(parts);
}

function create({ uid, gid, body }: Request): Reply {
  lastNode += 1n;
  nodes.set(lastNode, { mode: body.readUInt32LE(4), uid, gid, links: 1, data: Buffer.alloc(0) });
  names.set(textAt(body, 16), lastNode);
  return Buffer.concat([entry(lastNode), opened()]);
}

function rename(body: Buffer, at: number): Reply {
  const from = textAt(body, at);
  const to = textAt(body, at + from.length + 1);
  const id = names.get(from);
  if (id === undefined) return ENOENT;
  remove(to);
  names.delete(from);
  names.set(to, id);
  return Buffer.alloc(0);
}

function init(): Reply {
  const reply = Buffer.alloc(64);
  reply.writeUInt32LE(7, 0);
  reply.writeUInt32LE(31, 4);
  reply.writeUInt32LE(131_072, 20);
  return reply;
}

const HANDLERS: Readonly<Record<number, (request: Request) => Reply>> = {
  1: ({ body }) => {
    const id = names.get(textAt(body, 0));
    return id === undefined ? ENOENT : entry(id);
  },
  2: () => 'none',
  3: ({ node }) => attributesReply(node),
  4: ({ node, body }) => setAttributes(node, body),
  10: ({ body }) => {
    remove(textAt(body, 0));
    return Buffer.alloc(0);
  },
  12: ({ body }) => rename(body, 8),
  14: opened,
  15: ({ node, body }) => {
    const offset = Number(body.readBigUInt64LE(8));
    return Buffer.from(nodes.get(node)?.data.subarray(offset, offset + body.readUInt32LE(16)) ?? []);
  },
  16: ({ node, body }) => write(node, body),
  17: () => Buffer.alloc(80),
  18: () => Buffer.alloc(0),
  20: () => Buffer.alloc(0),
  // FLUSH: the kernel would wait for it without an end when a process exits, whatever signals come.
  25: () => ENOSYS,
  26: init,
  27: opened,
  28: ({ body }) => list(body),
  29: () => Buffer.alloc(0),
  34: () => Buffer.alloc(0),
  35: create,
  36: () => 'none',
  42: () => 'none',
  45: ({ body }) => rename(body, 16),
};

const buffer = Buffer.alloc(1_048_576);
for (;;) {
  const length = readSync(DEVICE, buffer, 0, buffer.length, null);
  if (length === 0) process.exit(0);
  const request = {
    node: buffer.readBigUInt64LE(16),
    uid: buffer.readUInt32LE(24),
    gid: buffer.readUInt32LE(28),
    body: Buffer.from(buffer.subarray(REQUEST_HEADER_BYTES, length)),
  };
  const reply = HANDLERS[buffer.readUInt32LE(4)]?.(request) ?? ENOSYS;
  if (reply === 'none') continue;
  const data = typeof reply === 'number' ? Buffer.alloc(0) : reply;
  const head = Buffer.alloc(REPLY_HEADER_BYTES);
  head.writeUInt32LE(REPLY_HEADER_BYTES + data.length, 0);
  head.writeInt32LE(typeof reply === 'number' ? -reply : 0, 4);
  buffer.copy(head, 8, 8, 16);
  writeSync(DEVICE, Buffer.concat([head, data]));
}
