/** Text of others made harmless for a terminal: names, reasons and output may contain anything. */

import { HARMFUL, jsonEscapeOf } from '../harmful-characters.ts';

/** The one sequence that is let through: SGR, the colours (ECMA-48, 8.3.117). */
const COLOUR_OR_HARMFUL = new RegExp(`\\u001b\\[[0-9;:]{0,64}m|${HARMFUL.source}`, 'g');
// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins it
const UNFINISHED_COLOUR = /\u001b(?:\[[0-9;:]{0,64})?$/;

/** Control characters as `\x1b`, `\u202e`; tab and newline stay. */
export function plainText(text: string): string {
  return text.replace(HARMFUL, escapeOf);
}

/** The same on one line: newlines and tabs are shown too. */
export function plainLine(text: string): string {
  return plainText(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

function escapeOf(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : jsonEscapeOf(character);
}

/**
 * Makes a stream of bytes fit for a terminal, chunk by chunk: UTF-8 split across chunks is put together, colours
 * stay (where wanted) and are put back at the end, everything else that could move the cursor is shown escaped.
 */
export class TerminalFilter {
  readonly #keepsColour: boolean;
  readonly #decoder = new TextDecoder();
  #tail = '';
  #isColoured = false;

  constructor(keepsColour: boolean) {
    this.#keepsColour = keepsColour;
  }

  push(bytes: Uint8Array): string {
    const text = this.#tail + this.#decoder.decode(bytes, { stream: true });
    const unfinished = text.endsWith('\r') ? '\r' : (UNFINISHED_COLOUR.exec(text)?.[0] ?? '');
    this.#tail = unfinished;
    return this.#clean(text.slice(0, text.length - unfinished.length));
  }

  /** What is left, and colours put back to normal. */
  end(): string {
    const rest = this.#clean(this.#tail + this.#decoder.decode());
    this.#tail = '';
    const reset = this.#isColoured ? '\u001b[0m' : '';
    this.#isColoured = false;
    return rest + reset;
  }

  #clean(text: string): string {
    const lines = text.replaceAll('\r\n', '\n');
    return lines.replace(COLOUR_OR_HARMFUL, (found) => {
      if (found.length === 1) return escapeOf(found);
      if (!this.#keepsColour) return '';
      this.#isColoured = true;
      return found;
    });
  }
}
