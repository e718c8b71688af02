/** `logs` and `events`: the engine's events, and with `--output` what processes print, as lines. */

import type { Notification, RpcClient } from '../rpc/client.ts';
import type { Params, WireEvent } from '../rpc/contract.ts';
import { bad, countFlag, durationFlag } from './arguments.ts';
import type { CommandHandler, Invocation } from './command.ts';
import { eventText, outputText } from './event-text.ts';
import { untilInterrupted } from './interrupt.ts';
import { complain, say } from './io.ts';
import { LineCutter } from './line-cutter.ts';
import { bytesOf } from './wire-bytes.ts';

interface LogLine {
  /** Epoch milliseconds; undefined where nobody knows. */
  readonly time: number | undefined;
  readonly text: string;
}

type Filter = Pick<Params<'logs.query'>, 'names' | 'events' | 'level'>;

export const logs: CommandHandler = (invocation) => show(invocation, invocation.flags.has('--output'));
export const events: CommandHandler = (invocation) => show(invocation, false);

async function show(invocation: Invocation, withOutput: boolean): Promise<number> {
  const { flags, connect } = invocation;
  const filter = filterOf(invocation);
  const sinceMs = durationFlag(flags, '--since');
  const since = sinceMs === undefined ? undefined : Date.now() - sinceMs;
  const tail = countFlag(flags, '--tail');
  const matches = grepOf(invocation);
  const client = await connect();

  const past = await pastEvents(client, filter, since);
  const lines: LogLine[] = past.map((event) => ({ time: event.time, text: textOf(event, invocation) }));
  const instances = withOutput ? await instancesOf(client, filter.names) : [];
  for (const instance of instances) lines.push(...(await pastOutput(client, instance, since, invocation)));
  // Stable, so lines without a time stay where they are: behind all that has one.
  if (withOutput) lines.sort((left, right) => (left.time ?? Infinity) - (right.time ?? Infinity));
  const shown = lines.filter(({ text }) => matches(text));
  for (const { text } of tail === undefined ? shown : shown.slice(-tail)) say(invocation.io, text);
  if (!flags.has('--follow')) return 0;
  return follow(client, { filter, lastId: past.at(-1)?.id ?? 0, instances, matches }, invocation);
}

function filterOf({ command, flags }: Invocation): Filter {
  const names = flags.all('--process');
  const kinds = flags.all('--event');
  const level = flags.text('--level');
  const known = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
  const chosen = known.find((candidate) => candidate === level);
  if (level !== undefined && chosen === undefined) {
    throw bad(`--level is one of ${known.join(', ')}, not "${level}"`, command);
  }
  return {
    ...(names.length === 0 ? {} : { names }),
    ...(kinds.length === 0 ? {} : { events: kinds }),
    ...(chosen === undefined ? {} : { level: chosen }),
  };
}

/** Here and not in the engine: an expression that takes for ever must not stop PID 1. */
function grepOf({ command, flags }: Invocation): (text: string) => boolean {
  const source = flags.text('--grep');
  if (source === undefined) return () => true;
  try {
    const expression = new RegExp(source, 'u');
    return (text) => expression.test(text);
  } catch (error) {
    throw bad(`--grep: ${error instanceof Error ? error.message : String(error)}`, command);
  }
}

async function pastEvents(
  client: RpcClient,
  filter: Filter,
  since: number | undefined,
): Promise<readonly WireEvent[]> {
  const found: WireEvent[] = [];
  const query = since === undefined ? filter : { ...filter, since_ms: since };
  let after: number | null | undefined;
  do {
    const page = await client.call(
      'logs.query',
      after === undefined || after === null ? query : { ...query, after_id: after },
    );
    found.push(...page.events);
    after = page.next_after_id;
  } while (after !== null);
  return found;
}

async function instancesOf(
  client: RpcClient,
  names: readonly string[] | undefined,
): Promise<readonly string[]> {
  const { instances } = await client.call('status', names === undefined ? {} : { names });
  return instances.map(({ name }) => name);
}

async function pastOutput(
  client: RpcClient,
  instance: string,
  since: number | undefined,
  invocation: Invocation,
): Promise<LogLine[]> {
  const { chunks } = await client.call('logs.output', { name: instance });
  const lines: LogLine[] = [];
  const cutter = new LineCutter((stream, text, time) => {
    lines.push({ time, text: outputLine(instance, stream, text, invocation) });
  });
  for (const chunk of chunks) {
    if (since !== undefined && chunk.time !== undefined && chunk.time < since) continue;
    cutter.push(chunk.stream, bytesOf(chunk), chunk.time);
  }
  cutter.end();
  return lines;
}

interface Following {
  readonly filter: Filter;
  readonly lastId: number;
  readonly instances: readonly string[];
  readonly matches: (text: string) => boolean;
}

async function follow(client: RpcClient, following: Following, invocation: Invocation): Promise<number> {
  const { filter, lastId, instances, matches } = following;
  const { io, signal } = invocation;
  const tell = (text: string): void => {
    if (!matches(text)) return;
    say(io, text);
    // A terminal that is not read from (Ctrl-S) must not fill our memory: the engine drops what is too much.
    if (!io.stdout.writableNeedDrain) return;
    client.pause();
    io.stdout.once('drain', () => client.resume());
  };
  const { subscription } = await client.call('events.subscribe', { ...filter, after_id: lastId });
  client.onNotification(subscription, (notification) => {
    if (notification.method === 'events') tell(textOf(notification.params.event, invocation));
    else tellLoss(notification, invocation);
  });
  for (const instance of instances) {
    const attached = await client.call('attach', { name: instance, replay: false });
    const cutter = new LineCutter((stream, text) => tell(outputLine(instance, stream, text, invocation)));
    client.onNotification(attached.subscription, (notification) => {
      if (notification.method === 'attach' && notification.params.kind === 'output') {
        cutter.push(notification.params.stream ?? 'stdout', bytesOf(notification.params), undefined);
      } else {
        tellLoss(notification, invocation);
      }
    });
  }
  return untilInterrupted(client, io, signal);
}

function tellLoss(notification: Notification, { io }: Invocation): void {
  if (notification.method !== 'dropped') return;
  const { notifications, bytes } = notification.params;
  complain(io, `[too slow: ${bytes > 0 ? `${bytes} bytes` : `${notifications} events`} were lost]`);
}

function textOf(event: WireEvent, { flags }: Invocation): string {
  return flags.has('--json') ? JSON.stringify(event) : eventText(event);
}

function outputLine(instance: string, stream: string, text: string, { flags }: Invocation): string {
  if (flags.has('--json')) return JSON.stringify({ event: 'output', instance, stream, text });
  return outputText(instance, stream, text);
}
