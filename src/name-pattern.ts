/** Names as people write them to mean several: with `*` (any text) and `?` (any one character). */

export function isGlob(pattern: string): boolean {
  return pattern.includes('*') || pattern.includes('?');
}

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
