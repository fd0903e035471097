import { type Entry, maxMembers } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import type { Command, Decision } from '../../src/core/command.ts';
import type { Conversation } from '../../src/core/conversation.ts';
import { decide } from '../../src/core/decide.ts';
import { evolve } from '../../src/core/evolve.ts';
import { isSameOpening, wasOpenedSo } from '../../src/core/opening.ts';
import { limits, Talk } from './talk.ts';

const refusal = (code: string, message: string) => ({ kind: 'refuse', code, message });
const openOf = (more: Partial<Extract<Command, { type: 'open' }>> = {}): Decision =>
  decide(
    undefined,
    {
      ...{ type: 'open', by: 'ann', members: ['bob', 'cid'], policy: 'round-robin', limits: limits() },
      ...more,
    },
    1_000,
  );

describe('which openings are the same', () => {
  const one = { by: 'ann', members: ['bob', 'cid'] };

  it.each([
    ['the same names in another order', { by: 'ann', members: ['cid', 'bob'] }],
    ['the opener named among the members', { by: 'ann', members: ['bob', 'ann', 'cid'] }],
    ['a name that is given twice', { by: 'ann', members: ['bob', 'cid', 'bob'] }],
  ])('openings with %s are the same', (_, other) => {
    expect([isSameOpening(one, other), isSameOpening(other, one)]).toEqual([true, true]);
  });

  it.each([
    ['another opener of the same members', { by: 'bob', members: ['ann', 'cid'] }],
    ['a member less', { by: 'ann', members: ['bob'] }],
    ['a member more', { by: 'ann', members: ['bob', 'cid', 'dan'] }],
    ['another member', { by: 'ann', members: ['bob', 'dan'] }],
  ])('openings with %s are not the same', (_, other) => {
    expect([isSameOpening(one, other), isSameOpening(other, one)]).toEqual([false, false]);
  });
});

describe('whether a conversation was opened so', () => {
  const opened = (act: (talk: Talk) => void = () => {}): Conversation => {
    const talk = new Talk({ policy: 'round-robin', members: ['ann', 'bob', 'cid'] });
    act(talk);
    return talk.state as Conversation;
  };
  const opening = { by: 'ann', members: ['cid', 'bob'] };

  it('it was, by the same opener with the same members, also when others have joined since', () => {
    expect(wasOpenedSo(opened(), opening)).toBe(true);
    expect(
      wasOpenedSo(
        opened((talk) => talk.do({ type: 'join', who: 'dan', as: 'operator' })),
        opening,
      ),
    ).toBe(true);
  });

  it.each([
    ['another opener', { by: 'bob', members: ['ann', 'cid'] }],
    ['fewer members', { by: 'ann', members: ['bob'] }],
    ['more members', { by: 'ann', members: ['bob', 'cid', 'dan'] }],
  ])('it was not, with %s', (_, other) => {
    expect(wasOpenedSo(opened(), other)).toBe(false);
  });

  it('it was not when a member of the opening has left', () => {
    expect(
      wasOpenedSo(
        opened((talk) => talk.do({ type: 'leave', who: 'cid' })),
        opening,
      ),
    ).toBe(false);
  });

  it('it was not when it is a fork, although a fork has the members of its parent', () => {
    const parent = opened();
    const decision = decide(undefined, { type: 'fork', by: 'ann', parent, limits: limits() }, 2_000);
    const [forked] = decision.kind === 'append' ? decision.entries : [];
    const state = evolve(parent, forked as Entry, 'c2');
    expect(state).toMatchObject({ by: 'ann', named: ['ann', 'bob', 'cid'] });
    expect(wasOpenedSo(state, opening)).toBe(false);
  });
});

describe('an opening that is refused', () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`);

  it('an opening has at least two members and at most as many as a conversation may have', () => {
    expect(openOf({ members: ['ann'] })).toEqual(refusal('bad-target', 'a conversation needs two members'));
    expect(openOf({ members: names(maxMembers - 1) })).toMatchObject({ kind: 'append' });
    expect(openOf({ members: names(maxMembers) })).toEqual(
      refusal('bad-target', `more than ${maxMembers} members`),
    );
  });

  it.each([
    ['the first speaker', { first: 'zoe' }],
    ['the moderator', { moderator: 'zoe' }],
    ['a role', { cast: [{ name: 'bob' }, { name: 'zoe' }] }],
    ['a speaker with hearers', { hears: [{ from: 'zoe', to: ['bob'] }] }],
    ['a hearer', { hears: [{ from: 'bob', to: ['ann', 'zoe'] }] }],
  ])('an opening in which %s is no member is refused with that name', (_, more) => {
    expect(openOf(more)).toEqual(refusal('not-a-member', 'zoe is not a member'));
  });
});

describe('a fork', () => {
  const parentOf = (more: ConstructorParameters<typeof Talk>[0] = {}) =>
    new Talk({ policy: 'round-robin', members: ['ann', 'bob', 'cid'], ...more });
  const forkOf = (parent: Talk, more: object = {}) =>
    decide(
      undefined,
      { type: 'fork', by: 'ops', parent: parent.state as Conversation, limits: limits(), ...more },
      2_000,
    );

  it('a role of a name that is no member of the parent is refused', () => {
    const parent = parentOf();
    expect(forkOf(parent, { cast: [{ name: 'bob' }, { name: 'zoe' }] })).toEqual(
      refusal('not-a-member', 'zoe is not a member'),
    );
    expect(forkOf(parent, { cast: [{ name: 'bob' }] })).toMatchObject({
      kind: 'append',
      entries: [{ type: 'forked', cast: [{ name: 'bob' }] }],
    });
  });

  it('the fork of a running conversation leaves the floor where it was, and names no more than was given', () => {
    const parent = parentOf();
    parent.say();
    expect(forkOf(parent)).toEqual({
      kind: 'append',
      entries: [
        {
          type: 'forked',
          seq: 3,
          at: 2_000,
          by: 'ops',
          parent: { conversation: 'c1', seq: 2 },
          limits: limits(),
          floor: ['bob'],
        },
      ],
    });
    expect(forkOf(parent, { request: 'r1' })).toMatchObject({ entries: [{ request: 'r1' }] });
  });

  it('in the fork of an ended conversation the member after the last speaker goes on, or after the opener', () => {
    const parent = parentOf();
    parent.say();
    parent.say();
    parent.do({ type: 'end', by: 'ops' });
    expect(forkOf(parent)).toMatchObject({ entries: [{ floor: ['cid'] }] });
    const silent = parentOf();
    silent.do({ type: 'end', by: 'ops' });
    expect(forkOf(silent)).toMatchObject({ entries: [{ floor: ['bob'] }] });
  });

  it('a fork in a round of bids has a round of bids, and any other fork has none', () => {
    const parent = parentOf({ policy: 'volunteer' });
    expect(forkOf(parent)).not.toHaveProperty('entries.0.bidding');
    parent.say();
    expect(parent.state?.floor.map(({ wanted }) => wanted)).toContain('bid');
    expect(forkOf(parent)).toMatchObject({ entries: [{ bidding: true }] });
  });
});
