import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTraceparent, traceparentOf } from '../../src/tracing/traceparent.ts';

const hex = (length: number) =>
  fc
    .string({ minLength: length, maxLength: length, unit: fc.constantFrom(...'0123456789abcdef') })
    .filter((text) => /[^0]/.test(text));

describe('a traceparent', () => {
  it('a traceparent is read as it was written', () => {
    fc.assert(
      fc.property(hex(32), hex(16), fc.boolean(), (traceId, spanId, isSampled) => {
        expect(readTraceparent(traceparentOf({ traceId, spanId, isSampled }))).toEqual({
          traceId,
          spanId,
          isSampled,
        });
      }),
    );
  });

  it.each([
    ['an id of zeros', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['a span id of zeros', `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`],
    ['the version ff', 'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
    ['upper case', '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01'],
    ['any other text', 'hello'],
  ])('a traceparent with %s names no span', (_, text) => {
    expect(readTraceparent(text)).toBeUndefined();
  });

  it('a traceparent of a later version is read by its known parts', () => {
    expect(readTraceparent('01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03')?.isSampled).toBe(true);
  });
});
