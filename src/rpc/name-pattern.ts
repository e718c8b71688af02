/** Names as people write them for a filter: exact, or with `*` (any text) and `?` (any one character). */

/** True where the pattern matches the whole text. Takes no more than |pattern| × |text| steps, whatever is asked. */
export function matchesPattern(pattern: string, text: string): boolean {
  let patternAt = 0;
  let textAt = 0;
  let starAt = -1;
  let retryFrom = 0;
  while (textAt < text.length) {
    if (patternAt < pattern.length && pattern[patternAt] === '*') {
      starAt = patternAt++;
      retryFrom = textAt;
    } else if (
      patternAt < pattern.length &&
      (pattern[patternAt] === '?' || pattern[patternAt] === text[textAt])
    ) {
      patternAt++;
      textAt++;
    } else if (starAt !== -1) {
      patternAt = starAt + 1;
      textAt = ++retryFrom;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === '*') patternAt++;
  return patternAt === pattern.length;
}

/** True where one of the patterns means this instance, by its own name or its process's; `all` means every one. */
export function meansInstance(
  patterns: readonly string[],
  names: { readonly instance?: string; readonly process?: string },
): boolean {
  return patterns.some(
    (pattern) =>
      pattern === 'all' ||
      (names.instance !== undefined && matchesPattern(pattern, names.instance)) ||
      (names.process !== undefined && matchesPattern(pattern, names.process)),
  );
}
