/** What instances and the container use; see `system`. */

/** What an incarnation uses, with all that it has started: the sum over its session. */
export interface GroupUsage {
  /**
   * User and system time of the processes that are there, and of those dead ones that one of them has waited for.
   * Never falls while the leader lives.
   */
  readonly cpuSeconds: number;
  /** Resident memory; what processes share is counted for each of them. */
  readonly residentBytes: number;
  /** The part of it that is neither of a file nor shared memory. */
  readonly anonymousBytes: number;
  /** How many live, the leader included. */
  readonly processes: number;
}

/** What the container as a whole uses, of what it may; outside of one, the machine. */
export interface ContainerUsage {
  /** Processes that run or wait to, on average over the last minute; the whole machine's (proc_loadavg(5)). */
  readonly load: number;
  /** How many it may keep busy; not always whole. */
  readonly processors: number;
  /** Without files in memory that the kernel can give up at once. */
  readonly memoryBytes?: number;
  readonly memoryLimitBytes?: number;
}

export interface UsageReading {
  /** By the leader's pid. */
  get(pid: number): GroupUsage | undefined;
  readonly container?: ContainerUsage;
}

export interface UsageReader {
  /** Reads for all at once, in slices between which the event loop has its turn. Never rejects. */
  read(): Promise<UsageReading>;
}
