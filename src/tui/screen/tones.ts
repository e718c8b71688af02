/** What the colours mean: green is well, yellow is on its way, red wants somebody, faint is at rest. */

import type { VisibleState } from '../../lifecycle/states.ts';
import { STATES, type StateTone } from '../../wire/states.ts';
import { BOLD, FAINT, GREEN, PLAIN, RED, type Style, YELLOW } from './cells.ts';

export const TONE_STYLES: Readonly<Record<StateTone, Style>> = {
  good: GREEN,
  busy: YELLOW,
  bad: RED | BOLD,
  quiet: FAINT,
};

export const STATE_STYLES = Object.fromEntries(
  Object.entries(STATES).map(([state, { tone }]) => [state, TONE_STYLES[tone]]),
) as Readonly<Record<VisibleState, Style>>;

export const TITLE: Style = BOLD;
export const QUIET: Style = FAINT;
export const NORMAL: Style = PLAIN;
