/** The environment a process is given: its user's variables, then `env_file`, then `env`; and where its secrets are. */

import { dirname, resolve } from 'node:path';
import type { ConfigPorts } from '../document/config-ports.ts';
import { fileErrorInWords } from '../document/file-error.ts';
import type { Place } from '../document/place.ts';
import type { EnvironmentPlan } from '../resolved-config.ts';
import type { ProcessSource } from '../schema/schema.ts';
import { problemAtOffset } from '../text/source-file.ts';
import { parseEnvFile } from './env-file.ts';

type EnvironmentPorts = Pick<ConfigPorts, 'files' | 'environment'>;

const MAX_ENV_FILE_BYTES = 1024 * 1024;

/** @param place of the process's table */
export function resolveEnvironment(
  place: Place,
  process: ProcessSource,
  ofUser: Readonly<Record<string, string>>,
  ports: EnvironmentPorts,
): EnvironmentPlan {
  const variables = new Map(Object.entries(ofUser));
  // Its terminal is not the one that the engine itself may have been started on.
  if (process.tty) variables.set('TERM', 'xterm');
  for (const [path, pathPlace] of envFiles(place.at('env_file'), process.env_file)) {
    for (const [name, value] of readEnvFile(pathPlace, path, ports)) variables.set(name, value);
  }
  const secrets = new Map<string, string>();
  for (const [name, value] of Object.entries(process.env ?? {})) {
    if (typeof value !== 'object') {
      variables.set(name, String(value));
      continue;
    }
    variables.delete(name);
    secrets.set(name, secretPath(place.at('env', name), name, value.file));
  }
  // fromEntries defines properties: a variable may have any name, and assigning to __proto__ would lose it.
  return {
    clear: process.clear_env,
    set: Object.fromEntries(variables),
    ...(secrets.size > 0 && { secretFiles: Object.fromEntries(secrets) }),
  };
}

/** Whether it is there is not asked before it is needed: it may be mounted later than the engine starts. */
function secretPath(place: Place, name: string, given: string): string {
  if (name === 'PATH') {
    const hint = 'write its value as text';
    place.problem({ message: 'PATH cannot be a secret: messages about programs show it', hint }, 'key');
  }
  return resolve(dirname(place.source.path), given);
}

function envFiles(place: Place, paths: ProcessSource['env_file']): readonly (readonly [string, Place])[] {
  if (paths === undefined) return [];
  if (typeof paths === 'string') return [[paths, place]];
  return paths.map((path, index) => [path, place.at(index)]);
}

function readEnvFile(place: Place, given: string, ports: EnvironmentPorts): ReadonlyMap<string, string> {
  const isOptional = given.startsWith('-');
  const path = resolve(dirname(place.source.path), isOptional ? given.slice(1) : given);
  let bytes: Uint8Array;
  try {
    bytes = ports.files.read(path, MAX_ENV_FILE_BYTES);
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!(isOptional && isMissing)) {
      place.problem({
        message: `cannot read ${path}: ${fileErrorInWords(error)}`,
        hint: isMissing ? `write "-${given}" where it may be missing` : undefined,
      });
    }
    return new Map();
  }
  if (bytes.length > MAX_ENV_FILE_BYTES) {
    place.problem({ message: `${path} is larger than 1 MiB` });
    return new Map();
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .replaceAll('\r\n', '\n');
  const { variables, problems } = parseEnvFile(text, ports.environment);
  for (const { offset, message, hint } of problems) {
    place.findings.problems.push(problemAtOffset({ path, text }, offset, '', { message, hint }));
  }
  return variables;
}
