import { describe, expect, it } from 'vitest';
import { directedSoFar, readDirections } from '../../src/text/directions.ts';
import { neutralised } from '../../src/text/peer-text.ts';
import { withoutLoop } from '../../src/text/repetition.ts';
import { sanitise, visibleSoFar } from '../../src/text/sanitise.ts';
import { readBid } from '../../src/turns/bid.ts';
import { contextOf } from '../turn-contexts.ts';

const longest = 64_000;
const group = contextOf([], { members: ['alice', 'bob', 'carol'], policy: 'moderator', moderator: 'alice' });
const cast = { self: 'alice', others: ['bob', 'carol'], maxLength: 65_536 };

/** Each took seconds once: patterns that begin at every character and run to the end, or divide a run in every way. */
const parts: readonly (readonly [string, string])[] = [
  ['words without an end', 'a '],
  ['blanks', ' '],
  ['tabs', '\t'],
  ['marks of a name', '@.'],
  ['line separators', '\u2028'],
  ['line separators and blanks', '\u2028 \u2029'],
  ['carriage returns', '\r'],
  ['open brackets', '('],
  ['quoted lines', '\n> '],
  ['one endless name', '_'],
  ['reasoning that never ends', '<think>'],
];

describe('a text as long as a line may be, made to be slow', () => {
  it.each(parts)(
    'a text of the maximum length that was made to be slow is cleaned in time: %s',
    (_, part) => {
      const text = part.repeat(longest / part.length);
      for (const before of ['', 'next: a', '(aside to ', '@', '\n']) {
        const whole = `${before}${text}x`;
        const { text: line } = readDirections(sanitise(whole, cast), group);
        expect(line.startsWith(directedSoFar(visibleSoFar(whole, cast), group))).toBe(true);
        expect(whole.startsWith(withoutLoop(whole))).toBe(true);
        readBid(whole);
        expect(neutralised(neutralised(whole))).toBe(neutralised(whole));
      }
    },
  );
});
