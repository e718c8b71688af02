/** `taskmaster engine check --security CONFIG`: how exposed each process is, and what would help. */

import type { OwnPrivileges } from '../config/document/config-ports.ts';
import type { ProcessConfig, ResolvedConfig } from '../config/resolved-config.ts';
import { inspectNow } from '../files/safe-files.ts';
import { rounded, type SecurityReport, type Subject, securityReport } from './security-checks.ts';

const FOR_GROUP = 0o020;
const FOR_OTHERS = 0o002;

/** @returns what to print: text, or one JSON document. */
export function renderSecurity(config: ResolvedConfig, self: OwnPrivileges, asJson: boolean): string {
  const umask = process.umask();
  const reports = [...config.processes.values()].map((one) =>
    securityReport({ process: one, self, umask, changedBy: changedBy(one, self) }),
  );
  return asJson ? `${JSON.stringify(json(reports))}\n` : text(reports);
}

function json(reports: readonly SecurityReport[]): unknown {
  return {
    processes: reports.map(({ name, exposure, level, checks }) => ({
      name,
      exposure,
      level,
      checks: checks.map(({ name: check, exposure: part, found, help = null }) => ({
        check,
        exposure: rounded(part),
        found,
        help,
      })),
    })),
  };
}

/** The most exposed first, with what helps most first. */
function text(reports: readonly SecurityReport[]): string {
  const ordered = [...reports].sort((one, other) => other.exposure - one.exposure);
  const width = Math.max('process'.length, ...ordered.map(({ name }) => name.length));
  const summary = ordered.map(
    ({ name, exposure, level }) => `${name.padEnd(width)}  ${exposure.toFixed(1).padStart(8)}  ${level}`,
  );
  const head = `${'process'.padEnd(width)}  exposure  level`;
  return `${[head, ...summary].join('\n')}\n${ordered.map(details).join('')}`;
}

function details({ name, exposure, level, checks }: SecurityReport): string {
  const nameWidth = Math.max(...checks.map((check) => check.name.length));
  const foundWidth = Math.max(...checks.map(({ found }) => found.length));
  const rows = [...checks]
    .sort((one, other) => other.exposure - one.exposure)
    .map(({ name: check, exposure: part, found, help = '' }) => {
      const mark = (part === 0 ? 'ok' : `+${part.toFixed(1)}`).padStart(5);
      return `  ${mark}  ${check.padEnd(nameWidth)}  ${found.padEnd(foundWidth)}  ${help}`.trimEnd();
    });
  return `\n${name}: ${exposure.toFixed(1)} ${level}\n${rows.join('\n')}\n`;
}

function changedBy({ command, spawn }: ProcessConfig, self: OwnPrivileges): Subject['changedBy'] {
  const uid = spawn.identity?.uid ?? self.uid;
  const gids =
    spawn.identity === undefined
      ? [self.gid, ...self.groups]
      : [spawn.identity.gid, ...spawn.identity.groups];
  if (uid === 0 || !command.file.startsWith('/')) return undefined;
  const facts = inspectNow(command.file);
  if (facts === undefined || facts.errno !== undefined) return undefined;
  if ((facts.mode & FOR_OTHERS) !== 0) return 'everybody';
  const isOfGroup = (facts.mode & FOR_GROUP) !== 0 && gids.includes(facts.gid);
  return facts.uid === uid || facts.directoryUid === uid || isOfGroup ? 'its user' : undefined;
}
