import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Lease, Pool } from '../../src/quota/pool.ts';
import { Pools, readPoolRules } from '../../src/quota/pools.ts';

const minute = 60_000;
const pool = (requests: number, tokens = 0) => new Pool({ requests, tokens }, minute);
/** As many as there are to be had. */
const drain = (from: Pool, now: number, most = 1_000): Lease[] => {
  const leases: Lease[] = [];
  for (let lease = from.lease(now); lease && leases.length < most; lease = from.lease(now))
    leases.push(lease);
  return leases;
};

describe('a pool of calls', () => {
  it('a model server never sees more calls than the rule in any window, however long each call takes', () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 20_000 }),
      /** From the lease to the server, and from there to the answer. */
      there: fc.integer({ min: 0, max: 30_000 }),
      back: fc.integer({ min: 0, max: 30_000 }),
      streams: fc.boolean(),
      limited: fc.integer({ min: 0, max: 30 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 200 }), (requests, steps) => {
        const limited = pool(requests);
        const events: { at: number; act: () => void }[] = [];
        const seen: number[] = [];
        let now = 0;
        for (const { wait, there, back, streams, limited: hits } of steps) {
          now += wait;
          const due = events.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
          for (const one of due) {
            events.splice(events.indexOf(one), 1);
            one.act();
          }
          const lease = limited.lease(now);
          if (!lease) continue;
          const called = now + there;
          const answered = called + back;
          seen.push(called);
          if (streams) events.push({ at: called, act: () => limited.called(lease, called) });
          events.push({
            at: answered,
            act: () => {
              if (hits === 0) limited.slowDown(lease, answered);
              limited.over(lease, answered, 10);
            },
          });
        }
        seen.sort((a, b) => a - b);
        for (const [index, at] of seen.entries()) {
          const later = seen[index + requests];
          if (later !== undefined) expect(later - at).toBeGreaterThan(minute);
        }
      }),
      { seed: 4, numRuns: 500 },
    );
  });

  it('the whole rule can be used: calls that have left the window are available again', () => {
    const limited = pool(60);
    for (const lease of drain(limited, 0)) limited.over(lease, 0);
    expect(limited.lease(minute)).toBeUndefined();
    expect(drain(limited, minute + 1)).toHaveLength(60);
  });

  it('a pool counts a call from its lease until one window after the call was made', () => {
    const limited = pool(1);
    const lease = limited.lease(0) as Lease;
    expect(limited.lease(5 * minute)).toBeUndefined();
    limited.called(lease, 5 * minute);
    limited.over(lease, 5 * minute + 30_000);
    expect(limited.lease(6 * minute)).toBeUndefined();
    expect(limited.lease(6 * minute + 1)).toBeDefined();
  });

  it('a pool has no limit when the rule is 0', () => {
    expect(drain(pool(0), 0, 500)).toHaveLength(500);
  });
});

describe('a pool of tokens', () => {
  it('a call under way reserves as many tokens as recent calls took', () => {
    const limited = pool(0, 1_000);
    const first = limited.lease(0) as Lease;
    limited.over(first, 0, 300);
    const more = drain(limited, 1);
    expect(more).toHaveLength(2);
    for (const lease of more) limited.over(lease, 2, 300);
    expect(limited.lease(minute)).toBeUndefined();
    expect(drain(limited, minute + 3)).toHaveLength(3);
  });

  it('a pool of tokens lets a call that is larger than the rule run alone', () => {
    const limited = pool(0, 100);
    const lease = limited.lease(0) as Lease;
    expect(limited.lease(0)).toBeUndefined();
    limited.over(lease, 0, 5_000);
    expect(limited.lease(minute)).toBeUndefined();
    expect(limited.lease(minute + 1)).toBeDefined();
  });

  it('a pool of tokens never exceeds the rule by more than the difference between its calls and their estimate', () => {
    const call = fc.record({
      wait: fc.integer({ min: 0, max: 9_000 }),
      tokens: fc.integer({ min: 1, max: 400 }),
    });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 300 }), (calls) => {
        const limited = pool(0, 2_000);
        const spent: { at: number; tokens: number }[] = [];
        let now = 0;
        for (const { wait, tokens } of calls) {
          now += wait;
          const lease = limited.lease(now);
          if (!lease) continue;
          limited.over(lease, now, tokens);
          spent.push({ at: now, tokens });
          const inWindow = spent
            .filter(({ at }) => at >= now - minute)
            .reduce((sum, one) => sum + one.tokens, 0);
          expect(inWindow).toBeLessThanOrEqual(2_000 + 400);
        }
      }),
      { seed: 4 },
    );
  });
});

