/** What the container prints: processes with `inherit`, as they are, with a prefix, or as JSON lines; and marks. */

import type { EngineLogConfig, SlowReaderRules } from '../../config/resolved-config.ts';
import type { Clock } from '../../supervisor/ports/clock.ts';
import type { EngineEvent } from '../../wire/engine-event.ts';
import type { OutputSource, OutputStream } from '../instance-output.ts';
import { LifeMarks } from '../lines/life-marks.ts';
import { LineBatch } from '../lines/line-batch.ts';
import { isoClock, jsonFormat, type LineFormat, membersOf, prefixFormat } from '../lines/line-format.ts';
import { type Labelled, LineLabels } from '../lines/line-labels.ts';
import { LineLane } from '../lines/line-lane.ts';
import { type Lane, RawLane } from '../memory/lane.ts';
import type { SharedStream, StreamWriter } from './shared-stream.ts';

export interface ContainerStreams {
  /**
   * A place to write to, for one stream of one incarnation; `to` is the container's stream. What other incarnations
   * have written there before comes first.
   * @param resume called when there is room again.
   */
  writerFor(source: OutputSource, to: OutputStream, resume: () => void): StreamWriter;
  /** Every instance there is, for alignment, and whether their lives are marked; from now on. */
  use(names: readonly Labelled[], hasMarks: boolean): void;
  useSlowReader(rules: SlowReaderRules): void;
  /** Marks what is worth a mark. */
  tell(event: EngineEvent): void;
  /** The engine shuts down: a stuck reader is given up sooner. */
  hurry(): void;
  /** Resolves when all that was written has left, or cannot leave because nobody reads. */
  idle(): Promise<void>;
  /** Gives up what was not written, and reports it. */
  tellUnwritten(): void;
}

export interface ContainerPorts {
  /** The same one twice if both lead to the same pipe, terminal or file. */
  readonly stdout: SharedStream;
  readonly stderr: SharedStream;
  readonly format: EngineLogConfig['output'];
  /** Terminals on which colour is wanted. */
  readonly hasColour: Readonly<Record<OutputStream, boolean>>;
  readonly clock: Pick<Clock, 'soon' | 'wallTime'>;
}

export function containerStreams(ports: ContainerPorts): ContainerStreams {
  return ports.format === 'raw' ? new RawStreams(ports) : new LineStreams({ ...ports, format: ports.format });
}

/** What every format has in common. */
abstract class Streams<L extends Lane> {
  readonly #ports: ContainerPorts;
  /** The newest of each stream of each instance. */
  readonly #newest = new Map<string, { readonly instance: string; lane: L; writer: StreamWriter }>();

  constructor(ports: ContainerPorts) {
    this.#ports = ports;
  }

  writerFor(source: OutputSource, to: OutputStream, resume: () => void): StreamWriter {
    const key = keyOf(source, to);
    const lane = this.makeLane(source, to);
    const writer = this.#ports[to].writer({ lane, source, resume, after: this.#newest.get(key)?.lane });
    this.#newest.set(key, { instance: source.instance, lane, writer });
    return writer;
  }

  use(names: readonly Labelled[], _hasMarks: boolean): void {
    const instances = new Set(names.map(({ instance }) => instance));
    for (const [key, { instance }] of this.#newest) if (!instances.has(instance)) this.#newest.delete(key);
  }

  useSlowReader(rules: SlowReaderRules): void {
    for (const stream of this.#both) stream.use(rules);
  }

  hurry(): void {
    for (const stream of this.#both) stream.hurry();
  }

  async idle(): Promise<void> {
    await Promise.all(this.#both.map((stream) => stream.idle()));
  }

  tellUnwritten(): void {
    for (const stream of this.#both) stream.tellUnwritten();
  }

  protected abstract makeLane(source: OutputSource, to: OutputStream): L;

  protected newest(source: OutputSource, to: OutputStream): { lane: L; writer: StreamWriter } | undefined {
    return this.#newest.get(keyOf(source, to));
  }

  get #both(): readonly SharedStream[] {
    const { stdout, stderr } = this.#ports;
    return stdout === stderr ? [stdout] : [stdout, stderr];
  }
}

function keyOf({ instance, stream }: OutputSource, to: OutputStream): string {
  return `${instance} ${stream} ${to}`;
}

class RawStreams extends Streams<RawLane> implements ContainerStreams {
  readonly #pools: ContainerPorts;

  constructor(ports: ContainerPorts) {
    super(ports);
    this.#pools = ports;
  }

  /** What comes is not looked at, so nothing can be put between its lines. */
  tell(): void {}

  protected override makeLane(_source: OutputSource, to: OutputStream): RawLane {
    return new RawLane(this.#pools[to].pool);
  }
}

type LinePorts = ContainerPorts & { readonly format: 'prefix' | 'json' };

class LineStreams extends Streams<LineLane> implements ContainerStreams {
  readonly #linePorts: LinePorts;
  readonly #labels = new LineLabels();
  /** One for all: it is empty between two calls. */
  readonly #batch = new LineBatch();
  readonly #marks: LifeMarks;
  #hasMarks = false;

  constructor(ports: LinePorts) {
    super(ports);
    this.#linePorts = ports;
    this.#marks = new LifeMarks(ports.clock, (event, text) => this.#mark(event, text));
  }

  override use(names: readonly Labelled[], hasMarks: boolean): void {
    super.use(names, hasMarks);
    this.#labels.useNames(names);
    this.#hasMarks = hasMarks;
  }

  tell(event: EngineEvent): void {
    if (this.#hasMarks) this.#marks.tell(event);
  }

  protected override makeLane(source: OutputSource, to: OutputStream): LineLane {
    const { clock } = this.#linePorts;
    const wallTime = (): number => clock.wallTime();
    const format = this.#formatOf(source, to, () => lane.time);
    const lane = new LineLane({ pool: this.#linePorts[to].pool, format, batch: this.#batch, wallTime });
    return lane;
  }

  #formatOf(source: OutputSource, to: OutputStream, timeOfLine: () => number): LineFormat {
    const { format, hasColour } = this.#linePorts;
    if (format === 'json') return jsonFormat(source, isoClock(timeOfLine));
    const isColoured = hasColour[to];
    return prefixFormat(() => this.#labels.labelsFor(source, isColoured), isColoured);
  }

  /** Behind all that the instance has printed so far. */
  #mark(event: EngineEvent, text: string): void {
    const { instance = '', process = '' } = event;
    const source = { instance, process, stream: 'stdout' } as const;
    if (this.newest(source, 'stdout') === undefined) this.writerFor(source, 'stdout', () => {});
    const { lane, writer } = this.newest(source, 'stdout') ?? {};
    lane?.mark(this.#markOf(event, text));
    writer?.wake();
  }

  #markOf(event: EngineEvent, text: string): string {
    const { instance = '', process = '', incarnation, pid, level } = event;
    if (this.#linePorts.format === 'prefix') {
      const isColoured = this.#linePorts.hasColour.stdout;
      return `${this.#labels.labelsFor({ instance, process }, isColoured).mark.toString()}${text}\n`;
    }
    const fields = { event: event.event, process, instance, incarnation, pid, msg: text };
    return `{"level":"${level}","time":"${new Date(event.time).toISOString()}",${membersOf(fields)}}\n`;
  }
}
