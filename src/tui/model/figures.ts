/** Figures as short texts of a steady width. Pure. */

import { shortDuration } from '../../units.ts';

const UNITS = ['B', 'K', 'M', 'G', 'T', 'P'] as const;
const BARS = '▁▂▃▄▅▆▇█';

/** `512K`, `45M`, `1.2G`: powers of 1024, at most four characters. */
export function shortBytes(bytes: number): string {
  let amount = Math.max(0, bytes);
  let unit = 0;
  while (amount >= 999.5 && unit < UNITS.length - 1) {
    amount /= 1_024;
    unit += 1;
  }
  const isSmall = unit > 0 && amount < 9.95;
  return `${isSmall ? amount.toFixed(1) : Math.round(amount)}${UNITS[unit]}`;
}

/** `3%`; 100 is one processor. */
export function percent(value: number): string {
  return `${Math.round(value)}%`;
}

/** Whole seconds at least: what changes quicker cannot be read. */
export function age(milliseconds: number): string {
  return milliseconds < 1_000 ? '0s' : shortDuration(milliseconds);
}

/** One bar a sample, newest last. @param full what the highest bar stands for, at least */
export function sparkline(samples: readonly number[], width: number, full: number): string {
  const shown = samples.slice(-width);
  const highest = Math.max(full, ...shown);
  const bars = shown.map((sample) => {
    if (sample <= 0 || highest <= 0) return BARS[0];
    return BARS[Math.min(BARS.length - 1, Math.ceil((sample / highest) * BARS.length) - 1)];
  });
  return bars.join('').padStart(width);
}

/** Universal time, as in the engine's log. */
export function timeText(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}
