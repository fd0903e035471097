import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fullJitter } from '../../src/link/backoff.ts';

it('a back-off waits at most the doubled base, and never above the cap', () => {
  const backoff = { baseMs: 500, capMs: 30_000 };
  const longest = [0, 1, 2, 5, 6, 60, 2_000].map((attempt) => fullJitter(attempt, () => 1, backoff));
  expect(longest).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000, 30_000]);
});

it('a back-off spreads its waits over the whole range, so that many agents do not reconnect together', () => {
  fc.assert(
    fc.property(fc.nat(100), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, dice) => {
      const most = fullJitter(attempt, () => 1, { baseMs: 50, capMs: 30_000 });
      expect(fullJitter(attempt, () => dice, { baseMs: 50, capMs: 30_000 })).toBeCloseTo(dice * most, 6);
    }),
  );
});
