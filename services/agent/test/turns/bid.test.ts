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
    ['seventy', 70],
    ['Seventy-five, I would say.', 75],
    ['one hundred', 100],
    ['a hundred per cent', 100],
    ['thirty fifteen', 15],
    ['thirty ten', 10],
    ['five six', 6],
    ['at twenty', 20],
    ['nine or thirty-two or so', 32],
    ['forty, no: four', 4],
    ['zero', 0],
    ['٧٥', 75],
    ['۸۰', 80],
    ['९०', 90],
    ['๔๒', 42],
    ['８５', 85],
    ['72,6', 73],
    ['62.5 out of 100', 63],
    ['0 to 100: 5', 5],
    ['I am not at all interested.', 0],
    ['Very much!', 90],
    ['Very much, but not at all now', 0],
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
