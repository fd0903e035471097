import type { Scene } from '../scene.ts';

/** The agent's own seed, else the conversation's; of 31 bits, as servers take them. */
export const seedOf = (own: number | undefined, { seed }: Pick<Scene, 'seed'>): number | undefined => {
  const chosen = own ?? seed;
  return chosen === undefined ? undefined : chosen % 2 ** 31;
};
