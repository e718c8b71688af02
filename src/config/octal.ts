/** @param digits as the schema lets them through: `022`, `0o022` */
export function octal(digits: string): number {
  return Number.parseInt(digits.replace(/^0o/, ''), 8);
}
