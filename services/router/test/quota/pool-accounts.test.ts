import { describe, expect, it } from 'vitest';
import { type Lease, Pool } from '../../src/quota/pool.ts';
import { Pools, readPoolRules } from '../../src/quota/pools.ts';

const minute = 60_000;
const leased = (pool: Pool, now: number): Lease => {
  const lease = pool.lease(now);
  if (!lease) throw new Error('no lease');
  return lease;
};

describe('what a pool counts', () => {
  it('a lease counts as a call with its estimated tokens, until the real number is known', () => {
    const pool = new Pool({ requests: 9, tokens: 100_000 }, minute);
    const lease = leased(pool, 0);
    expect(pool.usedAt(0)).toEqual({ calls: 1, tokens: 1_000, 'at-once': 1 });
    pool.called(lease, 10);
    pool.called(lease, 20);
    expect(pool.usedAt(20)).toEqual({ calls: 1, tokens: 1_000, 'at-once': 1 });
    pool.over(lease, 30, 200);
    pool.over(lease, 30, 900);
    expect(pool.usedAt(30)).toEqual({ calls: 1, tokens: 200, 'at-once': 0 });
    expect(pool.usedAt(minute + 10)).toEqual({ calls: 1, tokens: 200, 'at-once': 0 });
    expect(pool.usedAt(minute + 11)).toEqual({ calls: 0, tokens: 200, 'at-once': 0 });
    expect(pool.usedAt(minute + 31)).toEqual({ calls: 0, tokens: 0, 'at-once': 0 });
  });

  it('a call whose tokens are not known counts with its estimate, and changes no estimate', () => {
    const pool = new Pool({ requests: 0, tokens: 100_000 }, minute);
    pool.over(leased(pool, 0), 0);
    expect(pool.usedAt(0).tokens).toBe(1_000);
    pool.over(leased(pool, 0), 0, 500);
    expect(pool.usedAt(0).tokens).toBe(1_500);
    const next = leased(pool, 0);
    expect(next.tokens).toBe(500);
    pool.over(next, 0, 1_000);
    expect(leased(pool, 0).tokens).toBe(600);
  });

  it('a lease whose call is not made counts for nothing, and can be given up only before the call', () => {
    const pool = new Pool({ requests: 1, tokens: 100_000, concurrency: 1 }, minute);
    const lease = leased(pool, 0);
    expect(pool.lease(0)).toBeUndefined();
    pool.cancel(lease);
    pool.cancel(lease);
    expect([lease.state, pool.usedAt(0)]).toEqual(['over', { calls: 0, tokens: 0, 'at-once': 0 }]);
    const made = leased(pool, 0);
    pool.called(made, 0);
    pool.cancel(made);
    expect([made.state, pool.usedAt(0)['at-once']]).toEqual(['called', 1]);
  });

  it('the call of a replica that reconnected counts at once, and not again as a call when it is over', () => {
    const pool = new Pool({ requests: 9, tokens: 9_000, concurrency: 1 }, minute);
    const lease = pool.rejoin(5);
    expect(lease).toEqual({ pool, at: 5, tokens: 0, state: 'called' });
    expect(pool.lease(5)).toBeUndefined();
    pool.over(lease, 6, 300);
    expect(pool.usedAt(6)).toEqual({ calls: 0, tokens: 300, 'at-once': 0 });
  });

  it('calls before the start of the router count with their tokens, or with the estimate', () => {
    const pool = new Pool({ requests: 3, tokens: 9_000 }, minute);
    pool.recover(0, 2_000);
    pool.recover(1);
    expect(pool.usedAt(1)).toEqual({ calls: 2, tokens: 3_000, 'at-once': 0 });
  });

  it('a pool of tokens is full at exactly its rule, and after a 429 at half of it', () => {
    const pool = new Pool({ requests: 0, tokens: 3_000 }, minute);
    const first = leased(pool, 0);
    leased(pool, 0);
    leased(pool, 0);
    expect(pool.lease(0)).toBeUndefined();
    pool.slowDown(first, 0, 0);
    pool.cancel(first);
    expect(pool.lease(0)).toBeUndefined();
  });

  it('a 429 without a wait stops all calls for a sixtieth of the window', () => {
    const pool = new Pool({ requests: 60, tokens: 0 }, minute);
    pool.slowDown(leased(pool, 0), 0);
    expect(pool.lease(999)).toBeUndefined();
    expect(pool.lease(1_000)).toBeDefined();
  });

  it.each([
    [{ requests: 1, tokens: 0 }, true],
    [{ requests: 0, tokens: 1 }, true],
    [{ requests: 0, tokens: 0, concurrency: 1 }, false],
  ])('whether %j counts calls or tokens: %s', (rule, counts) => {
    expect(new Pool(rule, minute).countsCalls).toBe(counts);
  });

  it('the failure of one of two calls at once leaves one, and it takes windows without a failure to allow more', () => {
    const pool = new Pool({ requests: 0, tokens: 0 }, minute);
    const [first, second] = [leased(pool, 0), leased(pool, 0)];
    pool.failed(first, 1);
    pool.over(first, 1);
    expect(pool.lease(1)).toBeUndefined();
    pool.failed(second, 2);
    pool.over(second, 2);
    expect(pool.lease(minute)).toBeDefined();
    expect(pool.lease(minute)).toBeUndefined();
    expect(pool.lease(minute + 1)).toBeDefined();
    expect(pool.lease(minute + 1)).toBeUndefined();
    for (let calls = 0; calls < 2_000; calls++) leased(pool, 12 * minute);
  });
});

