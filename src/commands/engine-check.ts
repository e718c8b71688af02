/** `taskmaster engine check CONFIG`: every problem with file, line, key, what was found and what is expected. */

import { processIo } from '../cli/io.ts';
import { loadConfig } from '../config/load.ts';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { renderProblems } from '../config/text/problem.ts';
import { ownPrivileges, systemUsers } from '../system/user-database.ts';
import { warningsOfConfigFiles } from './check-config-files.ts';
import { warningsOfLandlock } from './check-landlock.ts';
import { warningsOfLogDirectories } from './check-log-directories.ts';
import { renderSecurity } from './check-security.ts';
import { type EngineWords, engineWords } from './engine-words.ts';

const EXIT_BAD_CONFIGURATION = 78;
const EXIT_BAD_ARGUMENTS = 2;

export function run(words: readonly string[]): number {
  const asked = engineWords(words);
  const [path, ...more] = asked?.paths ?? [];
  const io = processIo();
  if (asked === undefined || path === undefined || more.length > 0 || asked.replaces || isMisused(asked)) {
    io.stderr.write('usage: taskmaster engine check [--security [--json]] [--profile NAME]… CONFIG\n');
    return EXIT_BAD_ARGUMENTS;
  }
  const { profiles } = asked;
  const self = ownPrivileges();
  const loaded = loadConfig(path, {
    users: systemUsers,
    self,
    ...(profiles && { profiles }),
  });
  const warnings = loaded.ok ? warningsOf(loaded.config) : loaded.warnings;
  for (const warning of warnings) io.stderr.write(`warning: ${warning}\n`);
  if (!loaded.ok) {
    const gap = warnings.length === 0 ? '' : '\n';
    io.stderr.write(`${gap}${renderProblems(loaded.problems)}`);
    return EXIT_BAD_CONFIGURATION;
  }
  if (asked.asksForSecurity) {
    io.stdout.write(renderSecurity(loaded.config, self, asked.asJson));
    return 0;
  }
  const count = loaded.config.processes.size;
  io.stdout.write(`${path}: good, ${count} process${count === 1 ? '' : 'es'}\n`);
  return 0;
}

function isMisused({ asksForSecurity, asJson }: EngineWords): boolean {
  return asJson && !asksForSecurity;
}

function warningsOf(config: ResolvedConfig): readonly string[] {
  const ofDirectories = warningsOfLogDirectories(config.processes.values());
  const ofLandlock = warningsOfLandlock(config.processes.values());
  return [...config.warnings, ...warningsOfConfigFiles(config), ...ofDirectories, ...ofLandlock];
}
