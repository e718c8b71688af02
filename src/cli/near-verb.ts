/** The verb that somebody meant who wrote another word: mistyped, or as other tools call it. */

import { nearestWord } from '../nearest-word.ts';
import type { CommandSpec } from './command.ts';

/** What begins with another word than `taskshell`. */
const PROGRAMS: Readonly<Record<string, string>> = {
  engine: 'taskmaster engine',
  init: 'taskmaster init',
  board: 'taskboard',
};

/** As docker, kubectl, systemctl, supervisorctl and pm2 have it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  '?': 'help',
  check: 'taskmaster engine check',
  describe: 'why',
  dashboard: 'taskboard',
  down: 'stop',
  explain: 'why',
  fg: 'attach',
  halt: 'shutdown',
  inspect: 'why',
  journal: 'logs',
  kill: 'signal',
  list: 'status',
  ls: 'status',
  monit: 'taskboard',
  poweroff: 'shutdown',
  ps: 'status',
  reread: 'reload --plan',
  stats: 'taskboard',
  tail: 'logs --follow',
  top: 'taskboard',
  up: 'start',
  update: 'reload',
  watch: 'status --watch',
};

/** @returns what to write instead; undefined where nothing is near. */
export function nearVerb(word: string, commands: readonly CommandSpec[]): string | undefined {
  if (Object.hasOwn(ELSEWHERE, word)) return ELSEWHERE[word];
  const verbs = commands.filter(({ isHidden }) => isHidden !== true).map(({ verb }) => verb);
  const near = nearestWord(word, [...verbs, ...Object.keys(PROGRAMS)]);
  return near !== undefined && Object.hasOwn(PROGRAMS, near) ? PROGRAMS[near] : near;
}
