/** How a process is configured, in a few words each: what somebody wants to see who wonders why it behaves so. Pure. */

import { plainLine } from '../../cli/plain-text.ts';
import type { LandlockRules, ProcessConfig, SpawnSettings } from '../../config/resolved-config.ts';
import { shortDuration } from '../../units.ts';

export interface ProcessFact {
  readonly label: string;
  readonly value: string;
}

/** What is read of a process as the `config` method tells it; of another engine's, some may be missing. */
interface Told {
  readonly command?: Command;
  readonly dependsOn?: readonly { readonly process: string; readonly condition: string }[];
  readonly restart?: { readonly policy: string; readonly maxRestarts?: number };
  readonly stop?: readonly Stage[];
  readonly steps?: Readonly<Record<string, readonly Step[]>>;
  readonly sockets?: readonly { readonly name: string }[];
  readonly rollout?: { readonly maxUnavailable: number };
  readonly health?: {
    readonly probe: Probe;
    readonly intervalMs: number;
    readonly timeoutMs: number;
    readonly retries: number;
  };
  readonly spawn?: {
    readonly identity?: Identity;
    readonly workingDirectory?: string;
    readonly environment?: {
      readonly clear: boolean;
      readonly set: Readonly<Record<string, string>>;
      readonly secretFiles?: Readonly<Record<string, string>>;
    };
    readonly limits?: readonly {
      readonly resource: string;
      readonly soft: number | null;
      readonly hard: number | null;
    }[];
    readonly landlock?: Partial<LandlockRules>;
  };
  readonly stdin?: string;
  readonly stdout?: Target;
  readonly stderr?: Target;
}

interface Identity {
  readonly userName?: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

type Stage =
  | { readonly kind: 'signal'; readonly signal: string; readonly waitMs: number }
  | { readonly kind: 'pause'; readonly waitMs: number }
  | { readonly kind: 'command'; readonly step: Step };
type Step = { readonly name: string; readonly command: Command };
type Command = { readonly file: string; readonly args?: readonly string[] };
type Target = { readonly kind: string; readonly path?: string };
type Probe =
  | { readonly kind: 'uptime'; readonly uptimeMs: number }
  | { readonly kind: 'command'; readonly file: string; readonly args: readonly string[] }
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number | string };

/** What is shown of a field: its label, and its text; an empty one is not shown. */
type Fact = readonly [label: string, text: (told: Told) => string | undefined];

type Field = Exclude<keyof ProcessConfig, 'spawn'> | keyof SpawnSettings;

/**
 * By the field that keys of the configuration resolve to, in the order in which they are shown. A field without a row does
 * not compile; what is seen elsewhere on the board, or is rarely asked for, says so.
 */
const FACTS: Readonly<Record<Exclude<Field, 'name'>, Fact | 'not shown'>> = {
  command: ['command', ({ command }) => command && words([command.file, ...(command.args ?? [])])],
  identity: ['user', ({ spawn }) => spawn?.identity && identityText(spawn.identity)],
  workingDirectory: ['directory', ({ spawn }) => spawn?.workingDirectory],
  dependsOn: [
    'needs',
    ({ dependsOn = [] }) => dependsOn.map(({ process, condition }) => `${process} ${condition}`).join(', '),
  ],
  health: ['check', ({ health }) => health && `${probeText(health.probe)}${paceText(health)}`],
  restart: ['policy', ({ restart }) => restart && restartText(restart)],
  stop: ['stop', ({ stop = [] }) => (stop.length === 0 ? undefined : stopText(stop))],
  steps: ['steps', ({ steps = {} }) => Object.values(steps).flat().map(stepText).join(', ')],
  sockets: ['sockets', ({ sockets = [] }) => sockets.map(({ name }) => name).join(', ')],
  limits: ['limits', ({ spawn }) => (spawn?.limits ?? []).map(limitText).join(', ')],
  landlock: ['confined', ({ spawn }) => spawn?.landlock && landlockText(spawn.landlock)],
  environment: ['env', ({ spawn }) => environmentText(spawn?.environment)],
  stdin: ['input', ({ stdin }) => (stdin === 'null' ? undefined : stdin)],
  stdout: ['output', outputText],
  // With the other stream.
  stderr: 'not shown',
  description: 'not shown',
  type: 'not shown',
  readiness: 'not shown',
  watchdogMs: 'not shown',
  onWatchdog: 'not shown',
  instances: 'not shown',
  rollout: ['rollout', ({ rollout }) => rollout && `rolling, ${rollout.maxUnavailable} at a time`],
  autostart: 'not shown',
  essential: 'not shown',
  startTimeoutMs: 'not shown',
  kill: 'not shown',
  leaveRunning: 'not shown',
  reloadSignal: 'not shown',
  reload: 'not shown',
  parentDeathSignal: 'not shown',
  activation: 'not shown',
  // With the times of its runs.
  schedule: 'not shown',
  umask: 'not shown',
  nice: 'not shown',
  oomScoreAdj: 'not shown',
  noNewPrivs: 'not shown',
  capabilities: 'not shown',
  boundingCapabilities: 'not shown',
  securebits: 'not shown',
  mounts: 'not shown',
  seccomp: 'not shown',
  ringBytes: 'not shown',
};

