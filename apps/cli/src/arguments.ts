/** The command line is invalid: exit code 2, with a hint to the help text. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** `option`: its name as the user writes it, for the message. */
export const wholeNumber = (option: string, raw: string, min: number, max: number): number => {
  const value = raw.trim() === '' ? Number.NaN : Number(raw);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new UsageError(`${option}: expected an integer in ${min}..${max}, got ${JSON.stringify(raw)}`);
};

/** Reads the value of an option that is an integer. */
export const integerIn =
  (option: string, min: number, max: number) =>
  (raw: string): number =>
    wholeNumber(option, raw, min, max);

/** Reads the value of an option that is a text. An empty one is probably a variable of the shell that is not set. */
export const textIn =
  (option: string) =>
  (raw: string): string => {
    if (raw.trim() !== '') return raw;
    throw new UsageError(
      `${option}: expected a text, got ${JSON.stringify(raw)}; leave ${option} out for all`,
    );
  };

/** Reads an option that may be repeated. */
export const collected = (raw: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  raw,
];

/** `A,B`: names with commas between. */
export const nameList = (raw: string): string[] => raw.split(',').map((name) => name.trim());
