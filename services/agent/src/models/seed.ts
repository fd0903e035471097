import { fnv1a } from '@parley/text';
import type { TurnContext } from '../memory/turn-context.ts';

/** What a seed is drawn from: which call of which turn of which agent it is for. */
interface Call {
  readonly context: Pick<TurnContext, 'seed' | 'self' | 'turn'>;
  /** A number that no other call for this turn has. */
  readonly attempt: number;
}

/** Mixed once more, because FNV-1a gives similar texts similar numbers. */
const hash = (text: string): number => {
  let value = fnv1a(text);
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return (value ^ (value >>> 13)) >>> 0;
};

/**
 * The seed of one call, of 31 bits as servers take them: drawn from the agent's own seed, else the conversation's. The
 * same call has the same seed in every run; another attempt has another, for the same one would get the same answer.
 */
export const seedOf = (own: number | undefined, { context, attempt }: Call): number | undefined => {
  const chosen = own ?? context.seed;
  if (chosen === undefined) return undefined;
  return hash(`${chosen}\n${context.self}\n${context.turn}\n${attempt}`) % 2 ** 31;
};
