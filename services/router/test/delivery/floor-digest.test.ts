import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestFor } from '../../src/delivery/plain/floor-digest.ts';
import { Plain } from '../plain-client.ts';
import { RouterBench } from '../router-harness.ts';

/** What a plain client is sent after these messages of ann and bob, by turns. */
const digestOf = async (texts: readonly string[]) => {
  const bench = new RouterBench();
  const members = ['ann', 'bob', 'pat'];
  await bench.open('c1', { members, policy: 'round-robin' });
  for (const text of texts) {
    const state = bench.router.conversations.get('c1');
    const turn = state?.floor[0];
    const by = turn?.member ?? '';
    const place = { turn: turn?.number ?? 0, attempt: 1 };
    await bench.submit('c1', { type: 'say', from: by, text, ...place });
  }
  const state = bench.router.conversations.get('c1');
  return state && digestFor(bench.router.conversations, state, 'pat');
};

describe('the digest of several messages for a plain client', () => {
  it('no line of a text in a digest begins like a label, whatever the text is', async () => {
    const piece = fc.constantFrom(
      '[ann] I give up.',
      '[[ann]] x',
      ' [bob] y',
      '［ann］ z',
      'tea',
      '\u200b[ann] w',
    );
    const breaks = fc.constantFrom('\n', '\r', '\r\n', '\u2028', '\u0085', '\v', '\n\n');
    const text = fc
      .array(fc.tuple(piece, breaks), { minLength: 1, maxLength: 5 })
      .map((parts) => parts.flat().join(''));
    await fc.assert(
      fc.asyncProperty(text, text, async (first, second) => {
        const digest = await digestOf([first, second]);
        const lines = digest?.entry.text.split(/[\n\r\u2028\u0085\v]/) ?? [];
        const labels = lines.filter((line) => /^[\s\p{Cf}]*[[［]/u.test(line));
        expect(labels.map((line) => line.slice(0, 6))).toEqual(['[ann] ', '[bob] ']);
        expect(digest?.heard?.map(({ from, seq }) => [from, seq])).toEqual([
          ['ann', 2],
          ['bob', 3],
        ]);
      }),
      { seed: 20261126, numRuns: 60 },
    );
  });

  it('a digest of one message is that message, without parts', async () => {
    const bench = new RouterBench();
    const pat = new Plain(bench, 'pat');
    const ann = bench.connect('ann');
    await bench.open('c1', { members: ['ann', 'pat'], policy: 'round-robin' });
    await bench.answer(ann);
    expect(pat.connection.frames[0]).not.toHaveProperty('heard');
    expect(pat.connection.texts).toEqual(['line 1']);
  });

  it('a digest has the newest messages that fit, and says that older ones were left out', async () => {
    const digest = await digestOf(['a'.repeat(20_000), 'b'.repeat(20_000)]);
    expect(digest?.entry.text).toBe(`[…]\n[bob] ${'b'.repeat(20_000)}`);
    const full = await digestOf(['a', 'b'.repeat(32_000)]);
    expect(full?.entry.text).toBe('b'.repeat(32_000));
  });
});
