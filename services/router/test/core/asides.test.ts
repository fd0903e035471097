import type { EntryOf } from '@parley/protocol';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { testSeed } from '../../../../tests/harness/test-seed.ts';
import { agentReader, visible } from '../../src/core/visibility.ts';
import { limits, Talk } from './talk.ts';

afterAll(() => console.log(`asides: PARLEY_SEED=${testSeed}`));

const secret = 'the vault opens with the four digits that bob wrote down on the wall';
const start = (more: object = {}) =>
  new Talk({
    members: ['ann', 'bob', 'eve'],
    policy: 'open',
    limits: limits({ maxRepetition: 0.8, farewells: true }),
    ...more,
  });
const aside = (talk: Talk, from: string, to: string[], text = secret) =>
  talk.do({ type: 'say', from, text, to });
const aloud = (talk: Talk, from: string, text: string) => talk.do({ type: 'say', from, text });
const last = (talk: Talk) =>
  talk.entries.findLast((entry): entry is EntryOf<'said'> => entry.type === 'said');

describe('what is said aside', () => {
  it('a private message does not change the likeness of a message for all or for other members', () => {
    const talk = start();
    aside(talk, 'ann', ['bob']);
    aloud(talk, 'eve', secret);
    expect(last(talk)?.likeness).toBe(0);
    const other = start();
    aside(other, 'ann', ['bob']);
    aside(other, 'ann', ['eve']);
    expect(last(other)?.likeness).toBe(0);
  });

  it('a private message is compared with all messages that all its hearers have heard, public and private', () => {
    const talk = start();
    aloud(talk, 'eve', secret);
    aside(talk, 'ann', ['bob']);
    expect(last(talk)?.likeness).toBe(1);
    const pair = start();
    aside(pair, 'ann', ['bob']);
    aside(pair, 'bob', ['ann']);
    expect(last(pair)?.likeness).toBe(1);
  });

  it('a private message causes no nudge and no ending by repetition or goodbyes, and does not interrupt a row of public ones', () => {
    const talk = start();
    for (const text of [secret, 'Goodbye, take care!'])
      for (let line = 0; line < 6; line++) aside(talk, 'ann', ['bob'], text);
    expect(talk.entries.every(({ type }) => type === 'opened' || type === 'said')).toBe(true);
    for (let line = 0; line < 5; line++) {
      aloud(talk, 'eve', 'and again I ask you all who it was that took my hat');
      if (line < 4) aside(talk, 'ann', ['bob'], `something else ${line}`);
    }
    expect(talk.ending).toBe('repetition');
  });

  it('a private message that all members hear counts like a public one', () => {
    const talk = start({ members: ['ann', 'bob'] });
    for (let line = 0; line < 5; line++) aside(talk, 'ann', ['bob']);
    expect(talk.ending).toBe('repetition');
  });

  it('a private message by `hears` is heard by the present members of that list', () => {
    const talk = start({
      members: ['ann', 'bob', 'eve', 'dan'],
      hears: [{ from: 'ann', to: ['bob', 'eve'] }],
    });
    talk.do({ type: 'leave', who: 'bob' });
    aloud(talk, 'ann', 'hello');
    expect(last(talk)).toMatchObject({ text: 'hello', to: ['eve'] });
  });

  it(`a private message changes nothing that other members observe, whatever its text is (PARLEY_SEED=${testSeed})`, () => {
    const texts = [
      secret,
      'Goodbye, take care!',
      'Thank you so much, bye!',
      'and now for something else',
      `${secret}!`,
    ];
    const text = fc.constantFrom(...texts);
    const step = fc.record({
      from: fc.constantFrom('ann', 'bob', 'eve'),
      isAside: fc.boolean(),
      text,
      other: text,
    });
    /** What eve sees, when the asides of ann and bob have this text. */
    const seen = (
      steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[],
      other: boolean,
    ) => {
      const talk = start();
      for (const { from, isAside, text, other: instead } of steps) {
        if (isAside && from !== 'eve')
          aside(talk, from, [from === 'ann' ? 'bob' : 'ann'], other ? instead : text);
        else aloud(talk, from, text);
      }
      const { state } = talk;
      return talk.entries.map((entry) => state && visible(state, agentReader('eve'), entry)).filter(Boolean);
    };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30, size: 'max' }), (steps) => {
        expect(seen(steps, true)).toEqual(seen(steps, false));
      }),
      { numRuns: 300 },
    );
  });
});