/** @param config as it came: nothing in it is harmless */
export function processFacts(config: unknown): readonly ProcessFact[] {
  return Object.values(FACTS).flatMap((fact) => {
    if (fact === 'not shown') return [];
    const [label, text] = fact;
    const value = text(config as Told);
    return value === undefined || value === '' ? [] : [{ label, value: plainLine(value) }];
  });
}

function words(all: readonly string[]): string {
  return all.map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
}

function identityText({ userName, uid, gid, groups }: Identity): string {
  const others = groups.filter((group) => group !== gid);
  const name = userName === undefined ? '' : `${userName}, `;
  return `${name}uid ${uid}, gid ${gid}${others.length === 0 ? '' : `, groups ${others.join(' ')}`}`;
}

function landlockText({ read, write, execute, connectTcp, bindTcp }: Partial<LandlockRules>): string {
  const lists = { read, write, execute, connect: connectTcp, listen: bindTcp };
  return Object.entries(lists)
    .flatMap(([what, list]) => (list === undefined ? [] : [`${what} ${list.join(' ') || 'nothing'}`]))
    .join(', ');
}

function probeText(probe: Probe): string {
  switch (probe.kind) {
    case 'uptime':
      return `up for ${shortDuration(probe.uptimeMs)}`;
    case 'command':
      return words([probe.file, ...probe.args]);
    case 'http':
      return probe.url;
    case 'tcp':
      return `${probe.host}:${probe.port}`;
  }
}

function paceText({ probe, intervalMs, timeoutMs, retries }: NonNullable<Told['health']>): string {
  if (probe.kind === 'uptime') return '';
  return `, every ${shortDuration(intervalMs)}, within ${shortDuration(timeoutMs)}, ${retries} in a row count`;
}

function restartText({ policy, maxRestarts }: NonNullable<Told['restart']>): string {
  return maxRestarts === undefined ? policy : `${policy}, at most ${maxRestarts} in a row`;
}

function stopText(stages: NonNullable<Told['stop']>): string {
  const told = stages.map((stage) => {
    if (stage.kind === 'command') return words([stage.step.command.file]);
    const waits = shortDuration(stage.waitMs);
    return stage.kind === 'pause' ? `wait ${waits}` : `${stage.signal.replace('SIG', '')} ${waits}`;
  });
  return `${told.join(', ')}, then KILL`;
}

function stepText({ name, command }: Step): string {
  return `${name} ${command.file}`;
}

type Limit = NonNullable<NonNullable<Told['spawn']>['limits']>[number];

function limitText({ resource, soft, hard }: Limit): string {
  return `${resource} ${limit(soft)}${hard === soft ? '' : `:${limit(hard)}`}`;
}

/** JSON has no infinity. */
function limit(value: number | null): string {
  return value === null ? 'unlimited' : String(value);
}

/** Names only: values may be secrets, and somebody may look over one's shoulder. */
function environmentText(environment: NonNullable<Told['spawn']>['environment']): string {
  if (environment === undefined) return '';
  const { clear, set, secretFiles = {} } = environment;
  const names = [...Object.keys(set), ...Object.keys(secretFiles).map((name) => `${name} (secret)`)];
  return [...(clear ? ['nothing of the engine’s'] : []), ...names].join(', ');
}

function outputText({ stdout, stderr }: Pick<Told, 'stdout' | 'stderr'>): string {
  const [out, error] = [stdout, stderr].map((target) => target?.path ?? target?.kind ?? '');
  return out === error ? (out ?? '') : `${out}; errors ${error}`;
}
