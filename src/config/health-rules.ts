/** The `healthcheck` table: which probe, how often, and what follows. */

import { commandAt } from './command-line.ts';
import { durationAt } from './durations.ts';
import type { Place } from './place.ts';
import type { HealthRules, ProbeConfig } from './resolved-config.ts';
import type { HealthcheckSource, ProcessSource } from './schema.ts';
import { showValue } from './show-value.ts';

const PROBES = ['cmd', 'http', 'tcp', 'uptime'] as const;
const FOR_PROBES_THAT_RUN = ['interval', 'timeout', 'retries', 'start_period', 'start_interval'] as const;

/** @param place of the `healthcheck` table */
export function resolveHealth(place: Place, process: ProcessSource): HealthRules {
  const check = process.healthcheck;
  const given = PROBES.filter((probe) => place.isGiven(probe));
  if (given.length > 1) {
    place.at(given[1] ?? 'cmd').problem(
      {
        message: `${given.join(' and ')} cannot be used together`,
        expected: 'one of cmd, http, tcp and uptime',
        hint: given.includes('uptime') ? 'how long a start may take is start_period' : undefined,
      },
      'key',
    );
  }
  if (process.type === 'oneshot' && place.isGiven()) {
    place.problem(
      {
        message: 'a one-shot has no healthcheck: it is ready when it exits well',
        hint: 'remove the healthcheck, or type = "oneshot"',
      },
      'key',
    );
  }
  if (check.args !== undefined && check.cmd === undefined) {
    place.at('args').problem({ message: 'args without cmd' }, 'key');
  }
  if (!given.some((probe) => probe !== 'uptime')) warnOfIdleKeys(place);
  return {
    probe: resolveProbe(place, check),
    intervalMs: durationAt(place.at('interval'), check.interval, 'more-than-zero'),
    timeoutMs: durationAt(place.at('timeout'), check.timeout, 'more-than-zero'),
    retries: check.retries,
    startPeriodMs: durationAt(place.at('start_period'), check.start_period, 'zero'),
    startIntervalMs: durationAt(place.at('start_interval'), check.start_interval, 'more-than-zero'),
    onUnhealthy: check.on_unhealthy,
  };
}

function warnOfIdleKeys(place: Place): void {
  const idle = FOR_PROBES_THAT_RUN.find((key) => place.isGiven(key));
  if (idle !== undefined) place.at(idle).warning('has no effect without cmd, http or tcp');
}

function resolveProbe(place: Place, check: HealthcheckSource): ProbeConfig {
  if (check.cmd !== undefined) {
    const { file, args } = commandAt(place, check.cmd, check.args) ?? { file: '', args: [] };
    return { kind: 'command', file, args };
  }
  if (check.http !== undefined) return httpProbe(place.at('http'), check.http);
  if (check.tcp !== undefined) return tcpProbe(place.at('tcp'), check.tcp);
  return { kind: 'uptime', uptimeMs: durationAt(place.at('uptime'), check.uptime, 'zero') };
}

function httpProbe(place: Place, http: NonNullable<HealthcheckSource['http']>): ProbeConfig {
  const text = typeof http === 'string' ? http : http.url;
  const expectStatus = typeof http === 'string' ? undefined : http.status;
  const at = typeof http === 'string' ? place : place.at('url');
  if (!URL.canParse(text)) {
    at.problem({
      message: `${showValue(text)} is no URL`,
      expected: 'a URL such as "http://localhost:8080/health"',
      hint: /^[\w.-]+(:\d+)?(\/|$)/.test(text) ? `write "http://${text}"` : undefined,
    });
  } else if (new URL(text).protocol !== 'http:') {
    at.problem({
      message: `${showValue(text)} is no http:// URL`,
      hint: 'for TLS use tcp, or a cmd such as curl --fail https://…',
    });
  }
  return { kind: 'http', url: text, expectStatus };
}

function tcpProbe(place: Place, tcp: string | number): ProbeConfig {
  const match = /^(?:(\[[0-9A-Fa-f:.]+\]|[^\s:[\]]+):)?(\d{1,5})$/.exec(String(tcp));
  const port = Number(match?.[2] ?? 0);
  if (port < 1 || port > 65_535) {
    place.problem({ message: `found ${showValue(tcp)}`, expected: 'a port from 1 to 65535, or "host:port"' });
  }
  return { kind: 'tcp', host: (match?.[1] ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port };
}
