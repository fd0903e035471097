import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../src/socket/token-bucket.ts';

describe('a token bucket', () => {
  it('a token bucket lets a burst through and then returns how long to wait', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 });
    expect([1, 2, 3].map(() => bucket.take(1_000))).toEqual([0, 0, 100]);
    expect([1_100, 1_150, 1_300].map((now) => bucket.take(now))).toEqual([100, 150, 100]);
    expect(bucket.take(9_000)).toBe(0);
  });

  it('a token bucket never lets more through than the burst and the rate, if the caller waits as told', () => {
    const rates = fc.record({
      perSecond: fc.integer({ min: 1, max: 500 }),
      burst: fc.integer({ min: 1, max: 100 }),
    });
    const gaps = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(rates, gaps, ({ perSecond, burst }, waits) => {
        const bucket = new TokenBucket({ perSecond, burst });
        let now = 1_000;
        let taken = 0;
        for (const gap of waits) {
          now += gap + bucket.take(now + gap);
          taken++;
        }
        expect(taken).toBeLessThanOrEqual(burst + ((now - 1_000) * perSecond) / 1_000 + 1);
      }),
      { seed: 7 },
    );
  });

  it('a token bucket with a rate of 0 has no limit', () => {
    const bucket = new TokenBucket({ perSecond: 0, burst: 1 });
    expect([1, 2, 3].map(() => bucket.take(1_000))).toEqual([0, 0, 0]);
  });

  it('a token bucket does not fill when the clock is set back', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 1 });
    bucket.take(5_000);
    expect(bucket.take(1_000)).toBe(200);
  });
});
