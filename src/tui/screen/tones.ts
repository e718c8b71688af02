/** What the colours mean: green is well, yellow is on its way, red wants somebody, faint is at rest. */

import type { Tone } from '../model/model.ts';
import type { State } from '../model/rows.ts';
import { BOLD, FAINT, GREEN, PLAIN, RED, type Style, YELLOW } from './cells.ts';

export const STATE_STYLES: Readonly<Record<State, Style>> = {
  idle: FAINT,
  waiting: YELLOW,
  blocked: RED | BOLD,
  starting: YELLOW,
  healthcheck: YELLOW,
  healthy: GREEN,
  unhealthy: RED | BOLD,
  stopping: YELLOW,
  backoff: RED | BOLD,
  completed: GREEN,
  stopped: FAINT,
  failed: RED | BOLD,
};

export const TONE_STYLES: Readonly<Record<Tone, Style>> = { good: GREEN, busy: YELLOW, bad: RED | BOLD };

export const TITLE: Style = BOLD;
export const QUIET: Style = FAINT;
export const NORMAL: Style = PLAIN;
