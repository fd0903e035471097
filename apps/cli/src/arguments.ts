/** The command line itself is wrong: exit code 2, with a hint where the right one is described. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The one positional argument that a command asks for. */
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
