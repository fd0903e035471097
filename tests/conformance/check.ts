import type { World } from './world.ts';

/** One statement about a router, and how to find out whether it holds. Throws when it does not. */
export interface Check {
  /** The clauses of PROTOCOL.md that say so. */
  readonly clauses: readonly string[];
  readonly title: string;
  /** It stops or kills the router, so it runs only where the suite started it. */
  readonly restarts?: boolean;
  run(world: World): Promise<void>;
}

/** `check('2.1', 'a binary frame …', async (world) => …)`; several clauses are written `'2.1 3.3'`. */
export const check = (clauses: string, title: string, run: Check['run']): Check => ({
  clauses: clauses.split(' '),
  title,
  run,
});

export const restarting = (clauses: string, title: string, run: Check['run']): Check => ({
  ...check(clauses, title, run),
  restarts: true,
});

const words = ['amber', 'birch', 'cedar', 'delta', 'ember', 'flint'];

/** Lines that share no word, so that no limit on repetition ends a conversation early. */
export const distinctLine = (index: number): string => words.map((word) => `${word}${index}`).join(' ');
