/** The configuration in effect as plain data, with the places of what processes inherit. */

import type { ResolvedConfig } from '../../config/resolved-config.ts';
import { withReadableTexts } from '../../config/text/instance-text.ts';

export function wholeConfig(config: ResolvedConfig): unknown {
  const { inherited: _, ...shown } = config;
  const processes = [...config.processes.keys()].map((name) => [name, withOrigins(config, name)]);
  return withReadableTexts({ ...shown, processes: Object.fromEntries(processes) });
}

export function configOf(config: ResolvedConfig, process: string): unknown {
  return withReadableTexts(withOrigins(config, process));
}

function withOrigins({ processes, inherited }: ResolvedConfig, name: string): unknown {
  const origins = inherited?.get(name);
  return origins === undefined ? processes.get(name) : { ...processes.get(name), inherited: origins };
}
