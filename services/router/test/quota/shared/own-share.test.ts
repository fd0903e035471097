import { expect, it } from 'vitest';
import { noAmounts } from '../../../src/quota/amounts.ts';
import { Pools } from '../../../src/quota/pools.ts';
import { OwnShare } from '../../../src/quota/shared/own-share.ts';

it('a call that was made ends the need, and for some seconds the router wants calls in advance', () => {
  let now = 0;
  const pools = new Pools(new Map([['m', { requests: 40, tokens: 0 }]]));
  const pool = pools.of('m');
  if (!pool) throw new Error('there is a pool');
  const own = new OwnShare({ pool, now: () => now, sample: () => {}, onNeed: () => {} });
  expect(own.demand(0)).toMatchObject({ need: undefined, wish: { calls: 0 } });
  own.needs({ ...noAmounts, calls: 1 });
  expect(own.demand(1)).toMatchObject({ need: { calls: 1 }, wish: { calls: 2 } });
  own.set({ ...noAmounts, calls: 1 });
  expect(pool.lease(now)).toBeDefined();
  expect(own.demand(0)).toMatchObject({ need: undefined, used: { calls: 1 }, wish: { calls: 3 } });
  now = 5_000;
  expect(own.demand(0)).toMatchObject({ need: undefined, wish: { calls: 1 } });
});
