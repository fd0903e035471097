import { describe, expect, it } from 'vitest';
import { eachWord, fnv1a } from '../src/index.ts';

const wordsOf = (text: string): [hash: number, isWide: boolean][] => {
  const found: [number, boolean][] = [];
  eachWord(text, (hash, isWide) => found.push([hash >>> 0, isWide]));
  return found;
};
const narrow = (...words: string[]) => words.map((word) => [fnv1a(word), false]);
const wide = (...words: string[]) => words.map((word) => [fnv1a(word), true]);

describe('the hash of a text', () => {
  it.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ])('the hash of %j is that of FNV-1a', (text, hash) => expect(fnv1a(text)).toBe(hash));
});

describe('the words of a text', () => {
  it.each([
    ['', narrow()],
    ['...', narrow()],
    ['Tea', narrow('tea')],
    ['  tea, and TEA! ', narrow('tea', 'and', 'tea')],
    ["I don't know", narrow('i', "don't", 'know')],
    ['4711 é e\u0301', narrow('4711', 'é', 'e\u0301')],
    ['ﬀ Ⅷ', narrow('ﬀ', 'ⅷ')],
  ])('the words of %j are those between blanks and marks, in lower case', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it.each([
    ['茶好', wide('茶', '好')],
    ['tea茶tea', [...narrow('tea'), ...wide('茶'), ...narrow('tea')]],
    ['お茶。', wide('お', '茶')],
    ['ชา', wide('ช', 'า')],
  ])('each character of %j in a script without blanks is a wide word', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it('a character that takes two code units is one character', () => {
    const [han, gothic] = ['\u{20000}', '\u{10330}'];
    const hashOf = (...codes: number[]) =>
      codes.reduce((hash, code) => Math.imul(hash ^ code, 0x01000193), 0x811c9dc5) >>> 0;
    expect(wordsOf(`${han}${han}`)).toEqual([
      [hashOf(0x20000), true],
      [hashOf(0x20000), true],
    ]);
    expect(wordsOf(`a${gothic}b`)).toEqual([[hashOf(0x61, 0x10330, 0x62), false]]);
  });

  it('half of a pair of code units separates words, as other signs do', () => {
    for (const half of ['\ud800', '\udbff', '\udc00', '\udfff', '\uffff', '😀'])
      expect(wordsOf(`a${half}b`)).toEqual(narrow('a', 'b'));
  });
});
