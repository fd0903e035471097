/** A pull request is not to fail by a fault that is older than it: each run of `make test` tries the same cases. */
const usual = '20261126';

/** A seed that was not used before where `given` is "random". */
export const seedOf = (given: string): number => {
  if (given === 'random') return Math.floor(Math.random() * 2 ** 31);
  const seed = Number(given);
  if (Number.isInteger(seed)) return seed;
  throw new Error(`PARLEY_SEED is "${given}": it has to be a whole number or "random"`);
};

/** The seed of all random tests: that of PARLEY_SEED, else always the same. A failure prints it. */
export const testSeed = seedOf(process.env.PARLEY_SEED || usual);
