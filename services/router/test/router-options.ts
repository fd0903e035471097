import { Pools } from '../src/quota/pools.ts';
import { Prices } from '../src/quota/prices.ts';
import type { RouterOptions } from '../src/router.ts';
import type { Clock } from '../src/time/clock.ts';

const fail = (error: unknown) => {
  throw error;
};

/** Both clocks of a test: one number that the test moves. */
export const clockOf = (now: () => number): Clock => ({ wall: now, monotonic: now });

/** The options of every router in the tests: no limit but those that a test sets, and no error that stays unseen. */
export const routerOptions = (
  given: Pick<RouterOptions, 'ledger' | 'clock'> & Partial<RouterOptions>,
): RouterOptions => ({
  version: 'test',
  prices: new Prices({}),
  pools: new Pools(new Map()),
  retention: { maxAgeMs: 0, maxBytes: 0 },
  mailboxLimits: {
    each: { messages: 1_000, bytes: 1e9 },
    all: { messages: 1e9, bytes: 1e9 },
    maxAgeMs: 3_600_000,
  },
  onLedgerFailure: fail,
  onFault: ({ error }) => fail(error),
  ...given,
});
