/** Durations and sizes as people write them, in configuration, on the command line and in what we print. */

const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/**
 * A number is seconds; a string is `"500ms"`, `"1m30s"`, `"1.5s"` or bare seconds.
 * @returns milliseconds, or undefined where the text is no duration.
 */
export function parseDuration(value: number | string): number | undefined {
  if (typeof value === 'number')
    return Number.isFinite(value) && value >= 0 ? Math.round(value * 1_000) : undefined;
  const text = value.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000);
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * (MILLISECONDS[unit ?? ''] ?? Number.NaN);
  }
  return Number.isFinite(total) ? Math.round(total) : undefined;
}

/**
 * A number is bytes; a string is `"10MB"` (powers of ten) or `"64KiB"` (powers of two).
 * @returns bytes, or undefined where the text is no size.
 */
export function parseSize(value: number | string): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  const match = /^(\d+(?:\.\d+)?)\s*([KMGT]i?B|B)?$/.exec(value.trim());
  if (!match) return undefined;
  const bytes = Math.round(Number(match[1]) * (BYTES[match[2] ?? 'B'] ?? Number.NaN));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** `2 seconds`, `1 minute`, `3 hours`: the largest unit that fits, whole, for sentences. */
export function durationInWords(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  const [amount, unit] =
    seconds < 120
      ? [seconds, 'second']
      : seconds < 7_200
        ? [Math.floor(seconds / 60), 'minute']
        : seconds < 172_800
          ? [Math.floor(seconds / 3_600), 'hour']
          : [Math.floor(seconds / 86_400), 'day'];
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}

/** `850ms`, `12s`, `4m10s`, `3h05m`, `2d03h`: at most two units, for columns. */
export function shortDuration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.max(0, Math.round(milliseconds))}ms`;
  const seconds = Math.floor(milliseconds / 1_000);
  const pair = (large: number, small: number, largeUnit: string, smallUnit: string): string =>
    `${large}${largeUnit}${String(small).padStart(2, '0')}${smallUnit}`;
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return pair(Math.floor(seconds / 60), seconds % 60, 'm', 's');
  if (seconds < 86_400)
    return pair(Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60), 'h', 'm');
  return pair(Math.floor(seconds / 86_400), Math.floor((seconds % 86_400) / 3_600), 'd', 'h');
}
