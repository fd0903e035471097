import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sizeOf } from '../../src/conversations/held.ts';
import { Tails } from '../../src/conversations/stored/tails.ts';
import { lines } from '../ledger/ledger-entries.ts';

it('the cache of tails holds the newest entries of each conversation without a gap, within its limit of bytes', () => {
  const step = fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), count: fc.integer({ min: 1, max: 40 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const tails = new Tails(30_000);
      const last = new Map<string, number>();
      for (const { id, count } of steps) {
        const from = (last.get(id) ?? 0) + 1;
        const entries = lines(from, from + count - 1);
        tails.add(id, entries);
        last.set(id, from + count - 1);
        expect(tails.bytes).toBeLessThanOrEqual(30_000);
        let bytes = 0;
        for (const [one, seq] of last) {
          for (let since = seq; since > 0; since--) {
            const known = tails.since(one, since - 1);
            if (!known) break;
            expect(known.map((entry) => entry.seq)).toEqual(
              Array.from({ length: seq - since + 1 }, (_, i) => since + i),
            );
            bytes += sizeOf(known[0]!);
          }
        }
        expect(bytes).toBe(tails.bytes);
      }
    }),
    { seed: 61, numRuns: 50 },
  );
});

it('the cache of tails drops the conversations that had no entry for longest, and keeps one that still has some', () => {
  const size = sizeOf(lines(1, 1)[0]!);
  const tails = new Tails(100 * size);
  tails.add('quiet', lines(1, 1));
  for (let n = 1; n <= 400; n++) {
    tails.add('busy', lines(n, n));
    tails.add(`short ${n}`, lines(1, 1));
    expect(tails.since('busy', n - 1)).toHaveLength(1);
    expect(tails.since(`short ${n}`, 0)).toHaveLength(1);
    const earlier = n - 30;
    if (earlier > 0) expect(tails.since(`short ${earlier}`, 0)).toHaveLength(1);
  }
  expect(tails.since('quiet', 0)).toBeUndefined();
  expect(tails.since('short 1', 0)).toBeUndefined();
});
