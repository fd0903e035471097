import { expect, it } from 'vitest';
import { DeliveryWatermarks } from '../../src/delivery/plain/delivery-watermarks.ts';
import { mostMarks } from '../../src/ledger/mark-documents.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';

const onFailure = (error: unknown) => {
  throw error;
};
const named = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => [`client-${from + index}`, from + index + 1] as const);

it('the watermarks of names that were never seen again are forgotten when there are too many, the oldest first', () => {
  const ledger = openMemoryLedger();
  const watermarks = new DeliveryWatermarks({ ledger, onFailure });
  watermarks.learned(named(0, mostMarks));
  expect(watermarks.has('client-0')).toBe(true);
  for (const [name, position] of named(mostMarks, 10)) watermarks.deliveredTo(name, position);
  watermarks.save(undefined);
  expect([watermarks.has('client-0'), watermarks.upTo('client-0')]).toEqual([false, 0]);
  for (const [name, position] of named(mostMarks, 10)) expect(watermarks.upTo(name)).toBe(position);
  // A client that comes back has one again.
  watermarks.deliveredTo('client-0', 7);
  expect(watermarks.upTo('client-0')).toBe(7);
});
