import { testSeed } from './test-seed.ts';

/** Random numbers in 0..1 from the seed of the tests, which is printed. The generator is mulberry32. */
export const seeded = (title: string, seed = testSeed): (() => number) => {
  console.info(`${title}: PARLEY_SEED=${seed}`);
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};
