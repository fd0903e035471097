import type { World } from './world.ts';

/**
 * What a router must be for a check to make sense there: one that the suite may stop and kill, one that knows the
 * tokens or the secret of JWTs that the suite was given, or one that accepts all clients.
 */
export type Need = 'control' | 'tokens' | 'jwt-secret' | 'no-tokens';

/** One statement about a router, and how to find out whether it holds. Throws when it does not. */
export interface Check {
  /** The clauses of PROTOCOL.md that say so. */
  readonly clauses: readonly string[];
  readonly title: string;
  readonly needs?: Need;
  run(world: World): Promise<void>;
}

/** `check('2.1', 'a binary frame …', async (world) => …)`; several clauses are written `'2.1 3.3'`. */
export const check = (clauses: string, title: string, run: Check['run']): Check => ({
  clauses: clauses.split(' '),
  title,
  run,
});

const needing =
  (needs: Need) =>
  (...about: Parameters<typeof check>): Check => ({ ...check(...about), needs });

export const restarting = needing('control');
export const withTokens = needing('tokens');
export const withJwts = needing('jwt-secret');
export const withoutTokens = needing('no-tokens');

const words = ['amber', 'birch', 'cedar', 'delta', 'ember', 'flint'];

/** Lines that share no word, so that no limit on repetition ends a conversation early. */
export const distinctLine = (index: number): string => words.map((word) => `${word}${index}`).join(' ');
