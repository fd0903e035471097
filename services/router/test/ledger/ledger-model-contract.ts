import type { Entry } from '@parley/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/ledger/ledger.ts';
import { type LedgerUnderTest, shut } from './ledger-contract.ts';
import { ended, lines, opened } from './ledger-entries.ts';
import { ModelLedger } from './ledger-model.ts';

const all = Number.MAX_SAFE_INTEGER;

/** Compares a ledger with a model of it, for random calls. */
export const ledgerModelContract = (name: string, makeSubject: () => LedgerUnderTest): void => {
  describe(`the ${name} ledger`, () => {
    it('does what a trivial model does, whatever is asked in whatever order', {
      timeout: 30_000,
    }, async () => {
      const id = fc.constantFrom('a', 'b', 'c');
      const step = fc.oneof(
        {
          weight: 8,
          arbitrary: fc.record({
            kind: fc.constant('append' as const),
            id,
            off: fc.integer({ min: -1, max: 1 }),
            count: fc.integer({ min: 0, max: 4 }),
            end: fc.integer({ min: 0, max: 6 }),
            second: id,
          }),
        },
        {
          weight: 2,
          arbitrary: fc.record({
            kind: fc.constant('read' as const),
            id,
            since: fc.nat(8),
            limit: fc.nat(6),
          }),
        },
        {
          weight: 1,
          arbitrary: fc.record({
            kind: fc.constant('remove' as const),
            id,
            limit: fc.integer({ min: 1, max: 5 }),
          }),
        },
        { weight: 1, arbitrary: fc.record({ kind: fc.constant('mark' as const), id, at: fc.nat(99) }) },
        { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
      );
      const entriesBehind = (seq: number, count: number, end: boolean): Entry[] => {
        const first: Entry[] = seq === 0 && count > 0 ? [opened()] : [];
        const said = lines(seq + 1 + first.length, seq + count);
        return end && count > 0 ? [...first, ...said, ended(seq + count + 1)] : [...first, ...said];
      };
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
          const mine = makeSubject();
          let real = await mine.open();
          const model = new ModelLedger();
          try {
            for (const one of steps) {
              if (one.kind === 'append') {
                const batches = [one.id, one.second].map((conversation, index): Batch => {
                  const expectedSeq = Math.max(0, model.head(conversation) + (index === 0 ? one.off : 0));
                  const closed = model.isEnded(conversation);
                  const entries = closed ? [] : entriesBehind(expectedSeq, one.count, one.end === index);
                  return { conversation, expectedSeq, entries };
                });
                expect(await real.append(batches)).toEqual(model.append(batches));
              } else if (one.kind === 'read') {
                expect(real.read(one.id, one.since, one.limit)).toEqual(
                  model.read(one.id, one.since, one.limit),
                );
                expect(real.readAll(one.since, one.limit)).toEqual(model.readAll(one.since, one.limit));
              } else if (one.kind === 'remove') {
                if (model.isEnded(one.id)) while (real.remove([one.id], one.limit).gone === 0);
                model.remove(one.id);
              } else if (one.kind === 'mark') {
                real.mark(new Map([[one.id, one.at]]));
                model.marks.set(one.id, Math.max(one.at, model.marks.get(one.id) ?? 0));
              } else if (mine.reopen) {
                real = await mine.reopen(real);
              }
            }
            expect(real.readAll(0, all)).toEqual(model.readAll(0, all));
            expect(real.position()).toBe(model.position);
            expect(real.unfinished()).toEqual(model.unfinished());
            expect(real.recent(9).map(({ id }) => id)).toEqual(model.recent());
            expect(real.marks()).toEqual(model.marks);
          } finally {
            await shut(real);
          }
        }),
        { numRuns: makeSubject().runs ?? 60 },
      );
    });
  });
};
