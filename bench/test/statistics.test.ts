import { expect, test } from 'vitest';
import { median, ratios, regression } from '../measure/statistics.ts';

test('the median is the middle sample, or the mean of the two in the middle, in whatever order they come', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test('ratios are taken round by round, so that noise which lasts longer than a round cancels out', () => {
  expect(ratios([2, 20, 200], [1, 10, 100])).toEqual([2, 2, 2]);
});

test('a straight line is found without error', () => {
  const line = regression([
    [0, 1],
    [1, 3],
    [2, 5],
    [3, 7],
  ]);
  expect(line.slope).toBeCloseTo(2, 12);
  expect(line.error).toBeCloseTo(0, 12);
  expect(line.level).toBe(4);
});

test('the standard error of a slope is that of the textbook', () => {
  // By hand: y = 1.5 x - 1/6, residuals 1/6, -1/3, 1/6 with squares 1/6 in sum, one degree of freedom, spread of x 2.
  const { slope, error } = regression([
    [0, 0],
    [1, 1],
    [2, 3],
  ]);
  expect(slope).toBeCloseTo(1.5, 12);
  expect(error).toBeCloseTo(Math.sqrt(1 / 6 / 1 / 2), 12);
});
