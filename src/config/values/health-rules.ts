/** The `healthcheck` table: which probe, how often, and what follows. */

import type { Place } from '../document/place.ts';
import type { HealthRules, ProbeConfig } from '../resolved-config.ts';
import type { HealthcheckSource, ProcessSource } from '../schema/schema.ts';
import { isDeferred, textsOfInstances } from '../text/instance-text.ts';
import { showValue } from '../text/show-value.ts';
import { commandAt } from './command-line.ts';
import { durationAt } from './durations.ts';

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
  if (process.type === 'oneshot' && place.isGiven() && !place.isInherited) {
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
    probe: resolveProbe(place, check, process.instances),
    intervalMs: durationAt(place.at('interval'), check.interval, 'more-than-zero'),
    timeoutMs: durationAt(place.at('timeout'), check.timeout, 'more-than-zero'),
    retries: check.retries,
    startPeriodMs: durationAt(place.at('start_period'), check.start_period, 'zero'),
    startIntervalMs: durationAt(place.at('start_interval'), check.start_interval, 'more-than-zero'),
    onUnhealthy: check.on_unhealthy,
  };
}

function warnOfIdleKeys(place: Place): void {
  const idle = FOR_PROBES_THAT_RUN.find((key) => place.isGiven(key) && !place.at(key).isInherited);
  if (idle !== undefined) place.at(idle).warning('has no effect without cmd, http or tcp');
}

function resolveProbe(place: Place, check: HealthcheckSource, instances: number): ProbeConfig {
  if (check.cmd !== undefined) {
    const { file, args } = commandAt(place, check.cmd, check.args) ?? { file: '', args: [] };
    return { kind: 'command', file, args };
  }
  if (check.http !== undefined) return httpProbe(place.at('http'), check.http, instances);
  if (check.tcp !== undefined) return tcpProbe(place.at('tcp'), check.tcp, instances);
  return { kind: 'uptime', uptimeMs: durationAt(place.at('uptime'), check.uptime, 'zero') };
}

function httpProbe(
  place: Place,
  http: NonNullable<HealthcheckSource['http']>,
  instances: number,
): ProbeConfig {
  const text = typeof http === 'string' ? http : http.url;
  const expectStatus = typeof http === 'string' ? undefined : http.status;
  const at = typeof http === 'string' ? place : place.at('url');
  for (const url of textsOfInstances(text, instances)) {
    if (!checkUrl(at, url)) break;
  }
  return { kind: 'http', url: text, expectStatus };
}

/** @returns false after reporting a problem. */
function checkUrl(place: Place, text: string): boolean {
  if (!URL.canParse(text)) {
    place.problem({
      message: `${showValue(text)} is no URL`,
      expected: 'a URL such as "http://localhost:8080/health"',
      hint: /^[\w.-]+(:\d+)?(\/|$)/.test(text) ? `write "http://${text}"` : undefined,
    });
    return false;
  }
  if (new URL(text).protocol === 'http:') return true;
  place.problem({
    message: `${showValue(text)} is no http:// URL`,
    hint: 'for TLS use tcp, or a cmd such as curl --fail https://…',
  });
  return false;
}

const ADDRESS = /^(?:(\[[0-9A-Fa-f:.]+\]|[^\s:[\]]+):)?(\d{1,5})$/;

function tcpProbe(place: Place, tcp: string | number, instances: number): ProbeConfig {
  const isGood = (address: string): boolean => {
    const port = Number(ADDRESS.exec(address)?.[2] ?? 0);
    return port >= 1 && port <= 65_535;
  };
  const wrong = textsOfInstances(String(tcp), instances).find((address) => !isGood(address));
  if (wrong !== undefined)
    place.problem({
      message: `found ${showValue(typeof tcp === 'number' ? tcp : wrong)}`,
      expected: 'a port from 1 to 65535, or "host:port"',
    });
  const text = String(tcp);
  const colon = text.lastIndexOf(':');
  const host = colon === -1 ? '127.0.0.1' : text.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = text.slice(colon + 1);
  return { kind: 'tcp', host, port: isDeferred(port) ? port : Number(port) };
}
