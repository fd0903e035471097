import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settledLength, withoutControls } from '../../src/text/plain-text.ts';

describe('characters that turn the direction of text', () => {
  it.each([
    ['a left-to-right mark', 'א\u200e1', 'א\u200e1'],
    ['a right-to-left mark', 'A\u200f!', 'A\u200f!'],
    ['a Persian word with a joiner of no width', 'می\u200cخواهم', 'می\u200cخواهم'],
    ['an emoji with joiners', '👩\u200d🔧', '👩\u200d🔧'],
    ['an isolate that ends', 'a \u2067אב\u2069 b', 'a \u2067אב\u2069 b'],
    ['an embedding that ends', 'a \u202bאב\u202c b', 'a \u202bאב\u202c b'],
    ['an isolate that never ends', 'a \u2067אב', 'a אב'],
    ['an isolate that ends in the next line', 'a \u2067א\nב\u2069', 'a א\nב'],
    ['an end that nothing began', 'a\u202c b\u2069', 'a b'],
    ['an override, with its end', 'a\u202eb\u202cc', 'abc'],
    ['a mark of byte order', '\ufeffa', 'a'],
  ])('characters that change the direction of text are kept or removed, %s: %j', (_what, raw, text) => {
    expect(withoutControls(raw)).toBe(text);
  });

  it('cleaning a text twice gives the same as cleaning it once', () => {
    const piece = fc.constantFrom('a', '\n', '\u2067', '\u2068', '\u2069', '\u202a', '\u202c', '\u202e', 'א');
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const once = withoutControls(pieces.join(''));
        expect(withoutControls(once)).toBe(once);
        expect(once).not.toContain('\u202e');
      }),
      { seed: 71 },
    );
  });
});

describe('how much of an unfinished text no later text changes', () => {
  it.each([
    ['a text without a mark of direction', 'one\ntwo', 7],
    ['an isolate in the last line', 'one\ntwo \u2067אב', 8],
    ['an embedding in the last line', '\u202bאב', 0],
    ['an override in the last line', 'a\u202eb', 1],
    ['the first of several marks', 'ab\u2066c\u202ad', 2],
    ['a mark in an earlier line, whose end has come', 'a \u2067אב\ntwo', 9],
    ['the end of a pair', 'ab\u2069', 3],
    ['no text', '', 0],
  ])('it ends before a pair that may still be closed: %s', (_, text, length) => {
    expect(settledLength(text)).toBe(length);
  });
});
