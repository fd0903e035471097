import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { Pools } from '../../src/quota/pools.ts';
import { makeRouter } from '../../src/router.ts';
import { clockOf, routerOptions } from '../router-options.ts';

/** A router that starts on a ledger, says how many conversations it has taken up, and ends. */
const ledger = openSqliteLedger(process.argv[2] as string);
const router = makeRouter(
  routerOptions({
    ledger,
    clock: clockOf(() => 1_000_000),
    pools: new Pools(new Map([['*', { requests: 10, tokens: 0 }]])),
  }),
);
process.stdout.write(`${router.conversations.count}\n`);
ledger.close();
