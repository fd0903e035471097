import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askForBid, readBid } from '../../src/turns/bid.ts';

describe('a bid', () => {
  it.each([
    ['85', 85],
    ['**85**.', 85],
    ['85/100', 85],
    ['7 out of 10', 70],
    ['I would say 70.', 70],
    ['On a scale from 0 to 100, I am at 62', 62],
    ['40%: I have 2 things to add', 40],
    ['<think>maybe 12?</think>90', 90],
    ['-5', 0],
    ['250', 100],
    ['72.6', 73],
    ['None', undefined],
    ['', undefined],
  ])('the answer %j is read as the bid %s', (raw, score) => {
    expect(readBid(raw)).toBe(score);
  });

  it('a bid is a whole number from 0 to 100, whatever a model writes', () => {
    fc.assert(
      fc.property(fc.string(), fc.double({ noNaN: true }), fc.string(), (before, number, after) => {
        const score = readBid(`${before}${number}${after}`);
        if (score !== undefined) expect(Number.isInteger(score) && score >= 0 && score <= 100).toBe(true);
      }),
      { seed: 21 },
    );
  });

  it('the question for a bid follows the view without breaking the order of roles', () => {
    const asked = askForBid([
      { role: 'system', content: 'You are alice.' },
      { role: 'user', content: 'Hi' },
    ]);
    expect(asked.map(({ role }) => role)).toEqual(['system', 'user']);
    expect(asked[1]?.content).toMatch(/^Hi\n\n\(Do not speak yet/);
  });
});
