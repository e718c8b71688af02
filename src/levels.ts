/** The levels of the engine's log, of events and of lines that processes print, the least important first. Pure. */

export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type Level = (typeof LEVELS)[number];

export function isBelow(level: Level, least: Level): boolean {
  return LEVELS.indexOf(level) < LEVELS.indexOf(least);
}