describe('all pools', () => {
  const rules = readPoolRules('a=60/100000, b=@1,, *=30@4,') ?? new Map();

  it('the usage of each pool has its limits, what is used and how many turns wait', () => {
    const pools = new Pools(rules, 1_000);
    leased(pools.of('a') as Pool, 0);
    expect(pools.usage(0, (pool) => (pool === pools.of('b') ? 7 : 0))).toEqual([
      {
        ...{ pool: 'a', waiting: 0, limits: { calls: 60, tokens: 100_000, 'at-once': 0 } },
        used: { calls: 1, tokens: 1_000, 'at-once': 1 },
      },
      {
        ...{ pool: 'b', waiting: 7, limits: { calls: 0, tokens: 0, 'at-once': 1 } },
        used: { calls: 0, tokens: 0, 'at-once': 0 },
      },
      {
        ...{ pool: '*', waiting: 0, limits: { calls: 30, tokens: 0, 'at-once': 4 } },
        used: { calls: 0, tokens: 0, 'at-once': 0 },
      },
    ]);
    expect([pools.any, pools.windowMs]).toEqual([true, 1_000]);
  });

  it('without rules there is no pool', () => {
    const pools = new Pools(new Map());
    expect([pools.any, pools.windowMs, pools.of('a'), pools.of(undefined)]).toEqual([
      false,
      0,
      undefined,
      undefined,
    ]);
  });

  it('an earlier call of a known model counts in its pool alone, one of an unknown model in all', () => {
    const pools = new Pools(rules);
    pools.recover([
      { at: 0, model: 'a', tokens: 5 },
      { at: 1, tokens: 7 },
      { at: 2, model: 'other' },
    ]);
    const used = pools.usage(2, () => 0).map(({ used: { calls, tokens } }) => [calls, tokens]);
    expect(used).toEqual([
      [3, 1_012],
      [2, 1_007],
      [2, 1_007],
    ]);
  });

  it.each(['a', 'a=', 'a=/5', 'a=/5@1', '=5', 'a=5 b=6', 'a=x'])('the rule %j cannot be read', (text) => {
    expect(readPoolRules(text)).toBeUndefined();
  });

  it.each([
    ['', []],
    [' , ', []],
    ['a = 5 / 6 @ 7', [['a', { requests: 5, tokens: 6, concurrency: 7 }]]],
    ['a=@7', [['a', { requests: 0, tokens: 0, concurrency: 7 }]]],
    ['a=5', [['a', { requests: 5, tokens: 0 }]]],
  ])('the rules %j are read', (text, read) => {
    expect([...(readPoolRules(text) ?? [])]).toEqual(read);
  });
});
