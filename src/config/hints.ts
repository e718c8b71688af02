/** What a person most likely meant: near words, keys of other tools, keys of another table. */

import { nearestWord } from '../nearest-word.ts';
import { knownKeys, schemaAt, typesOf } from './schema-walk.ts';
import type { KeyPath } from './source-file.ts';

/** Keys of a process in supervisord, systemd, Docker Compose and others, levelled; the values are ours. */
const PROCESS_KEYS_ELSEWHERE: Readonly<Record<string, string>> = {
  command: 'cmd = "…"',
  exec: 'cmd = "…"',
  execstart: 'cmd = "…"',
  entrypoint: 'cmd = "…"',
  run: 'cmd = "…"',
  program: 'cmd = "…"',
  directory: 'workingdir = "…"',
  workdir: 'workingdir = "…"',
  cwd: 'workingdir = "…"',
  chdir: 'workingdir = "…"',
  environment: 'env = {NAME = "value"}',
  environmentfile: 'env_file = "…"',
  envfile: 'env_file = "…"',
  restart: 'autorestart = "on-failure"',
  restartpolicy: 'autorestart = "on-failure"',
  startretries: 'autorestart = "on-failure:N"',
  maxrestarts: 'autorestart = "on-failure:N"',
  startsecs: 'healthcheck = {uptime = "…"}',
  restartsec: 'backoff = {base = "…"}',
  numprocs: 'instances = N',
  replicas: 'instances = N',
  scale: 'instances = N',
  stopsignal: 'stop_signal = "TERM"',
  killsignal: 'stop_signal = "TERM"',
  stopwaitsecs: 'stop_timeout = "5s"',
  stopgraceperiod: 'stop_timeout = "5s"',
  timeoutstopsec: 'stop_timeout = "5s"',
  killtimeout: 'stop_timeout = "5s"',
  killmode: 'kill_mode = "group", "mixed" or "leader"; for "process" also leave_running = true',
  stopasgroup: 'kill_mode = "group"; what the leader leaves behind is stopped in any case',
  killasgroup: 'kill_mode = "mixed"; KILL goes to the whole group unless it is "leader"',
  sendsighup: 'stop = [{signal = "TERM"}, {signal = "HUP"}]',
  finalkillsignal: 'stop = [{signal = "TERM"}]; KILL follows the last one',
  sendsigkill: 'stop_timeout = "…"; KILL follows when it is over',
  restartkillsignal: 'stop_signal = "TERM"',
  killsignals: 'stop = [{signal = "TERM", wait = "5s"}]',
  treekill: 'kill_mode = "group"',
  pdeathsig: 'parent_death_signal = "TERM"',
  parentdeathsignal: 'parent_death_signal = "TERM"',
  killretrytime: 'stop_timeout = "5s"',
  stdoutlogfile: 'stdout = "PATH"',
  stderrlogfile: 'stderr = "PATH"',
  stdoutlogfilemaxbytes: 'stdout = {file = "PATH", max_size = "50MB"}',
  redirectstderr: 'stderr = "stdout"',
  exitcodes: 'exit_codes = [0]',
  successexitstatus: 'exit_codes = [0]',
  priority: 'depends_on = ["…"]; order comes from dependencies',
  after: 'depends_on = ["…"]',
  requires: 'depends_on = ["…"]',
  wants: 'depends_on = ["…"]',
  ulimits: 'limits = {nofile = 65536}',
  limitnofile: 'limits = {nofile = 65536}',
  capadd: 'capabilities = ["…"]',
  ambientcapabilities: 'capabilities = ["…"]',
  nonewprivileges: 'no_new_privs = true',
  supplementarygroups: 'groups = ["…"]',
  oomscoreadjust: 'oom_score_adj = N',
  logdriver: 'stdout = "PATH"',
};
const HEALTHCHECK_KEYS_ELSEWHERE: Readonly<Record<string, string>> = {
  test: 'cmd = "…"',
  command: 'cmd = "…"',
  url: 'http = "…"',
  port: 'tcp = PORT',
  period: 'interval = "…"',
  failurethreshold: 'retries = N',
  initialdelayseconds: 'start_period = "…"',
  periodseconds: 'interval = "…"',
  timeoutseconds: 'timeout = "…"',
};
const OUTPUT_KEYS_ELSEWHERE: Readonly<Record<string, string>> = {
  path: 'file = "…"',
  filename: 'file = "…"',
  size: 'max_size = "10MB"',
  maxbytes: 'max_size = "10MB"',
  backups: 'max_files = N',
};
const SECRET_KEYS_ELSEWHERE: Readonly<Record<string, string>> = {
  path: 'file = "…"',
  source: 'file = "…"',
  secret: 'file = "/run/secrets/NAME"',
};
const TOP_LEVEL_ELSEWHERE: Readonly<Record<string, string>> = {
  services: '[processes.NAME]',
  service: '[processes.NAME]',
  programs: '[processes.NAME]',
  program: '[processes.NAME]',
  tasks: '[processes.NAME]',
  jobs: '[processes.NAME]',
  supervisord: '[engine]',
  taskmaster: '[engine]',
  daemon: '[engine]',
  includes: 'include = ["conf.d/*.toml"]',
  imports: 'include = ["conf.d/*.toml"]',
};