describe('a 429', () => {
  it('a 429 halves the rate once for all running calls together, and the rate recovers slowly', () => {
    const limited = pool(60);
    const leases = drain(limited, 0);
    for (const lease of leases) {
      limited.slowDown(lease, 1_000, 5_000);
      limited.over(lease, 1_000);
    }
    const rest = (at: number) => {
      const got = drain(limited, at);
      for (const lease of got) limited.over(lease, at);
      return got.length;
    };
    const first = rest(minute + 1_001);
    // Half, and six steps of a tenth since.
    expect(first).toBe(Math.floor(60 * 0.5 * 1.1 ** 6));
    expect(rest(20 * minute)).toBe(60);
  });

  it('a 429 stops all agents for as long as the server says, up to a limit', () => {
    const limited = pool(60);
    const [lease] = drain(limited, 0, 1) as [Lease];
    limited.slowDown(lease, 0, 30_000);
    expect(limited.lease(29_999)).toBeUndefined();
    expect(limited.lease(30_000)).toBeDefined();
    limited.slowDown(lease, 30_000, Number.MAX_SAFE_INTEGER);
    expect(limited.lease(30_000 + 5 * minute - 1)).toBeUndefined();
    expect(limited.lease(30_000 + 5 * minute)).toBeDefined();
  });

  it('a 429 never reduces the rate to 0', () => {
    const limited = pool(10);
    let now = 0;
    for (let i = 0; i < 100; i++) {
      now += 2 * minute;
      const lease = limited.lease(now);
      expect(lease).toBeDefined();
      limited.slowDown(lease as Lease, now, 0);
      limited.over(lease as Lease, now);
    }
  });
});

describe('the pools of a router', () => {
  const rules = readPoolRules('gpt-4.1-nano=2/1000, *=1') as NonNullable<ReturnType<typeof readPoolRules>>;

  it('a router has one pool for each model that has a rule, and one for all others', () => {
    const pools = new Pools(rules);
    expect(pools.of('gpt-4.1-nano')?.rule).toEqual({ requests: 2, tokens: 1_000 });
    expect(pools.of('another')).toBe(pools.of('*'));
    expect(pools.of(undefined)).toBe(pools.of('*'));
    expect(new Pools(new Map([['a', { requests: 1, tokens: 0 }]])).of('b')).toBeUndefined();
  });

  it.each(['gpt', 'gpt=', 'gpt=x', 'gpt=1/', '=5', 'gpt=-1', 'gpt=1.5'])(
    'the rules of pools cannot be read from %s',
    (text) => {
      expect(readPoolRules(text)).toBeUndefined();
    },
  );

  it('calls before a restart count, and a call of an unknown model counts in every pool', () => {
    const pools = new Pools(rules);
    pools.recover([
      { at: 10, model: 'gpt-4.1-nano', tokens: 400 },
      { at: 20, tokens: 600 },
    ]);
    expect(pools.of('gpt-4.1-nano')?.lease(30)).toBeUndefined();
    expect(pools.of('x')?.lease(30)).toBeUndefined();
    expect(pools.of('gpt-4.1-nano')?.lease(minute + 21)).toBeDefined();
    expect(pools.of('x')?.lease(minute + 21)).toBeDefined();
  });
});

describe('calls at once', () => {
  const atOnce = (concurrency: number) => new Pool({ requests: 0, tokens: 0, concurrency }, minute);

  it('calls at once never exceed the rule, and each call that ends allows one more', () => {
    const shared = atOnce(2);
    const leases = [shared.lease(0), shared.lease(0)];
    expect(leases.every((lease) => lease !== undefined)).toBe(true);
    expect(shared.lease(10 * minute)).toBeUndefined();
    const [first] = leases;
    if (first) shared.called(first, 1);
    expect(shared.lease(10 * minute)).toBeUndefined();
    if (first) shared.over(first, 2);
    if (first) shared.over(first, 3);
    expect(shared.lease(4)).toBeDefined();
    expect(shared.lease(4)).toBeUndefined();
  });

  it('calls at once include those of a replica that reconnected with its call running', () => {
    const shared = atOnce(1);
    const back = shared.rejoin(0);
    expect(shared.lease(1)).toBeUndefined();
    shared.over(back, 2);
    expect(shared.lease(3)).toBeDefined();
  });

  it('calls at once are halved when one fails while others run, and slowly increased again', () => {
    const shared = new Pool({ requests: 0, tokens: 0 }, minute);
    const leases = Array.from({ length: 4 }, () => shared.lease(0) as Lease);
    for (const lease of leases) {
      shared.failed(lease, 10);
      shared.over(lease, 10);
    }
    const count = (now: number) => {
      const got: Lease[] = [];
      for (let lease = shared.lease(now); lease && got.length < 20; lease = shared.lease(now))
        got.push(lease);
      for (const lease of got) shared.over(lease, now);
      return got.length;
    };
    expect([count(20), count(minute + 9), count(minute + 10), count(2 * minute + 10)]).toEqual([2, 2, 4, 8]);
    expect(count(20 * minute)).toBe(20);
  });

  it('calls at once do not change when a single call fails, as when the server is down', () => {
    const shared = new Pool({ requests: 0, tokens: 0 }, minute);
    const lease = shared.lease(0) as Lease;
    shared.failed(lease, 1);
    shared.over(lease, 1);
    expect([shared.lease(2), shared.lease(2)].every((one) => one !== undefined)).toBe(true);
  });

  it.each([
    ['m=30@1', { requests: 30, tokens: 0, concurrency: 1 }],
    ['m = 30 / 1000 @ 4', { requests: 30, tokens: 1_000, concurrency: 4 }],
    ['m=@2', { requests: 0, tokens: 0, concurrency: 2 }],
    ['m=30', { requests: 30, tokens: 0 }],
    ['m=', undefined],
    ['m=/5@1', undefined],
    ['m=1@', undefined],
    ['m=1@once', undefined],
  ])('the rule for calls at once is read from %s', (text, rule) => {
    expect(readPoolRules(text)?.get('m')).toEqual(rule);
  });
});
