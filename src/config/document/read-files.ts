/** Reads a configuration file and all that it includes, each checked against the schema on its own. */

import { dirname, resolve } from 'node:path';
import { INSTANCE } from '../text/instance-text.ts';
import { MAX_CONFIG_BYTES, parseConfig } from '../text/parse.ts';
import { problemWithFile, type SourceFile } from '../text/source-file.ts';
import type { ConfigPorts } from './config-ports.ts';
import { fileErrorInWords } from './file-error.ts';
import { expandGlob, isGlob } from './include.ts';
import type { ParsedFile } from './inherit.ts';
import { interpolateDocument } from './interpolation.ts';
import { type Findings, Place } from './place.ts';
import { inheritAll } from './templates.ts';
import { type ValidatedDocument, validateDocument } from './validate.ts';

export interface ReadFile {
  readonly source: SourceFile;
  readonly document: ValidatedDocument;
}

/** More files than this are a pattern gone wrong. */
const MAX_FILES = 1_000;

export interface FilesRead {
  /** Those that could be parsed, the main file first, each followed by what it includes. */
  readonly readable: readonly ReadFile[];
  /** Absolute paths of all, whether they could be parsed or not. */
  readonly paths: readonly string[];
}

/** @param path absolute. Problems go to the findings. */
export function readConfigFiles(path: string, ports: ConfigPorts, findings: Findings): FilesRead {
  const parsed: ParsedFile[] = [];
  const paths = new Set<string>();
  /** @param chain the files that led here, for telling a cycle from a file that two others include. */
  const visit = (file: string, chain: readonly string[], includedAt: Place | undefined): void => {
    if (chain.includes(file)) {
      const names = [...chain.slice(chain.indexOf(file)), file].join(' → ');
      includedAt?.problem({ message: `files that include each other: ${names}` });
      return;
    }
    if (paths.has(file)) return;
    if (paths.size >= MAX_FILES) {
      includedAt?.problem({ message: `more than ${MAX_FILES} files are included` });
      return;
    }
    paths.add(file);
    const read = parseOne(file, ports, findings, includedAt);
    if (read === undefined) return;
    parsed.push(read);
    for (const [included, place] of includesOf(read, ports, findings))
      visit(included, [...chain, file], place);
  };
  visit(path, [], undefined);
  inheritAll(parsed, findings);
  const readable = parsed.map(({ source, value, interpolated }) => {
    const document = validateDocument(source, value, interpolated);
    findings.problems.push(...document.problems);
    return { source, document };
  });
  return { readable, paths: [...paths] };
}

function parseOne(
  path: string,
  ports: ConfigPorts,
  findings: Findings,
  includedAt: Place | undefined,
): ParsedFile | undefined {
  let bytes: Uint8Array;
  try {
    bytes = ports.files.read(path, MAX_CONFIG_BYTES);
  } catch (error) {
    const message = `cannot be read: ${fileErrorInWords(error)}`;
    if (includedAt === undefined) findings.problems.push(problemWithFile(path, { message }));
    else includedAt.problem({ message: `${path} ${message}` });
    return undefined;
  }
  const parsed = parseConfig(bytes, path);
  if (!parsed.ok) {
    findings.problems.push(...parsed.problems);
    return undefined;
  }
  const { source, value } = parsed;
  const interpolated = interpolateDocument(source, value, ports.environment);
  findings.problems.push(...interpolated.problems);
  if (Object.hasOwn(ports.environment, INSTANCE) && interpolated.perInstance[0] !== undefined)
    new Place(source, interpolated.perInstance[0], findings).warning(
      `\${${INSTANCE}} is the number of the instance; the environment variable "${INSTANCE}" is not used`,
    );
  return { source, value, interpolated };
}

/** What is no path is reported when the document is checked. */
function includesOf(
  { source, value, interpolated }: ParsedFile,
  ports: ConfigPorts,
  findings: Findings,
): readonly (readonly [string, Place])[] {
  const { include } = value;
  const isPath = (path: unknown): path is string => typeof path === 'string' && path.trim() !== '';
  const all: readonly unknown[] = Array.isArray(include) ? include : [include];
  if (!all.every(isPath) || interpolated.broken.some(([key]) => key === 'include')) return [];
  const place = new Place(source, ['include'], findings);
  const patterns = all.map(
    (pattern, index) => [pattern, Array.isArray(include) ? place.at(index) : place] as const,
  );
  const directory = dirname(source.path);
  return patterns.flatMap(([pattern, at]) => {
    if (!isGlob(pattern)) return [[resolve(directory, pattern), at] as const];
    try {
      return expandGlob(pattern, directory, ports.files).map((path) => [path, at] as const);
    } catch (error) {
      at.problem({ message: `cannot be looked up: ${fileErrorInWords(error)}` });
      return [];
    }
  });
}
