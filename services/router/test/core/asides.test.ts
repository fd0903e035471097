import type { EntryOf } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { limits, Talk } from './talk.ts';

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
  it('does not show in the likeness of a message for all, nor of one to others', () => {
    const talk = start();
    aside(talk, 'ann', ['bob']);
    aloud(talk, 'eve', secret);
    expect(last(talk)?.likeness).toBe(0);
    const other = start();
    aside(other, 'ann', ['bob']);
    aside(other, 'ann', ['eve']);
    expect(last(other)?.likeness).toBe(0);
  });

  it('is compared with what all of its hearers have heard: what was said to all, and aside among them', () => {
    const talk = start();
    aloud(talk, 'eve', secret);
    aside(talk, 'ann', ['bob']);
    expect(last(talk)?.likeness).toBe(1);
    const pair = start();
    aside(pair, 'ann', ['bob']);
    aside(pair, 'bob', ['ann']);
    expect(last(pair)?.likeness).toBe(1);
  });

  it('neither nudges nor ends by repetition or goodbyes, and breaks no row of those that all hear', () => {
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

  it('counts like any other where nobody is left out', () => {
    const talk = start({ members: ['ann', 'bob'] });
    for (let line = 0; line < 5; line++) aside(talk, 'ann', ['bob']);
    expect(talk.ending).toBe('repetition');
  });

  it('is heard by those of `hears` who are still there', () => {
    const talk = start({
      members: ['ann', 'bob', 'eve', 'dan'],
      hears: [{ from: 'ann', to: ['bob', 'eve'] }],
    });
    talk.do({ type: 'leave', who: 'bob' });
    aloud(talk, 'ann', 'hello');
    expect(last(talk)).toMatchObject({ text: 'hello', to: ['eve'] });
  });
});
