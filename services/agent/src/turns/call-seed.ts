import { fnv1a } from '@parley/text';
import type { TurnContext } from '../memory/turn-context.ts';

/** Mixes the bits once more, so that the seeds of consecutive calls differ much. */
const mixed = (hash: number): number => {
  const value = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (value ^ (value >>> 13)) >>> 0;
};

/**
 * The seed of one call: 31 bits, as servers accept them. It is derived from the seed of the agent, else from that of the
 * conversation; undefined without both. The same call has the same seed in every run. `attempt`: a number that no other call for
 * this turn has, because with the same seed a second call would get the same reply.
 */
export const callSeed = (
  own: number | undefined,
  { seed, self, turn }: Pick<TurnContext, 'seed' | 'self' | 'turn'>,
  attempt: number,
): number | undefined => {
  const chosen = own ?? seed;
  if (chosen === undefined) return undefined;
  return mixed(fnv1a(`${chosen}\n${self}\n${turn}\n${attempt}`)) % 2 ** 31;
};
