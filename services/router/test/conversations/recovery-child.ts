import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { Pools } from '../../src/quota/pools.ts';
import { Prices } from '../../src/quota/prices.ts';
import { makeRouter } from '../../src/router.ts';

/** A router that starts on a ledger, says how many conversations it has taken up, and ends. */
const ledger = openSqliteLedger(process.argv[2] as string);
const fail = (error: unknown) => {
  throw error;
};
const router = makeRouter({
  ledger,
  clock: { wall: () => 1_000_000, monotonic: () => 1_000_000 },
  version: 'test',
  prices: new Prices({}),
  pools: new Pools(new Map([['*', { requests: 10, tokens: 0 }]])),
  retention: { maxAgeMs: 0, maxBytes: 0 },
  mailboxLimits: {
    each: { lines: 100, bytes: 1e6 },
    all: { lines: 100, bytes: 1e6 },
    maxAgeMs: 3_600_000,
  },
  onLedgerFailure: fail,
  onFault: fail,
});
process.stdout.write(`${router.conversations.count}\n`);
ledger.close();
