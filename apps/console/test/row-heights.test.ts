import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowHeights } from '../src/model/row-heights.ts';

describe('The heights of rows', () => {
  it('the heights of rows equal those of a plain list of numbers, for any additions and changes', () => {
    const step = fc.oneof(
      fc.record({ grow: fc.integer({ min: 0, max: 700 }) }),
      fc.record({ row: fc.integer({ min: 0, max: 700 }), height: fc.integer({ min: 0, max: 500 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const heights = new RowHeights(50);
        const plain: number[] = [];
        for (const one of steps) {
          if ('grow' in one) {
            heights.grow(one.grow);
            while (plain.length < one.grow) plain.push(50);
          } else {
            heights.set(one.row, one.height);
            if (one.row < plain.length) plain[one.row] = one.height;
          }
        }
        let offset = 0;
        expect(heights.count).toBe(plain.length);
        for (const [row, height] of plain.entries()) {
          expect(heights.offset(row)).toBe(offset);
          if (height > 0) expect(heights.at(offset + height / 2)).toBe(row);
          offset += height;
        }
        expect(heights.offset(plain.length)).toBe(offset);
      }),
      { seed: 2, numRuns: 60 },
    );
  });
});
