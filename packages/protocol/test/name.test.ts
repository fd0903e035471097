import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mentionsIn, NameIndex, nameFault, normalName } from '../src/index.ts';
import { namePattern } from '../src/limits.ts';

const anyText = fc
  .array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 80 })
  .map((points) => String.fromCodePoint(...points));

const good = {
  Latin: 'Ann',
  'Latin with an accent': 'José',
  'Latin with a decomposed accent': 'Jose\u0301',
  Chinese: '小明',
  Japanese: 'さくら-花子',
  Korean: '민수',
  Arabic: 'أحمد',
  Hebrew: 'דוד',
  Thai: 'สมชาย',
  Hindi: 'अनुज',
  Cyrillic: 'Алиса_2',
  'Arabic digits': 'أحمد٢',
};

const bad: Record<string, readonly [string, string]> = {
  'an override of direction': ['ann\u202e', 'not a direction character (U+202E)'],
  'an isolate': ['\u2066ann\u2069', 'not a direction character (U+2066)'],
  'a left-to-right mark': ['ann\u200e', 'not a direction character (U+200E)'],
  'a joiner of no width': ['an\u200dn', 'not a character that cannot be seen (U+200D)'],
  'a Hangul filler, which is a letter': ['ann\u3164', 'not a character that cannot be seen (U+3164)'],
  'a control character': ['ann\u0007', 'not a character that cannot be seen (U+0007)'],
  'a tag character': ['ann\u{e0041}', 'not a character that cannot be seen (U+E0041)'],
  'a blank': ['ann b', 'not a space'],
  'a blank of another kind': ['ann\u00a0b', 'not a space (U+00A0)'],
  'a picture': ['ann😀', 'not "😀" (U+1F600)'],
  'a slash': ['a/b', 'not "/" (U+002F)'],
  'half of a pair': ['ann\ud800', 'not half of a surrogate pair (U+D800)'],
  'a mark in front': ['-ann', 'begins with a letter or a digit, not with "-" (U+002D)'],
  'a combining mark in front': ['\u0301ann', 'begins with a letter or a digit'],
  nothing: ['', 'a name is empty'],
  'too many characters': ['x'.repeat(65), 'longer than 64 characters'],
};

describe('a name', () => {
  it.each(Object.entries(good))('a name may be %s: %s', (_script, name) => {
    expect(nameFault(name)).toBeUndefined();
  });

  it.each(Object.entries(bad))(
    'a name with %s is refused with a text that names the character',
    (_what, [name, words]) => {
      expect(nameFault(name)).toContain(words);
    },
  );

  it('a name has a fault exactly when its normal form does not match the pattern of the schema', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 70 }), (name) => {
        const normal = normalName(name);
        expect(nameFault(name) === undefined).toBe(normal.length <= 64 && namePattern.test(normal));
      }),
    );
  });

  it('the fault of a name fits into the reason of a close frame', () => {
    fc.assert(
      fc.property(anyText, (name) => {
        expect(Buffer.byteLength(nameFault(name) ?? '')).toBeLessThanOrEqual(123);
      }),
    );
  });
});

describe('an @name', () => {
  const names = new NameIndex([
    '小明',
    '小明明',
    'bob',
    '민수',
    'สมชาย',
    'Ann',
    'ann',
    'Cay_Expert',
    'a.b',
    'أحمد',
  ]);
  const cases: readonly [string, readonly string[]][] = [
    ['@bob, what do you think?', ['bob']],
    ['@BOB?', ['bob']],
    ['@bobby', []],
    ['bob@example.org and x@bob', []],
    ['@Ann and @ann', ['Ann', 'ann']],
    ['@ANN', ['Ann']],
    ['@小明请说', ['小明']],
    ['@小明明请说', ['小明明']],
    ['请＠小明。', ['小明']],
    ['@小明please', ['小明']],
    ['@bobさん、どう思いますか', ['bob']],
    ['@민수야, 어떻게 생각해?', ['민수']],
    ['@สมชายครับ', ['สมชาย']],
    ['ما رأيك يا @أحمد؟', ['أحمد']],
    ['@Cay\\_Expert is next', ['Cay_Expert']],
    ['@a.b.', ['a.b']],
  ];

  it.each(cases)('an @name in %j names %j', (text, expected) => {
    expect(mentionsIn(text, names).map(({ name }) => name)).toEqual(expected);
  });

  it('an @name is found at its place, whatever text is around it', () => {
    fc.assert(
      fc.property(anyText, anyText, (before, after) => {
        const text = `${before} @小明 ${after}`;
        const marked = mentionsIn(text, names).map(({ index, end }) => text.slice(index, end));
        expect(marked).toContain('@小明');
      }),
    );
  });
});
