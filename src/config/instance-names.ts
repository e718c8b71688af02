/** What the copies of a process are called. */

import type { ProcessConfig } from './resolved-config.ts';

/** @param ordinal from 1. @returns `web` alone, `web:1` … `web:3` where there are several. */
export function instanceName(process: Pick<ProcessConfig, 'name' | 'instances'>, ordinal: number): string {
  return process.instances === 1 ? process.name : `${process.name}:${ordinal}`;
}
