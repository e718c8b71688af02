/**
 * Holds the world: finds its records by name, by key and by process, keeps them in the order of the configuration, and is
 * the only one to change them. A record stays the same object for as long as its instance is there.
 */

import { instanceName } from '../../config/instance-names.ts';
import type { EngineConfig, ProcessConfig, ResolvedConfig } from '../../config/resolved-config.ts';
import type { Clock } from '../ports/clock.ts';
import { dependentsByName } from './dependencies.ts';
import {
  type Draft,
  type InstanceRecord,
  isAlive,
  newRecord,
  type Predecessor,
  wasStoppedByUser,
} from './instance-record.ts';
import { type EngineState, newWorld, type World } from './world.ts';

type Writable<Value> = { -readonly [Field in keyof Value]: Value[Field] };

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
  readonly #world: Writable<World>;
  #changed: string[];
  /** Replaced, never shortened: a loop over it may remove some. */
  #instances: InstanceRecord[];
  readonly #byName = new Map<string, InstanceRecord>();
  readonly #byKey = new Map<string, InstanceRecord>();
  readonly #byProcess = new Map<string, readonly InstanceRecord[]>();
  /** How many instances of each process the configuration asks for. */
  readonly #configured = new Map<string, number>();
  /** Those with predecessors: nearly always none. */
  readonly #waiting = new Set<InstanceRecord>();
  #engine: EngineConfig;
  #dependents: ReadonlyMap<string, readonly string[]> = new Map();

  /** @param world another engine's, whose records are to go on; without it there are none at first. */
  constructor(config: ResolvedConfig, clock: Clock, world: World = newWorld()) {
    this.#engine = config.engine;
    this.#clock = clock;
    this.#changed = [...world.changed];
    this.#instances = [...world.instances];
    this.#world = { engine: world.engine, instances: this.#instances, changed: this.#changed };
    for (const record of world.instances) this.#add(record);
    if (world.instances.length === 0) return;
    for (const { name, instances } of config.processes.values()) this.#configured.set(name, instances);
    this.useConfig(config);
  }

  get world(): World {
    return this.#world;
  }

  get engine(): EngineConfig {
    return this.#engine;
  }

  /** Takes over what a step made of records. */
  commit(drafts: readonly InstanceRecord[]): void {
    for (const draft of drafts) {
      const record = this.#byKey.get(draft.key);
      if (record === undefined) continue;
      if (record.change === undefined && draft.change !== undefined) this.#changed.push(draft.key);
      write(record, draft);
      if (draft.predecessors.length === 0) this.#waiting.delete(record);
    }
  }

  commitEngine(engine: EngineState): void {
    this.#world.engine = engine;
  }

  /** The turn's changes are reported. */
  endTurn(): void {
    this.#changed = [];
    this.#world.changed = this.#changed;
  }

  byKey(key: string): InstanceRecord | undefined {
    return this.#byKey.get(key);
  }

  get(instance: string): InstanceRecord | undefined {
    return this.#byName.get(instance);
  }

  of(process: string): readonly InstanceRecord[] {
    return this.#byProcess.get(process) ?? [];
  }

  dependentsOf(process: string): readonly InstanceRecord[] {
    return (this.#dependents.get(process) ?? []).flatMap((name) => this.of(name));
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
    return { added, surplus: known.filter((record) => !kept.includes(record)), revived, renamed };
  }

  /** Engine-wide settings, who depends on whom, and the order: by process, then by number; what is gone comes last. */
  useConfig({ engine, processes }: ResolvedConfig): void {
    this.#engine = engine;
    this.#dependents = dependentsByName(processes.values());
    for (const name of this.#configured.keys()) if (!processes.has(name)) this.#configured.delete(name);
    const order = new Map([...processes.keys()].map((name, index) => [name, index]));
    const place = ({ process }: InstanceRecord): number => order.get(process.name) ?? order.size;
    this.#replace(
      this.#instances.toSorted((one, other) => place(one) - place(other) || one.ordinal - other.ordinal),
    );
  }

  /** Whenever the instance is to start, it waits until what lives of the others now is gone. */
  startAfter(record: InstanceRecord, others: readonly InstanceRecord[]): void {
    const predecessors = others
      .filter(isAlive)
      .map(({ key, machine }) => ({ key, incarnation: machine.incarnation }));
    write(record, { predecessors });
    if (record.predecessors.length > 0) this.#waiting.add(record);
  }

  /** Those that must not run beside an incarnation of this one. */
  followersOf(record: InstanceRecord): readonly InstanceRecord[] {
    if (this.#waiting.size === 0) return [];
    return [...this.#waiting].filter(({ predecessors }) =>
      predecessors.some(({ key }) => key === record.key),
    );
  }

  /** Those that the instance must not run beside, and that are not gone yet. */
  predecessorsOf({ predecessors }: InstanceRecord): readonly InstanceRecord[] {
    return predecessors
      .filter((before) => this.isLeft(before))
      .flatMap(({ key }) => this.#byKey.get(key) ?? []);
  }

  isLeft({ key, incarnation }: Predecessor): boolean {
    const record = this.#byKey.get(key);
    return record !== undefined && record.machine.incarnation === incarnation && isAlive(record);
  }

  forget(record: InstanceRecord): void {
    this.#replace(this.#instances.filter((other) => other !== record));
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
      this.#add(record);
    }
    this.#instances.push(...added);
    return added;
  }

  #replace(instances: InstanceRecord[]): void {
    this.#instances = instances;
    this.#world.instances = instances;
  }

  #add(record: InstanceRecord): void {
    this.#byName.set(record.name, record);
    this.#byKey.set(record.key, record);
    this.#byProcess.set(record.process.name, [...this.of(record.process.name), record]);
    if (record.predecessors.length > 0) this.#waiting.add(record);
  }

  #rename(record: InstanceRecord, name: string): Fitted['renamed'] {
    const was = record.name;
    if (was === name) return [];
    this.#byName.delete(was);
    write(record, { name });
    this.#byName.set(name, record);
    return [{ record, was }];
  }
}

/** Everybody else has records to read only. */
function write(record: InstanceRecord, fields: Partial<InstanceRecord>): void {
  Object.assign(record as Draft, fields);
}
