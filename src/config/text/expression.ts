/** Arithmetic of `${…}`: whole numbers, `+ - * / %`, parentheses. */

export type Evaluated =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly message: string };

/** Longer ones are a mistake, and nesting is bounded with it. */
const MAX_LENGTH = 200;

/** @param expression numbers and operators; a variable has been replaced by its number. */
export function evaluate(expression: string): Evaluated {
  if (expression.length > MAX_LENGTH) return { ok: false, message: 'the expression is too long' };
  const tokens = expression.match(/\d+|\S/g) ?? [];
  let at = 0;
  /** @throws ExpressionError */
  const operand = (): number => {
    const token = tokens[at++];
    if (token === undefined) throw new ExpressionError('a number is missing at its end');
    if (token === '-') return -operand();
    if (token === '(') {
      const value = sum();
      if (tokens[at++] !== ')') throw new ExpressionError('a ")" is missing');
      return value;
    }
    if (!/^\d/.test(token)) throw new ExpressionError(`a number is missing before ${JSON.stringify(token)}`);
    return inRange(Number(token));
  };
  const product = (): number => {
    let value = operand();
    for (let operator = tokens[at]; isOneOf(operator, '*/%'); operator = tokens[at]) {
      at++;
      const right = operand();
      if (operator !== '*' && right === 0) throw new ExpressionError('division by 0');
      value = inRange(
        operator === '*' ? value * right : operator === '/' ? Math.trunc(value / right) : value % right,
      );
    }
    return value;
  };
  const sum = (): number => {
    let value = product();
    for (let operator = tokens[at]; isOneOf(operator, '+-'); operator = tokens[at]) {
      at++;
      const right = product();
      value = inRange(operator === '+' ? value + right : value - right);
    }
    return value;
  };
  try {
    const value = sum();
    const rest = tokens[at];
    if (rest !== undefined)
      throw new ExpressionError(`an operator is missing before ${JSON.stringify(rest)}`);
    // No negative zero.
    return { ok: true, value: value + 0 };
  } catch (error) {
    if (error instanceof ExpressionError) return { ok: false, message: error.message };
    throw error;
  }
}

class ExpressionError extends Error {}

function isOneOf(token: string | undefined, operators: string): boolean {
  return token !== undefined && operators.includes(token);
}

function inRange(value: number): number {
  if (!Number.isSafeInteger(value)) throw new ExpressionError('a number is too large');
  return value;
}
