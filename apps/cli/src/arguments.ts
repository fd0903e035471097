/** The command line is invalid: exit code 2, with a hint to the help text. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The only positional argument of a command. */
export const onlyOne = (positionals: readonly string[], what: string): string => {
  const [first, ...more] = positionals;
  if (first === undefined || more.length > 0) throw new UsageError(`expected one ${what}`);
  return first;
};

export const wholeNumber = (option: string, raw: string, min: number, max: number): number => {
  const value = raw.trim() === '' ? Number.NaN : Number(raw);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new UsageError(`--${option}: expected an integer in ${min}..${max}, got ${JSON.stringify(raw)}`);
};
