import { expect, test } from 'vitest';
import { met, printed } from '../measure/report.ts';

test('a claim is met up to its bound and not beyond it, and never by a measurement that is not a number', () => {
  const target = (measured: number) => ({ claim: 'cost', measured, atMost: 2.5 });
  expect(met(target(2.5))).toBe(true);
  expect(met(target(2.51))).toBe(false);
  expect(met(target(Number.NaN))).toBe(false);
});

test('the table shows the median and the spread of each figure, and which claim was missed', () => {
  const text = printed({
    figures: [{ what: 'CPU', unit: 'ms/turn', samples: [3, 1, 2] }],
    targets: [{ claim: 'CPU over the loop', measured: 3.1, atMost: 2.5 }],
    remarks: ['The disk was slow.'],
  });
  expect(text).toMatch(/CPU\s+2\s+1\s+3\s+3\s+ms\/turn/);
  expect(text).toMatch(/CPU over the loop\s+3\.1\s+2\.5\s+MISSED/);
  expect(text).toContain('The disk was slow.');
});
