/**
 * What an engine that was killed has left behind: it was not PID 1, and the next one with the same configuration would
 * start everything a second time. Its processes are known by the mark of its families (`process-tree.ts`).
 */

import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import type { LeftProcess } from '../wire/snapshot.ts';
import { otherPids } from './descendants.ts';
import { engineOfMark } from './kernel.ts';
import type { NativeAddon } from './native.ts';
import { type ReadMark, readMark } from './process-sighting.ts';

const LOOK_AGAIN_MS = 20;
/** How long they may take to end by themselves, and killed ones to be gone. */
const PATIENCE_MS = 5_000;
const KILLED_MS = 1_000;
const SIGTERM = 15;
const SIGKILL = 9;
const SIGCONT = 18;
/** Numbers of engines, less what a double keeps exact beside that of a family. */
const ENGINES = 2 ** 28;

/**
 * The same for every engine of this user with this configuration. By FNV-1a (RFC 9923) and not by node:crypto, which
 * takes longer to load than all that the engine does with it.
 */
export function engineNumber(configPath: string, uid: number): number {
  let hash = 0x811c9dc5 | 0;
  for (const byte of Buffer.from(`${uid}:${configPath}`)) hash = Math.imul(hash ^ byte, 0x01000193);
  // Of small numbers: V8 keeps those over 2^31 in another way, and the build's compiled code would depend on the path.
  const bits = (hash >>> 4) ^ (hash & 0xf);
  return 1 + (bits % (ENGINES - 1));
}

export class AbandonedProcesses {
  readonly #addon: Pick<NativeAddon, 'kill' | 'readMark'>;
  readonly #engine: number;
  readonly #readMark: ReadMark;

  constructor(addon: Pick<NativeAddon, 'kill' | 'readMark'>, engine: number) {
    this.#addon = addon;
    this.#engine = engine;
    this.#readMark = (pid) => addon.readMark(pid);
  }

  /** Those alive now; none that this engine started. */
  find(): readonly LeftProcess[] {
    return otherPids()
      .filter((pid) => engineOfMark(readMark(pid, this.#readMark)) === this.#engine)
      .filter((pid) => stateOf(pid) !== 'Z' && !hasLivingEngine(pid))
      .map((pid) => ({ pid, command: commandOf(pid) }));
  }

  /** TERM and CONT for each, then KILL for what is left. @returns those that even that did not end. */
  async stop(): Promise<readonly LeftProcess[]> {
    const told = new Set<number>();
    const startedAt = performance.now();
    for (;;) {
      const left = this.find();
      const ageMs = performance.now() - startedAt;
      if (left.length === 0 || ageMs > PATIENCE_MS + KILLED_MS) return left;
      for (const { pid } of left) {
        if (ageMs > PATIENCE_MS) this.#addon.kill(pid, SIGKILL);
        else if (!told.has(pid)) {
          told.add(pid);
          this.#addon.kill(pid, SIGTERM);
          this.#addon.kill(pid, SIGCONT);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }
}

/** Another engine with the same configuration runs it: it is not abandoned. */
function hasLivingEngine(pid: number): boolean {
  for (let ancestor = parentOf(pid); ancestor > 0; ancestor = parentOf(ancestor)) {
    if (ancestor === process.pid || isEngine(ancestor)) return true;
  }
  return false;
}

/** The words alone do not say it: an init such as tini has them too. */
function isEngine(pid: number): boolean {
  if (!/\0engine\0start(\0|$)/.test(read(`${pid}/cmdline`) ?? '')) return false;
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)) === basename(process.execPath);
  } catch {
    return false;
  }
}

function commandOf(pid: number): string {
  return read(`${pid}/cmdline`)?.replaceAll('\0', ' ').trim() || (read(`${pid}/comm`)?.trim() ?? '?');
}

function parentOf(pid: number): number {
  return Number(fieldsOf(pid)[1] ?? 0);
}

function stateOf(pid: number): string | undefined {
  return fieldsOf(pid)[0] ?? 'Z';
}

/** From the state on (proc_pid_stat(5)). */
function fieldsOf(pid: number): readonly string[] {
  const stat = read(`${pid}/stat`);
  return stat === undefined ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function read(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return undefined;
  }
}
