/**
 * What the container's memory limit means for the engine and its processes: whom the kernel kills when memory runs
 * out, and how to tell that it did. Everything is read from the cgroup file system, version 2 or 1; where that is
 * not mounted nothing is known, and nothing is claimed.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExitStatus } from '../lifecycle/exit-outcome.ts';
import { cgroupFolders, memoryLimit } from './cgroup.ts';

/** More than the engine ever uses. */
const ENGINE_MEMORY_BYTES = 96 * 1_048_576;
/** proc_pid_oom_score_adj(5): −1000 to 1000, in thousandths of the memory that is allowed. */
const HIGHEST_SCORE_ADJ = 1_000;
const OWN_SCORE_ADJ = '/proc/self/oom_score_adj';
/** A kill that was counted belongs to deaths collected until then: the dying takes a moment. */
const KILL_IS_RECENT_MS = 1_000;

export interface ContainerMemoryPorts {
  /** The text of a file. Throws where there is none. */
  readonly read: (path: string) => string;
  /** Throws where the file cannot be written. */
  readonly write: (path: string, text: string) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export class ContainerMemory {
  readonly #ports: ContainerMemoryPorts;
  readonly #killCounter: string | undefined;
  readonly #childScoreAdj: number | undefined;
  #killsSeen: number;
  #recent = { kills: 0, until: Number.NEGATIVE_INFINITY };

  constructor(ports: ContainerMemoryPorts) {
    this.#ports = ports;
    const folders = cgroupFolders('memory', this.#readIfThere('/proc/self/cgroup') ?? '');
    const counters = folders.flatMap((folder) => [
      join(folder, 'memory.events'),
      join(folder, 'memory.oom_control'),
    ]);
    this.#killCounter = counters.find((path) => killCount(this.#readIfThere(path)) !== undefined);
    this.#killsSeen = this.#kills();
    const limitBytes = memoryLimit(folders, (path) => this.#readIfThere(path));
    if (limitBytes !== undefined) this.#childScoreAdj = this.#scoreAdjFor(limitBytes);
  }

  /**
   * The score that makes a process weigh as if it used 96 MiB more than it does: when memory runs out in the
   * container, the kernel takes the largest of them and never the engine. Raising one's score needs no privilege.
   * @returns undefined: leave it as it is, for there is no limit here, or scores cannot be written
   */
  get childScoreAdj(): number | undefined {
    return this.#childScoreAdj;
  }

  /**
   * A death by a KILL that the kernel's out-of-memory killer can have sent is marked as such: its counter grew.
   * Called once for each dead child.
   */
  explain(status: ExitStatus): ExitStatus {
    if (status.how === 'exited' && status.code === 0) return status;
    const kills = this.#kills();
    if (kills > this.#killsSeen) {
      this.#recent = { kills: kills - this.#killsSeen, until: this.#ports.now() + KILL_IS_RECENT_MS };
      this.#killsSeen = kills;
    }
    if (status.how !== 'signalled' || status.signal !== 'SIGKILL') return status;
    if (this.#recent.kills === 0 || this.#ports.now() > this.#recent.until) return status;
    this.#recent.kills -= 1;
    return { ...status, oom: true };
  }

  #scoreAdjFor(limitBytes: number): number | undefined {
    try {
      const text = this.#ports.read(OWN_SCORE_ADJ);
      // Some sandboxes mount /proc read-only: better no score than no process. Nothing changes by this.
      this.#ports.write(OWN_SCORE_ADJ, text);
      const weight = Math.ceil((HIGHEST_SCORE_ADJ * ENGINE_MEMORY_BYTES) / limitBytes);
      return Math.min(HIGHEST_SCORE_ADJ, Number(text) + weight);
    } catch {
      return undefined;
    }
  }

  #kills(): number {
    return this.#killCounter === undefined ? 0 : (killCount(this.#readIfThere(this.#killCounter)) ?? 0);
  }

  #readIfThere(path: string): string | undefined {
    try {
      return this.#ports.read(path);
    } catch {
      return undefined;
    }
  }
}

/** Of the running engine. */
export function containerMemory(now: () => number): ContainerMemory {
  return new ContainerMemory({ read: (path) => readFileSync(path, 'utf8'), write: writeFileSync, now });
}

function killCount(text: string | undefined): number | undefined {
  const found = /^oom_kill (\d+)$/m.exec(text ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}
