/** What test files need beyond Node and a compiler: the one place that says it. Whatever is not listed needs nothing. */

export type Need = 'root' | 'docker' | 'debian' | 'time';

export const NEEDS_IN_WORDS: Readonly<Record<Need, string>> = {
  root: 'root: it changes users, mounts, or makes PID namespaces',
  docker: 'a Docker engine that answers',
  debian: 'programs of Debian, which .ci/run installs',
  time: 'more than a few seconds',
};

interface Row {
  /** A room of `test/`, or one file of it without `.test.ts`. */
  readonly what: string;
  readonly needs: readonly Need[];
}

export const NEEDS: readonly Row[] = [
  { what: 'build/launcher', needs: ['root'] },
  { what: 'build/load-bundle', needs: ['root', 'time'] },
  { what: 'build/man-pages', needs: ['debian'] },
  { what: 'build/release', needs: ['root', 'debian', 'time'] },
  { what: 'cli/completion-shells', needs: ['debian'] },
  { what: 'cli/native-client-bad-days', needs: ['root'] },
  { what: 'cli/notices', needs: ['root'] },
  { what: 'commands/check-log-directories', needs: ['root'] },
  { what: 'commands/check-security', needs: ['root'] },
  { what: 'container', needs: ['root', 'docker', 'debian', 'time'] },
  { what: 'end-to-end', needs: ['root', 'debian', 'time'] },
  { what: 'health/probe-command', needs: ['root'] },
  { what: 'images', needs: ['root', 'docker', 'debian', 'time'] },
  { what: 'init', needs: ['root', 'debian'] },
  { what: 'journal/files', needs: ['root'] },
  { what: 'model', needs: ['time'] },
  { what: 'mutants', needs: ['time'] },
  { what: 'native/child-mounts', needs: ['root'] },
  { what: 'native/credentials', needs: ['root'] },
  { what: 'native/failing-steps', needs: ['root'] },
  { what: 'native/landlock', needs: ['root'] },
  { what: 'native/hold-signals', needs: ['root'] },
  { what: 'native/leaks', needs: ['root', 'time'] },
  { what: 'native/pending-spawn', needs: ['root', 'time'] },
  { what: 'native/system-calls', needs: ['root'] },
  { what: 'native/terminal', needs: ['root'] },
  { what: 'output/descriptor-sink', needs: ['root'] },
  { what: 'output/flood', needs: ['root'] },
  { what: 'output/full-disk', needs: ['root'] },
  { what: 'output/hostile-directory', needs: ['root'] },
  { what: 'output/log-file', needs: ['root'] },
  { what: 'pid1', needs: ['root'] },
  { what: 'pods', needs: ['root', 'docker', 'debian', 'time'] },
  { what: 'system/pending-spawn', needs: ['root'] },
  { what: 'system/wall-alarm', needs: ['root'] },
  { what: 'rpc/hostile-clients', needs: ['time'] },
  { what: 'rpc/socket-file', needs: ['root'] },
];

/** @param file below `test/`, such as `cli/json.test.ts` */
export function needsOf(file: string): readonly Need[] {
  const name = file.replace(/\.test\.ts$/, '');
  const rows = NEEDS.filter(({ what }) => name === what || name.startsWith(`${what}/`));
  return [...new Set(rows.flatMap(({ needs }) => needs))];
}
