/** What `engine check --security` looks at: one row a check. Each says what is so, how exposed that leaves a process, and what would help. */

import type { OwnPrivileges } from '../config/document/config-ports.ts';
import type { LandlockRules, ProcessConfig } from '../config/resolved-config.ts';

/** A process, and where it runs. */
export interface Subject {
  readonly process: ProcessConfig;
  /** What the engine is here, and so what it gives to processes that ask for nothing else. */
  readonly self: OwnPrivileges;
  readonly umask: number;
  /** Who, beside root, may change the file of its program; undefined: nobody, or it is not known. */
  readonly changedBy: 'its user' | 'everybody' | undefined;
}

export interface Finding {
  /** From 0, nothing is exposed, to 1. */
  readonly share: number;
  readonly found: string;
  /** What to write; undefined if nothing would help. */
  readonly help?: string;
}

interface SecurityCheck {
  readonly name: string;
  /** How much it counts beside the others. */
  readonly weight: number;
  readonly look: (subject: Subject) => Finding;
}

const CONFINE = 'landlock = {read = ["/usr", "/etc"], write = ["/var/lib/NAME"]}';
const DROP = 'capabilities = [] or user = "…"';

/** Capabilities by what they let a program do (capabilities(7)). Any of a row exposes all of it. */
const POWERS: readonly { readonly name: string; readonly weight: number; readonly capabilities: string }[] = [
  {
    name: 'capabilities: system',
    weight: 12,
    capabilities:
      'SYS_ADMIN SYS_MODULE SYS_RAWIO SYS_BOOT BPF PERFMON SYS_TIME MAC_ADMIN MAC_OVERRIDE SYSLOG',
  },
  {
    name: 'capabilities: files of others',
    weight: 8,
    capabilities: 'DAC_OVERRIDE DAC_READ_SEARCH FOWNER CHOWN FSETID SETFCAP MKNOD LINUX_IMMUTABLE SYS_CHROOT',
  },
  { name: 'capabilities: other users', weight: 8, capabilities: 'SETUID SETGID SETPCAP' },
  { name: 'capabilities: other processes', weight: 6, capabilities: 'SYS_PTRACE KILL SYS_NICE SYS_RESOURCE' },
  { name: 'capabilities: network', weight: 5, capabilities: 'NET_ADMIN NET_RAW NET_BROADCAST' },
];

const SECRET_NAME = /(PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIAL|PRIVATE_?KEY|API_?KEY|ACCESS_?KEY)/i;
/** They say where a secret is, and are none. */
const NAME_OF_FILE = /_(FILE|PATH|DIR)$/i;
const WRITE_BY_OTHERS = 0o002;
const READ_BY_OTHERS = 0o004;
const SYSTEM_PATHS: ReadonlySet<string> = new Set([
  '/',
  '/usr',
  '/etc',
  '/bin',
  '/sbin',
  '/lib',
  '/lib64',
  '/boot',
  '/proc',
  '/sys',
  '/dev',
]);

const GOOD = (found: string): Finding => ({ share: 0, found });

export const SECURITY_CHECKS: readonly SecurityCheck[] = [
  {
    name: 'user',
    weight: 20,
    look: ({ process: { spawn }, self }) => {
      const uid = spawn.identity?.uid ?? self.uid;
      if (uid !== 0) return GOOD(`runs as ${spawn.identity?.userName ?? 'the user of the engine'} (${uid})`);
      return { share: 1, found: 'runs as root', help: 'user = "…"' };
    },
  },
  {
    name: 'groups',
    weight: 2,
    look: ({ process: { spawn }, self }) => {
      const { gid, groups } = spawn.identity ?? self;
      if (gid !== 0 && !groups.includes(0)) return GOOD('is not in the group root');
      return { share: 1, found: 'is in the group root', help: 'group = "…", groups = []' };
    },
  },
  ...POWERS.map(({ name, weight, capabilities }): SecurityCheck => {
    const listed = new Set(capabilities.split(' ').map((bare) => `CAP_${bare}`));
    return {
      name,
      weight,
      look: (subject) => {
        const held = capabilitiesOf(subject).filter((one) => listed.has(one));
        if (held.length === 0) return GOOD('none of them');
        return {
          share: 1,
          found: `has ${held.map((one) => one.slice('CAP_'.length)).join(', ')}`,
          help: DROP,
        };
      },
    };
  }),
  {
    name: 'no_new_privs',
    weight: 8,
    look: ({ process: { spawn } }) =>
      spawn.noNewPrivs || (spawn.landlock ?? spawn.seccomp) !== undefined
        ? GOOD('can gain nothing by set-user-ID programs')
        : { share: 1, found: 'can gain privileges by set-user-ID programs', help: 'no_new_privs = true' },
  },
  {
    name: 'seccomp',
    weight: 5,
    look: ({ process: { spawn } }) =>
      spawn.seccomp === undefined
        ? {
            share: 1,
            found: 'may make every system call that the container allows',
            help: 'seccomp = "default"',
          }
        : GOOD('cannot make the system calls that a service does not need'),
  },
  {
    name: 'landlock: files',
    weight: 15,
    look: ({ process: { spawn }, self }) => {
      if (spawn.landlock === undefined || !restrictsFiles(spawn.landlock))
        return { share: 1, found: 'may open every file that its user may', help: CONFINE };
      if (self.landlockVersion() === 0) return { share: 1, found: 'is not confined: no Landlock here' };
      return GOOD('opens listed files only');
    },
  },
  {
    name: 'landlock: writing',
    weight: 5,
    look: ({ process: { spawn } }) => {
      if (spawn.landlock === undefined || !restrictsFiles(spawn.landlock))
        return { share: 1, found: 'may write wherever its user may', help: CONFINE };
      const wide = (spawn.landlock.write ?? []).filter((path) => SYSTEM_PATHS.has(path.replace(/^-/, '')));
      if (wide.length === 0) return GOOD('writes to listed paths only, and executes nothing there');
      return {
        share: 1,
        found: `may write to all of ${wide.join(', ')}`,
        help: 'list single directories in write',
      };
    },
  },
  portCheck('connect_tcp', 'connect to', ({ connectTcp }) => connectTcp),
  portCheck('bind_tcp', 'listen on', ({ bindTcp }) => bindTcp),
  {
    name: 'program',
    weight: 5,
    look: ({ changedBy }) =>
      changedBy === undefined
        ? GOOD('its user cannot change its program')
        : { share: 1, found: `${changedBy} can change its program`, help: 'have root own the program' },
  },
  {
    name: 'secrets in env',
    weight: 6,
    look: ({ process: { spawn } }) => {
      const { set, secretFiles = {} } = spawn.environment;
      const open = Object.keys(set).filter(
        (name) => SECRET_NAME.test(name) && !NAME_OF_FILE.test(name) && !Object.hasOwn(secretFiles, name),
      );
      if (open.length === 0) return GOOD('no secret is written in the configuration');
      const [first = ''] = open;
      return {
        share: 1,
        found: `${open.join(', ')} in plain text`,
        help: `env = {${first} = {file = "/run/secrets/…"}}`,
      };
    },
  },
  {
    name: 'environment',
    weight: 1,
    look: ({ process: { spawn } }) =>
      spawn.environment.clear
        ? GOOD('inherits none of the engine’s variables')
        : { share: 1, found: 'inherits all variables of the container', help: 'clear_env = true' },
  },
  {
    name: 'umask',
    weight: 2,
    look: ({ process: { spawn }, umask }) => {
      const mask = spawn.umask ?? umask;
      const text = `umask ${mask.toString(8).padStart(4, '0')}`;
      if ((mask & WRITE_BY_OTHERS) === 0)
        return { share: 1, found: `${text}: others may write its files`, help: 'umask = "0027"' };
      if ((mask & READ_BY_OTHERS) === 0)
        return { share: 0.5, found: `${text}: others may read its files`, help: 'umask = "0027"' };
      return GOOD(text);
    },
  },
  limitCheck('nproc', ['nproc'], 2, 'may start any number of processes', 'limits = {nproc = 256}'),
  limitCheck('memory', ['as', 'data'], 2, 'may use all memory', 'limits = {data = "1GiB"}'),
  limitCheck('core', ['core'], 1, 'may leave its memory in a core file', 'limits = {core = 0}'),
];

