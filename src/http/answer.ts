/** What is answered to a request: probes with one line of reason, metrics, and the ordinary refusals. */

import type { UsageReading } from '../supervisor/ports/usage.ts';
import type { EngineSnapshot, HealthVerdict } from '../wire/snapshot.ts';
import { type EngineVitals, type MetricsFormat, renderMetrics } from './metrics.ts';

/** What the endpoints need from the engine. */
export interface HttpSubject {
  health(question: 'startup' | 'ready' | 'live'): HealthVerdict;
  snapshot(instances?: readonly string[], usage?: UsageReading): EngineSnapshot;
  readUsage(): Promise<UsageReading>;
}

export interface AnswerPorts {
  readonly vitals: () => EngineVitals;
  /** Waited for before what takes milliseconds. */
  readonly turn: () => Promise<void>;
}

export interface Request {
  readonly method: string;
  /** As in the request line: path and query. */
  readonly target: string;
  readonly accept: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  /** In pieces, made as they are taken. */
  readonly body: Iterable<string>;
}

const PLAIN = 'text/plain; charset=utf-8';
const TYPES: Readonly<Record<MetricsFormat, string>> = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
};

const QUESTIONS = { '/livez': 'live', '/readyz': 'ready', '/startupz': 'startup' } as const;
const PATHS = [...Object.keys(QUESTIONS), '/metrics'].join(', ');

export async function answer(
  request: Request,
  engine: HttpSubject,
  { vitals, turn }: AnswerPorts,
): Promise<Answer> {
  const path = request.target.split(/[?#]/, 1)[0] ?? '';
  const isProbe = Object.hasOwn(QUESTIONS, path);
  if (!isProbe && path !== '/metrics')
    return plain(404, `there is no ${printable(path)} here; there are ${PATHS}`);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return plain(405, `only GET and HEAD are answered`, { allow: 'GET, HEAD' });
  }
  if (isProbe) {
    const { ok, reason } = engine.health(QUESTIONS[path as keyof typeof QUESTIONS]);
    return plain(ok ? 200 : 503, printable(reason));
  }
  const format = formatFor(request.accept);
  const usage = await engine.readUsage();
  await turn();
  const snapshot = engine.snapshot(undefined, usage);
  return {
    status: 200,
    type: TYPES[format],
    headers: { vary: 'accept' },
    body: renderMetrics(snapshot, vitals(), format),
  };
}

/** OpenMetrics only for those who name it: anyone who takes anything gets what everything reads. */
function formatFor(accept: string | undefined): MetricsFormat {
  const asked = (accept ?? '')
    .toLowerCase()
    .split(',')
    .map((range) => range.split(';').map((part) => part.trim()));
  const isAsked = asked.some(
    ([type, ...parameters]) =>
      type === 'application/openmetrics-text' &&
      !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter)),
  );
  return isAsked ? 'openmetrics' : 'prometheus';
}

export function plain(status: number, line: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, type: PLAIN, headers, body: [`${line}\n`] };
}

/** A reason is one line, whatever a process's name or a request holds. */
function printable(text: string): string {
  return text.slice(0, 1_024).replace(/[\p{Cc}\u2028\u2029]/gu, ' ');
}
