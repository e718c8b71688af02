/**
 * Holds the world: finds its records by name, by key and by process, and is the only one to change it, by what a step
 * returns. A record stays the same object for as long as its instance is there.
 */

import type { EngineConfig, ProcessConfig } from '../../config/resolved-config.ts';
import type { Rollout } from '../../lifecycle/rollout.ts';
import { dependentsByName } from './dependencies.ts';
import { type Draft, type InstanceRecord, isAlive, type Predecessor } from './instance-record.ts';
import { type EngineState, newWorld, type World } from './world.ts';

type Writable<Value> = { -readonly [Field in keyof Value]: Value[Field] };

/** As much of the configuration as the world goes by. */
export interface Settings {
  readonly engine: EngineConfig;
  readonly processes: readonly ProcessConfig[];
}

/** What a step has changed. */
export interface Changes {
  /** What has become of them, and those that are new. */
  readonly records: readonly InstanceRecord[];
  readonly engine?: EngineState;
  readonly rollouts?: readonly Rollout[];
  /** Keys of those that are gone. */
  readonly gone?: readonly string[];
  readonly settings?: Settings;
}

export class InstanceRecords {
  readonly #world: Writable<World>;
  #changed: string[];
  /** Replaced, never shortened: a loop over it may remove some. */
  #instances: InstanceRecord[];
  readonly #byName = new Map<string, InstanceRecord>();
  readonly #byKey = new Map<string, InstanceRecord>();
  readonly #byProcess = new Map<string, readonly InstanceRecord[]>();
  /** How many instances of each process the configuration asks for. */
  #configured: ReadonlyMap<string, number> = new Map();
  /** Those with predecessors: nearly always none. */
  readonly #waiting = new Set<InstanceRecord>();
  #engine: EngineConfig;
  #dependents: ReadonlyMap<string, readonly string[]> = new Map();

  /** @param world another engine's, whose records are to go on; without it there are none at first. */
  constructor(settings: Settings, world: World = newWorld()) {
    this.#engine = settings.engine;
    this.#changed = [...world.changed];
    this.#instances = [...world.instances];
    const { engine, rollouts } = world;
    this.#world = { engine, instances: this.#instances, rollouts, changed: this.#changed };
    for (const record of world.instances) this.#add(record);
    if (world.instances.length > 0) this.#use(settings);
  }

  get world(): World {
    return this.#world;
  }

  get engine(): EngineConfig {
    return this.#engine;
  }

  /** Takes over what a step has changed. */
  commit({ records, engine, rollouts, gone = [], settings }: Changes): void {
    for (const draft of records) {
      const record = this.#byKey.get(draft.key);
      if (record === undefined) this.#insert(draft);
      else this.#write(record, draft);
    }
    for (const key of gone) this.#forget(key);
    if (settings !== undefined) this.#use(settings);
    if (engine !== undefined) this.#world.engine = engine;
    if (rollouts !== undefined) this.#world.rollouts = rollouts;
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

  #insert(record: InstanceRecord): void {
    this.#add(record);
    this.#instances.push(record);
    if (record.change !== undefined) this.#changed.push(record.key);
  }

  #write(record: InstanceRecord, draft: InstanceRecord): void {
    if (record.change === undefined && draft.change !== undefined) this.#changed.push(draft.key);
    if (record.name !== draft.name) {
      // The first copy takes the name that another one had.
      if (this.#byName.get(record.name) === record) this.#byName.delete(record.name);
      this.#byName.set(draft.name, record);
    }
    // Everybody else has records to read only.
    Object.assign(record as Draft, draft);
    if (draft.predecessors.length === 0) this.#waiting.delete(record);
  }

  #forget(key: string): void {
    const record = this.#byKey.get(key);
    if (record === undefined) return;
    this.#replace(this.#instances.filter((other) => other !== record));
    if (this.#byName.get(record.name) === record) this.#byName.delete(record.name);
    this.#byKey.delete(key);
    this.#waiting.delete(record);
    const others = this.of(record.process.name).filter((other) => other !== record);
    if (others.length > 0) this.#byProcess.set(record.process.name, others);
    else this.#byProcess.delete(record.process.name);
  }

  /** Engine-wide settings, who depends on whom, and the order: by process, then by number; what is gone comes last. */
  #use({ engine, processes }: Settings): void {
    this.#engine = engine;
    this.#dependents = dependentsByName(processes);
    this.#configured = new Map(processes.map(({ name, instances }) => [name, instances]));
    const order = new Map(processes.map(({ name }, index) => [name, index]));
    const place = ({ process }: InstanceRecord): number => order.get(process.name) ?? order.size;
    this.#replace(
      this.#instances.toSorted((one, other) => place(one) - place(other) || one.ordinal - other.ordinal),
    );
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
}
