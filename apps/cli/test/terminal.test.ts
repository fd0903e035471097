import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf, cut, guarded, harmless, jsonText, paint, wrap } from '../src/terminal/terminal.ts';

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
  ])('wrap breaks %j at 8 columns', (text, lines) => {
    expect(wrap(text, 8)).toEqual(lines);
  });

  it('wrap keeps every word within the columns', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '漢', '😀') });
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 20 }), (text, columns) => {
        const lines = wrap(text, columns);
        for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(columns);
        expect(lines.join('').replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
      }),
    );
  });

  // In quadratic time this would take hours.
  it.each([
    ['marks that take no column', '\u0301'],
    ['wide characters', '漢'],
    ['words of one character', 'a '],
  ])('wrap and cut come to an end with a million of %s', (_, unit) => {
    const text = `x${unit.repeat(1_000_000)}${'y'.repeat(200)}`;
    const kept = wrap(text, 80).join('');
    expect(kept.replaceAll(' ', '').length).toBe(text.replaceAll(' ', '').length);
    expect(cut(text, 80).endsWith('…')).toBe(true);
  });

  it('wrap does not change earlier lines when a text grows', () => {
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
  ])('harmless removes the effect of %s', (_what, text, safe) => {
    expect(harmless(text)).toBe(safe);
  });
});

describe('paint', () => {
  it('paint writes no escape code when there is no colour', () => {
    expect(paint({ colour: false }, 'x', 'bold', 'red')).toBe('x');
    expect(paint({ colour: true }, 'x', 'bold', 'red')).toBe('\x1b[1;31mx\x1b[0m');
  });

  it('paint makes its text harmless', () => {
    expect(paint({ colour: false }, 'a\x1b[2Jb', 'bold')).toBe('a[2Jb');
    expect(paint({ colour: true }, 'a\x9b2Jb', 'dim')).toBe('\x1b[2ma2Jb\x1b[0m');
  });
});

describe('the last guard before a terminal', () => {
  const everything = { live: true, colour: true };
  const own = [paint({ colour: true }, 'x', 'bold', 'red'), '\x1b[3A', '\r\x1b[J', 'text\n\twith a tab\n'];

  it('the last filter before a terminal passes the control sequences of this program that the terminal supports', () => {
    for (const text of own) expect(guarded(text, everything)).toBe(text);
    expect(own.map((text) => guarded(text, { live: false, colour: false }))).toEqual(['x', '', '', own[3]]);
  });

  it.each([
    ['a window title', '\x1b]0;owned\x07'],
    ['the clipboard', '\x1b]52;c;b3duZWQ=\x07'],
    ['a cleared screen', '\x1b[2J'],
    ['a cursor that goes home', '\x1b[H'],
    ['hidden text', '\x1b[8mx'],
    ['colours that are not ours', '\x1b[38;5;1mx'],
    ['an 8-bit control', '\x9b2J'],
    ['a reset', '\x1bc'],
    ['a return to the start of the line', 'a\rb'],
    ['a turned direction', 'a\u202eb'],
  ])('the last filter before a terminal stops %s', (_what, text) => {
    expect(guarded(text, everything)).not.toMatch(/[\p{Cc}\u202e]/u);
  });

  it('the last filter before a terminal stops every control character of any text', () => {
    const texts = fc.string({
      unit: fc.constantFrom('\x1b', '[', ']', '2', 'J', 'A', 'm', '\r', '\x07', '\x9b', ';'),
    });
    const esc = String.fromCharCode(0x1b);
    const style = '(?:0|[12]|3[1-6])(?:;(?:[12]|3[1-6]))*m';
    const rest = new RegExp(`${esc}\\[[\\d;]*A|\r${esc}\\[J|${esc}\\[${style}`, 'g');
    fc.assert(
      fc.property(texts, (text) => {
        expect(guarded(text, everything).replaceAll(rest, '')).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});

describe('JSON that is written out', () => {
  it('JSON that is printed has the same value and no control character', () => {
    fc.assert(
      fc.property(fc.json(), fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), (a, b, c) => {
        const value = { a: JSON.parse(a), b, c, d: '\x1b]0;x\x07\x9b2J\x7f\u202e\u2028' };
        const text = jsonText(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(text).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
      }),
    );
  });
});
