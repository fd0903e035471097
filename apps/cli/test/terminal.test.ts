import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf, harmless, paint, wrap } from '../src/terminal.ts';

describe('wrap', () => {
  it.each([
    ['', ['']],
    ['one two three', ['one two', 'three']],
    ['exactly8', ['exactly8']],
    ['exactly8 more', ['exactly8', 'more']],
    ['unbreakable word', ['unbreaka', 'ble word']],
    ['a\n\nb', ['a', '', 'b']],
    ['ends with a space   ', ['ends', 'with a', 'space']],
    ['漢字漢字漢字', ['漢字漢字', '漢字']],
  ])('breaks %j at 8 columns', (text, lines) => {
    expect(wrap(text, 8)).toEqual(lines);
  });

  it('keeps every word, within the columns', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '漢', '😀') });
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 20 }), (text, columns) => {
        const lines = wrap(text, columns);
        for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(columns);
        expect(lines.join('').replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
      }),
    );
  });

  it('leaves earlier lines as they are when a text grows', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', ' '), maxLength: 60 });
    fc.assert(
      fc.property(texts, texts, (begin, more) => {
        const before = wrap(begin, 10).slice(0, -1);
        expect(wrap(begin + more, 10).slice(0, before.length)).toEqual(before);
      }),
    );
  });
});

describe('harmless', () => {
  it.each([
    ['a colour', 'red \x1b[31malert', 'red [31malert'],
    ['a window title', '\x1b]0;owned\x07x', ']0;ownedx'],
    ['an 8-bit control', 'a\x9b2Jb', 'a2Jb'],
    ['a return to the start of the line', 'bob: yes\ralice: no', 'bob: yes\nalice: no'],
    ['a turned direction', 'a\u202eb', 'ab'],
    ['a tab and a line break', 'a\tb\r\nc', 'a  b\nc'],
  ])('takes the sting out of %s', (_what, text, safe) => {
    expect(harmless(text)).toBe(safe);
  });
});

describe('paint', () => {
  it('writes no escape code where there is no colour', () => {
    expect(paint({ colour: false }, 'x', 'bold', 'red')).toBe('x');
    expect(paint({ colour: true }, 'x', 'bold', 'red')).toBe('\x1b[1;31mx\x1b[0m');
  });
});
