import { describe, expect, it } from 'vitest';
import { type ConversationView, type Entry, hearersOf, type Limits, viewAfter } from '../src/index.ts';

const limits: Limits = {
  ...{
    maxTurns: 4,
    maxDurationMs: 0,
    stopPhrases: [],
    maxAttempts: 3,
    onFailure: 'end',
    turnDeadlineMs: 1_000,
  },
};
const usage = { inputTokens: 10, outputTokens: 2 };
const opened: Entry = {
  ...{ type: 'opened', seq: 1, at: 1_000, by: 'a', members: ['a', 'b'], policy: 'addressed', limits },
  ...{ floor: ['a'], hears: [{ from: 'a', to: ['b'] }] },
};
const entries: Entry[] = [
  opened,
  { type: 'said', seq: 2, at: 3_000, turn: 1, from: 'a', text: 'one', usage, floor: ['b'] },
  { type: 'lapsed', seq: 3, at: 4_000, turn: 2, from: 'b', cause: 'empty-reply', usage, cost: 0.5 },
  { type: 'passed', seq: 4, at: 5_000, turn: 2, from: 'b', reason: 'declined', usage, floor: ['a'] },
  { type: 'joined', seq: 5, at: 6_000, who: 'c' },
  { type: 'paused', seq: 6, at: 7_000, by: 'operator' },
  { type: 'resumed', seq: 7, at: 8_500, by: 'operator' },
  { type: 'said', seq: 8, at: 9_000, turn: 3, from: 'a', text: 'two', usage, done: true, floor: ['b'] },
  { type: 'left', seq: 9, at: 10_000, who: 'b', floor: ['c'] },
  { type: 'ended', seq: 10, at: 11_000, reason: 'operator', detail: 'enough' },
];
const after = (through: number, all = entries): ConversationView =>
  all
    .slice(0, through)
    .reduce<ConversationView | undefined>((known, entry) => viewAfter(known, 'id', entry), undefined)!;

describe('The view of a conversation', () => {
  it('the view of a conversation is computed from its entries', () => {
    const views = entries.map((_, index) => after(index + 1));
    expect(views.map(({ status }) => status)).toEqual([
      ...Array(5).fill('running'),
      'paused',
      ...Array(3).fill('running'),
      'ended',
    ]);
    expect(views.map(({ floor }) => floor.join())).toEqual(['a', 'b', 'b', 'a', 'a', 'a', 'a', 'b', 'c', '']);
    expect(views[7]?.votes).toEqual(['a']);
    expect(views.at(-1)).toMatchObject({
      ...{ id: 'id', by: 'a', members: ['a', 'c'], turns: 3, seq: 10, startedAt: 1_000, endedAt: 11_000 },
      pausedMs: 1_500,
      usage: { inputTokens: 40, outputTokens: 8, cost: 0.5 },
      usageBy: {
        a: { inputTokens: 20, outputTokens: 4, cost: 0 },
        b: { inputTokens: 20, outputTokens: 4, cost: 0.5 },
      },
      ending: { reason: 'operator', detail: 'enough' },
    });
  });

  it('the view of a conversation does not change by an entry that it contains, and is unknown after a missing one', () => {
    const two = after(2);
    expect(viewAfter(two, 'id', entries[1]!)).toBe(two);
    expect(viewAfter(two, 'id', entries[0]!)).toBe(two);
    expect(viewAfter(after(1), 'id', entries[2]!)).toBeUndefined();
    expect(viewAfter(undefined, 'id', entries[1]!)).toBeUndefined();
  });

  it('the view of a conversation has the roles of a recast, each merged with the earlier role', () => {
    const cast: Entry = { ...opened, cast: [{ name: 'b', persona: 'a baker', model: 'small' }] } as Entry;
    const recast: Entry = {
      type: 'recast',
      seq: 2,
      at: 2_000,
      by: 'op',
      role: { name: 'b', model: 'large' },
    };
    expect(after(2, [cast, recast]).cast).toEqual([{ name: 'b', persona: 'a baker', model: 'large' }]);
  });

  it.each(['constructor', 'toString', '__proto__'])(
    'the view of a conversation keeps the seat and the tokens of a member with the name %s, which is a property of every object',
    (name) => {
      const members: Entry = { ...opened, members: ['a', name], hears: [] } as Entry;
      const seated: Entry = { type: 'seated', seq: 2, at: 0, who: name, by: 'op' };
      const said: Entry = { type: 'said', seq: 3, at: 0, from: name, text: 'x', usage, floor: ['a'] };
      const unseated: Entry = { type: 'unseated', seq: 4, at: 0, who: name, by: 'op' };
      const all = [members, seated, said, unseated];
      expect(Object.hasOwn(after(1, all).seats, name)).toBe(false);
      expect(Object.entries(after(2, all).seats)).toEqual([[name, 'op']]);
      expect(Object.entries(after(4, all).usageBy)).toEqual([[name, { ...usage, cost: 0 }]]);
      expect(Object.entries(after(4, all).seats)).toEqual([]);
      expect(hearersOf(after(1, all), { from: name })).toEqual(['a', name]);
    },
  );

  it('the hearers of a message are its listeners, else those of its speaker, else all members', () => {
    const view = { members: ['a', 'b', 'c'], hears: { a: ['b'] } };
    expect(hearersOf(view, { from: 'a', to: ['c'] })).toEqual(['a', 'c']);
    expect(hearersOf(view, { from: 'a' })).toEqual(['a', 'b']);
    expect(hearersOf(view, { from: 'b' })).toEqual(['a', 'b', 'c']);
  });
});