export interface SecurityReport {
  readonly name: string;
  /** From 0 to 10. */
  readonly exposure: number;
  readonly level: string;
  readonly checks: readonly (Finding & { readonly name: string; readonly exposure: number })[];
}

const WHOLE = 10;
/** From that exposure on, in systemd's words (systemd-analyze(1)). */
const LEVELS = [
  [10, 'DANGEROUS'],
  [9, 'UNSAFE'],
  [7.5, 'EXPOSED'],
  [5, 'MEDIUM'],
  [1, 'OK'],
  [0.1, 'SAFE'],
] as const;

export function securityReport(subject: Subject): SecurityReport {
  const total = SECURITY_CHECKS.reduce((sum, { weight }) => sum + weight, 0);
  const checks = SECURITY_CHECKS.map(({ name, weight, look }) => {
    const finding = look(subject);
    return { name, exposure: (finding.share * weight * WHOLE) / total, ...finding };
  });
  const exposure = rounded(checks.reduce((sum, check) => sum + check.exposure, 0));
  const level = LEVELS.find(([from]) => exposure >= from)?.[1] ?? 'PERFECT';
  return { name: subject.process.name, exposure, level, checks };
}

export function rounded(exposure: number): number {
  return Math.round(exposure * 10) / 10;
}

/** Those that it has when it runs: a user that is not root keeps only the ones that are listed. */
function capabilitiesOf({ process: { spawn }, self }: Subject): readonly string[] {
  if (spawn.capabilities !== undefined) return spawn.capabilities;
  const uid = spawn.identity?.uid ?? self.uid;
  if (uid !== 0 || spawn.securebits?.includes('noroot')) return [];
  const { boundingCapabilities: bounding } = spawn;
  return [...self.capabilities].filter((one) => bounding?.includes(one) ?? true);
}

function restrictsFiles({ read, write, execute }: LandlockRules): boolean {
  return (read ?? write ?? execute) !== undefined;
}

function portCheck(key: string, what: string, list: (rules: LandlockRules) => unknown): SecurityCheck {
  return {
    name: `landlock: ${key}`,
    weight: 3,
    look: ({ process: { spawn }, self }) => {
      const isListed = spawn.landlock !== undefined && list(spawn.landlock) !== undefined;
      if (!isListed)
        return { share: 1, found: `may ${what} every TCP port`, help: `landlock = {${key} = […]}` };
      return self.landlockVersion() >= FIRST_WITH_PORTS
        ? GOOD(`may ${what} listed ports only`)
        : { share: 1, found: `may ${what} every TCP port: the kernel is too old` };
    },
  };
}
const FIRST_WITH_PORTS = 4;

function limitCheck(
  name: string,
  resources: readonly string[],
  weight: number,
  found: string,
  help: string,
): SecurityCheck {
  return {
    name: `limits: ${name}`,
    weight,
    look: ({ process: { spawn } }) => {
      const limit = spawn.limits.find(
        ({ resource, hard }) => resources.includes(resource) && Number.isFinite(hard),
      );
      if (limit === undefined) return { share: 1, found: `${found}, as far as the container lets it`, help };
      return GOOD(`${limit.resource} ${limit.hard}`);
    },
  };
}
