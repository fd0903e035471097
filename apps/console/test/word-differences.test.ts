import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differencesOf, partsOf } from '../src/model/word-differences.ts';

/** The parts of two texts that differ, each side in brackets. */
const marked = (left: string, right: string): readonly [string, string] | undefined => {
  const [one, other] = [partsOf(left), partsOf(right)];
  const found = differencesOf(one, other);
  const shown = (parts: readonly string[], same: readonly boolean[]) =>
    parts
      .map((part, place) => (same[place] ? part : `[${part}]`))
      .join('')
      .replaceAll('][', '');
  return found && [shown(one, found.left), shown(other, found.right)];
};

describe('the differences of two messages', () => {
  it('the differences of two messages are the words that only one of them has', () => {
    expect(marked('The tea is hot.', 'The tea is very cold.')).toEqual([
      'The tea is [hot].',
      'The tea is [very cold].',
    ]);
    expect(marked('One two', 'One two three')).toEqual(['One two', 'One two[ three]']);
  });

  it('the differences of two messages are single characters in scripts without spaces', () => {
    expect(marked('我喜欢喝茶', '我喜欢喝咖啡')).toEqual(['我喜欢喝[茶]', '我喜欢喝[咖啡]']);
    expect(marked('GPT模型', 'GPT模式')).toEqual(['GPT模[型]', 'GPT模[式]']);
  });

  it('two messages with little in common have no differences that would say something', () => {
    expect(marked('Let us speak of ships and planks.', 'Why not of tea?')).toBeUndefined();
    expect(marked('', 'Tea')).toBeUndefined();
    const many = (word: string) => Array.from({ length: 3_000 }, (_, i) => `${word}${i}`).join(' ');
    expect(marked(many('a'), many('b'))).toBeUndefined();
  });

  it('the parts of any message are the message, and the differences of it from itself are none', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(partsOf(text).join('')).toBe(text);
        const found = differencesOf(partsOf(text), partsOf(text));
        expect([...(found?.left ?? []), ...(found?.right ?? [])]).not.toContain(false);
      }),
    );
  });

  it('without its differences, one message is the same as the other without its own', () => {
    const word = fc.constantFrom('tea', ' ', 'hot', '.', 'is', 'the');
    const text = fc.array(word, { maxLength: 40 });
    fc.assert(
      fc.property(text, text, (left, right) => {
        const found = differencesOf(left, right);
        if (!found) return;
        expect(left.filter((_, i) => found.left[i])).toEqual(right.filter((_, i) => found.right[i]));
      }),
    );
  });
});
