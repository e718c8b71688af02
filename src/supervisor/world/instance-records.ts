/** Finds the records of the world by name, by key and by process, and keeps them in the order of the configuration. */

import { instanceName } from '../../config/instance-names.ts';
import type { ProcessConfig } from '../../config/resolved-config.ts';
import type { Clock } from '../ports/clock.ts';
import {
  type InstanceRecord,
  isAlive,
  newRecord,
  type Predecessor,
  wasStoppedByUser,
} from './instance-record.ts';
import type { World } from './world.ts';

/** What fitting a process's records to its number of instances came to. */
export interface Fitted {
  readonly added: readonly InstanceRecord[];
  /** Too many; the caller removes them. */
  readonly surplus: readonly InstanceRecord[];
  /** An earlier reload has removed them, and they are still stopping. */
  readonly revived: readonly InstanceRecord[];
  readonly renamed: readonly { readonly record: InstanceRecord; readonly was: string }[];
}

export class InstanceRecords {
  readonly #clock: Clock;
  readonly #world: World;
  readonly #byName = new Map<string, InstanceRecord>();
  readonly #byKey = new Map<string, InstanceRecord>();
  readonly #byProcess = new Map<string, readonly InstanceRecord[]>();
  /** How many instances of each process the configuration asks for. */
  readonly #configured = new Map<string, number>();
  /** Those with predecessors: nearly always none. */
  readonly #waiting = new Set<InstanceRecord>();

  constructor(world: World, clock: Clock) {
    this.#world = world;
    this.#clock = clock;
  }

  get(instance: string): InstanceRecord | undefined {
    return this.#byName.get(instance);
  }

  of(process: string): readonly InstanceRecord[] {
    return this.#byProcess.get(process) ?? [];
  }

  /** Else it goes once it has stopped. */
  isConfigured({ process, ordinal }: InstanceRecord): boolean {
    return ordinal <= (this.#configured.get(process.name) ?? 0);
  }

  /**
   * Copies that stay keep all they have, under the name that they have in such a number; those that are missing are
   * made, idle.
   */
  fit(process: ProcessConfig): Fitted {
    const known = this.of(process.name);
    const kept = known.filter(({ ordinal }) => ordinal <= process.instances);
    const revived = kept.filter((record) => !this.isConfigured(record));
    this.#configured.set(process.name, process.instances);
    const renamed = kept.flatMap((record) => this.#rename(record, instanceName(process, record.ordinal)));
    const added = this.#make(process, kept);
    this.#byProcess.set(process.name, [...known, ...added]);
    return { added, surplus: known.filter((record) => !kept.includes(record)), revived, renamed };
  }

  /** By process in the order of the configuration, then by number; processes that are not in it any more come last. */
  sort(processes: ReadonlyMap<string, ProcessConfig>): void {
    for (const name of this.#configured.keys()) if (!processes.has(name)) this.#configured.delete(name);
    const order = new Map([...processes.keys()].map((name, index) => [name, index]));
    const place = ({ process }: InstanceRecord): number => order.get(process.name) ?? order.size;
    this.#world.instances = this.#world.instances.toSorted(
      (one, other) => place(one) - place(other) || one.ordinal - other.ordinal,
    );
  }

  /** Whenever the instance is to start, it waits until what lives of the others now is gone. */
  startAfter(record: InstanceRecord, others: readonly InstanceRecord[]): void {
    record.predecessors = others
      .filter(isAlive)
      .map(({ key, machine }) => ({ key, incarnation: machine.incarnation }));
    if (record.predecessors.length > 0) this.#waiting.add(record);
  }

  /** @returns those that waited for an incarnation of this one, and need wait no longer for what is gone. */
  followersOf(record: InstanceRecord): readonly InstanceRecord[] {
    const followers = [...this.#waiting].filter(({ predecessors }) =>
      predecessors.some(({ key }) => key === record.key),
    );
    for (const follower of followers) {
      follower.predecessors = follower.predecessors.filter((before) => this.#isLeft(before));
      if (follower.predecessors.length === 0) this.#waiting.delete(follower);
    }
    return followers;
  }

  /** Those that the instance must not run beside, and that are not gone yet. */
  predecessorsOf({ predecessors }: InstanceRecord): readonly InstanceRecord[] {
    return predecessors
      .filter((before) => this.#isLeft(before))
      .flatMap(({ key }) => this.#byKey.get(key) ?? []);
  }

  forget(record: InstanceRecord): void {
    this.#world.instances = this.#world.instances.filter((other) => other !== record);
    this.#byName.delete(record.name);
    this.#byKey.delete(record.key);
    this.#waiting.delete(record);
    const others = this.of(record.process.name).filter((other) => other !== record);
    if (others.length > 0) this.#byProcess.set(record.process.name, others);
    else this.#byProcess.delete(record.process.name);
  }

  #make(process: ProcessConfig, kept: readonly InstanceRecord[]): readonly InstanceRecord[] {
    const ordinals = new Set(kept.map(({ ordinal }) => ordinal));
    const added = Array.from({ length: process.instances }, (_, index) => index + 1)
      .filter((ordinal) => !ordinals.has(ordinal))
      .map((ordinal) => newRecord(process, ordinal, this.#clock));
    // A person who stopped all copies has stopped the process: more of it are not started either.
    const [first] = kept;
    const inherited = first !== undefined && kept.every(wasStoppedByUser) ? first.wanted : undefined;
    for (const record of added) {
      if (inherited !== undefined) record.wanted = inherited;
      this.#byName.set(record.name, record);
      this.#byKey.set(record.key, record);
      this.#world.instances.push(record);
    }
    return added;
  }

  #isLeft({ key, incarnation }: Predecessor): boolean {
    const record = this.#byKey.get(key);
    return record !== undefined && record.machine.incarnation === incarnation && isAlive(record);
  }

  #rename(record: InstanceRecord, name: string): Fitted['renamed'] {
    const was = record.name;
    if (was === name) return [];
    this.#byName.delete(was);
    record.name = name;
    this.#byName.set(name, record);
    return [{ record, was }];
  }
}