/** @returns what to write instead of an unknown key below `path` that holds `value`. */
export function unknownKeyHint(
  path: KeyPath,
  key: string,
  value: unknown,
  known: readonly string[],
): string | undefined {
  if (path.length === 0 && isCommandTable(value))
    return `a process is written [processes.${key.replace(/^.*:/, '').slice(0, 40)}]`;
  if (path.length === 1 && path[0] === 'defaults' && knownKeys(['processes', 'NAME']).includes(key))
    return 'it differs from process to process: write it in [processes.NAME]';
  const level = key.toLowerCase().replace(/[^a-z]/g, '');
  const elsewhere = tableOf(path);
  if (elsewhere !== undefined && Object.hasOwn(elsewhere, level)) return `write ${elsewhere[level]}`;
  const near = nearestWord(key, known);
  if (near !== undefined) return `did you mean ${JSON.stringify(near)}?`;
  const nearElsewhere = nearestWord(level, Object.keys(elsewhere ?? {}));
  if (nearElsewhere !== undefined) return `write ${elsewhere?.[nearElsewhere]}`;
  return belongsElsewhere(path, key) ?? listKnown(known);
}

/** A table of the top level that holds a command is a process without its prefix. */
function isCommandTable(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).some((key) => /^(cmd|command)$/.test(key))
  );
}

function tableOf(path: KeyPath): Readonly<Record<string, string>> | undefined {
  if (path.length === 0) return TOP_LEVEL_ELSEWHERE;
  if (path[0] === 'defaults') return tableOf(['processes', 'NAME', ...path.slice(1)]);
  if (path[0] !== 'processes') return undefined;
  if (path.length === 2) return PROCESS_KEYS_ELSEWHERE;
  if (path.length === 4 && path[2] === 'env') return SECRET_KEYS_ELSEWHERE;
  if (path.length !== 3) return undefined;
  if (path[2] === 'stdout' || path[2] === 'stderr') return OUTPUT_KEYS_ELSEWHERE;
  return path[2] === 'healthcheck' ? HEALTHCHECK_KEYS_ELSEWHERE : undefined;
}

/** The right key in the wrong table. */
function belongsElsewhere(path: KeyPath, key: string): string | undefined {
  const name = path[0] === 'processes' && path.length > 1 ? String(path[1]) : 'NAME';
  const places: readonly (readonly [string, KeyPath])[] = [
    ['[engine]', ['engine']],
    [`[processes.${name}]`, ['processes', name]],
    [`[processes.${name}.healthcheck]`, ['processes', name, 'healthcheck']],
    [`[processes.${name}.backoff]`, ['processes', name, 'backoff']],
    ['[engine.hooks]', ['engine', 'hooks']],
  ];
  const place = places.find(([, keys]) => knownKeys(keys).includes(key));
  if (place !== undefined) return `it belongs in ${place[0]}`;
  return path.length === 0 ? `a process is written [processes.${key.slice(0, 40)}]` : undefined;
}

function listKnown(known: readonly string[]): string | undefined {
  return known.length > 0 && known.length <= 8 ? `known here: ${known.join(', ')}` : undefined;
}

/** @returns what to do about a key that is missing. */
export function missingKeyHint(path: KeyPath, key: string, table: unknown): string | undefined {
  if (key !== 'cmd' || typeof table !== 'object' || table === null) return undefined;
  const other = Object.keys(table).find((given) =>
    /^(command|exec|execstart|entrypoint|program)$/i.test(given),
  );
  if (other !== undefined) return `rename ${other} to cmd`;
  return path[0] === 'processes' ? 'every process needs a command: cmd = "/path/to/program"' : undefined;
}

/** @returns the word that was meant, or the quotes that are missing or too many. */
export function wrongValueHint(
  path: KeyPath,
  value: unknown,
  expected: string | undefined,
): string | undefined {
  const last = path.at(-1);
  if (typeof value === 'string') {
    const words = [...(expected ?? '').matchAll(/"([A-Za-z-]+)(?::N)?"/g)].map((match) => match[1] ?? '');
    const near = nearestWord(value, words);
    if (near !== undefined && near !== value) return `did you mean ${JSON.stringify(near)}?`;
    if (isWantedWithoutQuotes(path, value)) return `without quotes: ${String(last)} = ${value}`;
    if (
      /number|seconds|duration/.test(expected ?? '') &&
      /^\d+\s*(sec|min|hour|second|minute)s?$/i.test(value)
    ) {
      return 'units are ms, s, m, h and d';
    }
    if (/an array/.test(expected ?? '') && !/string/.test(expected?.split(',')[0] ?? '')) {
      return `put it in brackets: ${String(last)} = [${JSON.stringify(value.slice(0, 40))}]`;
    }
    return last === 'stdout' || last === 'stderr'
      ? 'a path needs a slash: "./file" or "/var/log/file"'
      : undefined;
  }
  if (typeof value === 'boolean' && last === 'autorestart') {
    return value ? 'write autorestart = "always"' : 'write autorestart = "no"';
  }
  if (typeof value === 'number' && /a string/.test(expected ?? '')) return `quote it: "${value}"`;
  return undefined;
}

/** A number or boolean in quotes, if a number or boolean is wanted; octal digits without quotes are another number. */
function isWantedWithoutQuotes(path: KeyPath, value: string): boolean {
  const schema = schemaAt(path);
  const types = typesOf(schema);
  if (value === 'true' || value === 'false') return types.includes('boolean');
  if (/octal/.test(schema?.expected ?? '') || !/^[+-]?\d+(\.\d+)?$/.test(value)) return false;
  const isInBounds =
    Number(value) >= (schema?.minimum ?? -Infinity) && Number(value) <= (schema?.maximum ?? Infinity);
  return (
    isInBounds && (types.includes('number') || (types.includes('integer') && Number.isInteger(Number(value))))
  );
}
