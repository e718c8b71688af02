/**
 * The engine's state as metrics: OpenMetrics 1.0 (https://github.com/prometheus/OpenMetrics), or the older text format
 * 0.0.4 of Prometheus for scrapers that do not ask for it. Pure: snapshot in, text out, piece by piece.
 */

import { shellCodeOf } from '../exit-status.ts';
import { VISIBLE_STATES } from '../lifecycle/states.ts';
import type { EngineSnapshot, InstanceSnapshot } from '../wire/snapshot.ts';

export type MetricsFormat = 'openmetrics' | 'prometheus';

/** What the engine itself uses, beside its snapshot. */
export interface EngineVitals {
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly name: `taskmaster_${string}`;
  readonly type: 'gauge' | 'counter' | 'info' | 'stateset';
  readonly unit?: 'seconds' | 'bytes';
  readonly help: string;
}

/** Text is handed out in pieces of about this size: a thousand processes make two megabytes. */
const PIECE_CHARACTERS = 32_768;

/** @param snapshot with usage, where that is known. */
export function* renderMetrics(
  snapshot: EngineSnapshot,
  vitals: EngineVitals,
  format: MetricsFormat,
): Generator<string> {
  let piece = '';
  for (const text of lines(snapshot, vitals, format)) {
    piece += text;
    if (piece.length < PIECE_CHARACTERS) continue;
    yield piece;
    piece = '';
  }
  // "The last line MUST be EOF" tells a whole exposition from one that was cut off.
  yield format === 'openmetrics' ? `${piece}# EOF\n` : piece;
}

function* lines(snapshot: EngineSnapshot, vitals: EngineVitals, format: MetricsFormat): Generator<string> {
  for (const [family, labels, value] of engineMetrics(snapshot, vitals)) {
    yield `${header(family, format)}${sampleName(family)}${braces(inBraces(labels))} ${value}\n`;
  }
  // Each is written a few times.
  const labelled = snapshot.instances.map((instance) => ({
    instance,
    labels: inBraces({ process: instance.process, name: instance.name }),
  }));
  for (const { family, read } of PROCESS_METRICS) {
    yield header(family, format);
    const name = sampleName(family);
    for (const { instance, labels } of labelled) {
      const value = read(instance);
      if (value !== undefined) yield `${name}{${labels}} ${value}\n`;
    }
  }
  yield header(STATE, format);
  for (const { instance, labels } of labelled) {
    yield VISIBLE_STATES.map(
      // "Each State's sample MUST have a label with the MetricFamily name as label name".
      (state) => `${STATE.name}{${labels},${STATE.name}="${state}"} ${state === instance.state ? 1 : 0}\n`,
    ).join('');
  }
}

const STATE: Family = {
  name: 'taskmaster_process_state',
  type: 'stateset',
  help: 'The state it is in, as taskshell status tells it.',
};

function engineMetrics(
  { version, role, uptime_ms, draining, orphans_reaped }: EngineSnapshot,
  { startedAt, cpuSeconds, residentBytes }: EngineVitals,
): readonly (readonly [Family, Labels, number])[] {
  const gauge = (name: string, help: string, unit?: Family['unit']): Family => ({
    name: `taskmaster_engine_${name}`,
    type: 'gauge',
    ...(unit && { unit }),
    help,
  });
  return [
    [{ name: 'taskmaster_engine', type: 'info', help: 'The engine.' }, { version, role }, 1],
    [gauge('start_time_seconds', 'When the engine started, in Unix time.', 'seconds'), {}, startedAt / 1_000],
    [gauge('uptime_seconds', 'How long the engine has been running.', 'seconds'), {}, uptime_ms / 1_000],
    [gauge('draining', '1 from the order to shut down on.'), {}, draining ? 1 : 0],
    [
      { ...gauge('orphans_reaped', 'Children of others that the engine has collected.'), type: 'counter' },
      {},
      orphans_reaped,
    ],
    [
      { ...gauge('cpu_seconds', 'CPU time of the engine itself.', 'seconds'), type: 'counter' },
      {},
      cpuSeconds,
    ],
    [gauge('resident_memory_bytes', 'Resident memory of the engine itself.', 'bytes'), {}, residentBytes],
  ];
}

