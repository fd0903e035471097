import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { directedSoFar, readDirections } from '../../src/text/directions.ts';
import { cleaned, isComplete, visibleSoFar } from '../../src/text/sanitise.ts';

/**
 * Replies as members of a conversation write them, with what looks like the marks of models: names, colons, tags, code, tables,
 * quotations, verses, repetitions, and many scripts. Nothing in them is to be removed.
 */
const replies = readFileSync(new URL('ordinary-replies.txt', import.meta.url), 'utf8')
  .replace(/\n$/, '')
  .split('\n%%\n');

const casts = [
  { self: 'ann', others: ['ben', 'cay'] },
  { self: '小王', others: ['小李', '小明'] },
];

/** Where an unfinished reply is looked at: pieces of 1 to 13 characters. */
const endsIn = (text: string): number[] => {
  const ends: number[] = [];
  let seed = text.length;
  for (let end = 0; end < text.length; end += 1 + (seed % 13)) {
    ends.push(end);
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  }
  return ends;
};

describe.each(casts)('an ordinary reply of $self', ({ self, others }) => {
  const rules = { self, others, maxLength: 32_000 };
  const seat = { self, members: [self, ...others], left: [], moderator: undefined };
  const moderator = { ...seat, moderator: self };

  it('an ordinary reply is said as it was written, and is no vote', () => {
    expect(replies.length).toBeGreaterThan(300);
    for (const reply of replies) {
      const { text, named } = cleaned(reply, rules);
      expect({ text, named }).toEqual({ text: reply, named: undefined });
      expect(readDirections(text, seat)).toEqual({ text: reply });
    }
  });

  it('an ordinary reply of a moderator is said as it was written', () => {
    for (const reply of replies) expect(readDirections(reply, moderator).text).toBe(reply);
  });

  it('an ordinary reply is not cut while it is written, and what is streamed is its beginning', () => {
    for (const reply of replies) {
      for (const end of endsIn(reply)) {
        const raw = reply.slice(0, end);
        expect(isComplete(raw, rules), raw).toBe(false);
        for (const one of [seat, moderator]) {
          const shown = directedSoFar(visibleSoFar(raw, rules), one);
          expect(reply.slice(0, shown.length), raw).toBe(shown);
        }
      }
    }
  });
});
