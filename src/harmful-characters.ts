/**
 * Characters of a text that is not ours which no terminal may get: they move the cursor, change the title, or show a
 * text in another order than it has.
 */

/** C0 but tab and newline, DEL, C1, what turns the direction of writing (Unicode TR 36), and two more ends of a line. */
export const HARMFUL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** `\u202e`: in JSON it means the same character. */
export function jsonEscapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
