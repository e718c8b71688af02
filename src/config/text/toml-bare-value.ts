/** Values without quotes: which ones TOML knows, and what a person most likely meant by the others. */

const INTEGER =
  /^[+-]?(0|[1-9](_?\d)*)$|^0x[0-9A-Fa-f](_?[0-9A-Fa-f])*$|^0o[0-7](_?[0-7])*$|^0b[01](_?[01])*$/;
const FLOAT = /^[+-]?(0|[1-9](_?\d)*)(\.\d(_?\d)*)?([eE][+-]?\d(_?\d)*)?$|^[+-]?(inf|nan)$/;
const DATE_OR_TIME = /^\d{4}-\d\d-\d\d|^\d\d:\d\d/;
const AMOUNT_WITH_UNIT = /^\d+(\.\d+)?[A-Za-z]+$/;
const BOOLEANS: Readonly<Record<string, string>> = { yes: 'true', no: 'false', on: 'true', off: 'false' };

export interface BareValueProblem {
  readonly message: string;
  readonly hint: string | undefined;
}

/**
 * @param word what stands there up to white space or punctuation
 * @param restOfLine the same up to the end of the line, where that may belong to it
 * @returns what is wrong with it, or undefined for a number or boolean that the parser takes.
 */
export function bareValueProblem(
  word: string,
  restOfLine: string,
  keyName: string | undefined,
): BareValueProblem | undefined {
  if (word === 'true' || word === 'false') return undefined;
  if (INTEGER.test(word)) return integerProblem(word);
  // The parser does not take 0e0.
  if (/^[+-]?0[eE]/.test(word))
    return { message: `${word} is an odd way to write 0`, hint: `write ${keyName ?? 'it'} = 0` };
  if (FLOAT.test(word)) return undefined;
  const assign = (value: string): string => (keyName === undefined ? value : `${keyName} = ${value}`);
  if (word === '') {
    return {
      message:
        restOfLine === ''
          ? 'the value is missing'
          : `a value was expected before ${JSON.stringify(restOfLine.slice(0, 20))}`,
      hint: undefined,
    };
  }
  const lower = word.toLowerCase();
  if (lower === 'true' || lower === 'false' || Object.hasOwn(BOOLEANS, lower)) {
    return { message: `${word} is no value`, hint: `write ${assign(booleanFor(lower, keyName))}` };
  }
  if (DATE_OR_TIME.test(word)) {
    return {
      message: 'no key takes a date or time',
      hint: `a text must be quoted: ${assign(quoted(restOfLine))}`,
    };
  }
  if (/^[+-]?0[\d_]/.test(word)) {
    return {
      message: `the number ${word} starts with 0`,
      hint: /mode|mask/.test(keyName ?? '')
        ? `write octal modes in quotes: ${assign(quoted(word))}`
        : `write ${assign(word.replace(/^([+-]?)0+(?=\d)/, '$1'))}`,
    };
  }
  if (/^[+-]?[\d._]+$/.test(word))
    return { message: `${word} is no number`, hint: `or a text? ${assign(quoted(word))}` };
  if (/^(null|nil|none|undefined)$/.test(lower))
    return { message: `TOML has no ${word}`, hint: 'leave the key out' };
  if (/^(infinity|nan)$|^[+-]{2}|^0x|^\d+e$/.test(lower))
    return { message: `${word} is no number`, hint: undefined };
  if (AMOUNT_WITH_UNIT.test(word)) {
    return { message: `${word} must be quoted`, hint: `write ${assign(quoted(word))}` };
  }
  // Word processors make “ and ” of the quotes.
  const meant = restOfLine.replace(/^[\u2018\u2019\u201c-\u201e]+|["'\u2018\u2019\u201c\u201d]+$/g, '');
  const inner = /^\((.*)\)$/.exec(meant)?.[1];
  if (inner !== undefined)
    return { message: 'an array is in brackets', hint: `write ${assign(`[${shorten(inner)}]`)}` };
  return {
    message: `${JSON.stringify(shorten(meant))} is not quoted`,
    hint: `strings need quotes: ${assign(quoted(meant))}`,
  };
}

/** `autorestart` is no boolean, though other tools have one of that name. */
function booleanFor(word: string, keyName: string | undefined): string {
  const value = BOOLEANS[word] ?? word;
  if (keyName !== 'autorestart') return value;
  return value === 'true' ? '"always"' : '"no"';
}

/** The parser makes BigInts of what a double cannot hold, which no key can use. */
function integerProblem(word: string): BareValueProblem | undefined {
  const digits = word.replace(/_/g, '').replace(/^\+/, '');
  if (Number.isSafeInteger(Number(digits))) return undefined;
  return { message: `the number ${shorten(word)} is too large`, hint: 'the largest is 9007199254740991' };
}

function quoted(text: string): string {
  const shown = shorten(text);
  return shown.includes('"') && !shown.includes("'") ? `'${shown}'` : JSON.stringify(shown);
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