interface ProcessMetric {
  readonly family: Family;
  /** Undefined: there is nothing to tell of this one. */
  readonly read: (instance: InstanceSnapshot) => number | undefined;
}

function metric(
  name: string,
  help: string,
  read: ProcessMetric['read'],
  { type = 'gauge', unit }: Partial<Pick<Family, 'type' | 'unit'>> = {},
): ProcessMetric {
  return { family: { name: `taskmaster_process_${name}`, type, ...(unit && { unit }), help }, read };
}

const SECONDS = { unit: 'seconds' } as const;
const BYTES = { unit: 'bytes' } as const;

const PROCESS_METRICS: readonly ProcessMetric[] = [
  metric('up', '1 while its program runs.', ({ pid }) => (pid === null ? 0 : 1)),
  metric('healthy', '1 where readiness counts it as good: healthy or completed.', ({ state }) =>
    state === 'healthy' || state === 'completed' ? 1 : 0,
  ),
  metric('restarts', 'Automatic restarts since the engine started.', ({ restarts }) => restarts, {
    type: 'counter',
  }),
  metric('start_time_seconds', 'When the running program was started, in Unix time.', startTime, SECONDS),
  metric('uptime_seconds', 'How long the running program has been running.', uptime, SECONDS),
  metric('last_exit_code', 'How it last ended: its exit code, or 128 + the signal.', lastExitCode),
  metric(
    'cpu_seconds',
    'CPU time of the running program and all it started.',
    (it) => it.usage?.cpu_seconds,
    {
      type: 'counter',
      ...SECONDS,
    },
  ),
  metric(
    'resident_memory_bytes',
    'Resident memory of the running program and all it started; shared pages count for each.',
    (it) => it.usage?.memory_bytes,
    BYTES,
  ),
  metric(
    'anonymous_memory_bytes',
    'The part of it that is neither of a file nor shared memory.',
    (it) => it.usage?.anonymous_bytes,
    BYTES,
  ),
  metric('group_processes', 'How many processes it consists of.', (it) => it.usage?.processes),
];

function startTime({ started_at: startedAt }: InstanceSnapshot): number | undefined {
  return startedAt === undefined ? undefined : startedAt / 1_000;
}

function uptime({ uptime_ms: uptimeMs }: InstanceSnapshot): number | undefined {
  return uptimeMs === null ? undefined : uptimeMs / 1_000;
}

function lastExitCode({ last_exit: lastExit }: InstanceSnapshot): number | undefined {
  if (lastExit === null) return undefined;
  const { status } = lastExit;
  return status.how === 'not-started' ? undefined : shellCodeOf(status);
}

/** Our own texts have nothing in them that would have to be escaped. */
function header({ name, type, unit, help }: Family, format: MetricsFormat): string {
  if (format === 'openmetrics') {
    const units = unit === undefined ? '' : `# UNIT ${name} ${unit}\n`;
    return `# TYPE ${name} ${type}\n${units}# HELP ${name} ${help}\n`;
  }
  // The older format knows neither units nor these two types, and names counters and infos as their samples.
  const shown = sampleName({ name, type });
  const known = type === 'counter' ? 'counter' : 'gauge';
  return `# HELP ${shown} ${help}\n# TYPE ${shown} ${known}\n`;
}

function inBraces(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, text]) => `${name}="${escapeLabel(text)}"`)
    .join(',');
}

function braces(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}

const SUFFIXES = { counter: '_total', info: '_info', gauge: '', stateset: '' } as const;

function sampleName({ name, type }: Pick<Family, 'name' | 'type'>): string {
  return `${name}${SUFFIXES[type]}`;
}

/** Both formats escape these three in label values. */
function escapeLabel(text: string): string {
  return text.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
}
