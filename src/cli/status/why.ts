/** `why`: the whole story of an instance on one screen. */

import type { RpcClient } from '../../rpc/client/client.ts';
import type { WireInstance, WireWhy } from '../../rpc/contract/contract.ts';
import { durationInWords, shortDuration } from '../../units.ts';
import { stateRowOf } from '../../wire/states.ts';
import type { CommandHandler } from '../command.ts';
import { chainText } from '../event-words.ts';
import { jsonText, say, wantsColour } from '../io.ts';
import { plainLine } from '../plain-text.ts';
import { exitText, type Look, sentence } from '../render.ts';

export const why: CommandHandler = async ({ operands, flags, io, connect }) => {
  const client = await connect();
  const names = operands.length > 0 ? operands : await namesToExplain(client);
  const { reports } = names.length === 0 ? { reports: [] } : await client.call('why', { names });
  if (flags.has('--json')) {
    say(io, jsonText(reports));
    return 0;
  }
  if (reports.length === 0) {
    say(io, 'all is well: every instance is healthy or has completed');
    return 0;
  }
  const look = { colour: wantsColour(io), width: undefined };
  say(io, reports.map((report) => whyText(report, look).join('\n')).join('\n\n'));
  return 0;
};

/** Without names: those that are not as they should be. */
async function namesToExplain(client: RpcClient): Promise<readonly string[]> {
  const { instances } = await client.call('status', {});
  return instances.filter((instance) => !isWell(instance)).map(({ name }) => name);
}

function isWell(instance: WireInstance): boolean {
  return stateRowOf(instance).statusCode === 0 && instance.schedule?.last_run?.failed !== true;
}

export function whyText(report: WireWhy, look: Look): readonly string[] {
  const { instance, chain, history, runs = [], probes, last_output: lastOutput, next } = report;
  const lines = [sentence(instance, look)];
  if (instance.description !== undefined) lines.push(`  ${plainLine(instance.description)}`);
  if (instance.reason !== null) lines.push(`  reason: ${plainLine(instance.reason)}`);
  if (instance.status_text !== undefined) lines.push(`  says: ${plainLine(instance.status_text)}`);
  if (instance.activated_by !== undefined)
    lines.push(`  activated by: socket ${plainLine(instance.activated_by)}`);
  if (chain.length > 1) lines.push(`  because: ${chainText(chain)}`);
  for (const waited of instance.waiting_for) lines.push(`  waits for: ${plainLine(waited)}`);
  lines.push(`  next: ${plainLine(next)}`, `  wanted: ${instance.desired}`, ...lifeLines(instance));
  for (const { stream, bytes, reason } of instance.dropped_output ?? [])
    lines.push(`  dropped: ${bytes} bytes of ${plainLine(stream)}: ${plainLine(reason)}`);
  if (history.length > 0) {
    lines.push('  history:');
    for (const { time, from, to, reason } of history) {
      const told = reason === null ? '' : `: ${plainLine(reason)}`;
      lines.push(`    ${timeText(time)}  ${plainLine(from)} -> ${plainLine(to)}${told}`);
    }
  }
  if (runs.length > 0) {
    lines.push('  runs:');
    for (const { started_at: startedAt, duration_ms: durationMs, failed, outcome } of runs) {
      const verdict = failed ? 'failed' : 'succeeded';
      lines.push(
        `    ${timeText(startedAt)}  ${verdict} after ${shortDuration(durationMs)}: ${plainLine(outcome)}`,
      );
    }
  }
  if (probes.length > 0) {
    lines.push('  health checks:');
    for (const { started_at: startedAt, duration_ms: durationMs, passed, outcome, output } of probes) {
      const verdict = passed ? 'passed' : 'failed';
      const took = shortDuration(durationMs);
      lines.push(`    ${timeText(startedAt)}  ${verdict} after ${took}: ${plainLine(outcome)}`);
      for (const line of linesOf(output)) lines.push(`      | ${line}`);
    }
  }
  if (lastOutput.length > 0) {
    lines.push('  last output:');
    for (const line of lastOutput) lines.push(`    | ${plainLine(line)}`);
  }
  return lines;
}

function lifeLines(instance: WireInstance): readonly string[] {
  const lines: string[] = [];
  if (instance.pid !== null) lines.push(`  pid: ${instance.pid}, incarnation ${instance.incarnation}`);
  lines.push(`  restarts: ${instance.restarts} (${instance.consecutive_restarts} in a row)`);
  const last = instance.last_exit;
  if (last !== null) {
    const message = last.status.how === 'not-started' ? `: ${plainLine(last.status.message)}` : '';
    const asked = last.requested ? ', as requested' : '';
    const lived = `after ${durationInWords(last.uptime_ms)}`;
    const told = exitText(last.status, 'exit code ');
    lines.push(`  last exit: ${timeText(last.at)}  ${told}${becauseOf(last)}${message} ${lived}${asked}`);
  }
  return lines;
}

type LastExit = NonNullable<WireInstance['last_exit']>;

/** What made the engine stop it: the signal alone does not show that. */
function becauseOf({ unhealthy, watchdog, start_timeout: startTimeout }: LastExit): string {
  if (unhealthy === true) return ', as it was unhealthy,';
  if (watchdog === true) return ', as its watchdog expired,';
  return startTimeout === true ? ', as its start took too long,' : '';
}

function linesOf(text: string): readonly string[] {
  return text.trimEnd() === '' ? [] : text.trimEnd().split('\n').map(plainLine);
}

/** Universal time, as in the engine's log. */
export function timeText(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
