import { maxMembers } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import type { CommandOf } from '../../src/core/command.ts';
import { granted, limits, Talk } from './talk.ts';

type Say = CommandOf<'say'>;
const members = ['ann', 'bob', 'cid'];
const talkOf = (more: Partial<ConstructorParameters<typeof Talk>[0]> = {}) => new Talk({ members, ...more });
const first = (talk: Talk) => talk.state!.floor[0]!;
const say = (talk: Talk, more: Partial<Say> = {}) =>
  talk.do({ type: 'say', from: 'ann', text: 'A line.', ...more } as Say);
const answer = (talk: Talk, more: Partial<Say> = {}) =>
  say(talk, { ...granted(first(talk)), ...more } as Partial<Say>);

describe('a message that is refused', () => {
  it.each([
    ['an agent that is no member', { from: 'eve', target: 'bob' }, {}, 'not-a-member', 'eve is not a member'],
    [
      'a speaker without the floor, in turn',
      { from: 'bob' },
      { policy: 'round-robin' },
      'not-your-turn',
      'bob does not have the floor',
    ],
    [
      'a message to its own speaker',
      { target: 'ann' },
      {},
      'bad-target',
      'target must differ from the speaker',
    ],
    [
      'a target that is no member, in turn',
      { turn: 1, attempt: 1, target: 'eve' },
      { policy: 'round-robin' },
      'bad-target',
      'eve is not a member',
    ],
    [
      'a private message to one that is no member',
      { target: 'bob', to: ['bob', 'eve'] },
      {},
      'bad-target',
      'eve is not a member',
    ],
  ] as const)('a message is refused and changes nothing: %s', (_, message, opening, code, words) => {
    const talk = talkOf(opening);
    expect(say(talk, message as Partial<Say>)).toEqual({ kind: 'refuse', code, message: words });
    expect(talk.entries).toHaveLength(1);
  });

  it('a message that has no addressee is refused where every message needs one', () => {
    const talk = talkOf();
    expect(say(talk, { from: 'bob' })).toEqual({
      ...{ kind: 'refuse', code: 'bad-target', message: 'the message needs a target' },
    });
  });

  it('a target that is no member joins up to the most members that a conversation may have', () => {
    const named = (count: number) =>
      talkOf({ members: Array.from({ length: count }, (_, index) => `m${index}`) });
    const full = named(maxMembers);
    expect(say(full, { from: 'm0', target: 'eve' })).toEqual({
      ...{ kind: 'refuse', code: 'bad-target', message: `more than ${maxMembers} members` },
    });
    const almost = named(maxMembers - 1);
    expect(say(almost, { from: 'm0', target: 'eve' }).kind).toBe('append');
    expect(almost.state?.members).toHaveLength(maxMembers);
  });

  it.each([
    ['an agent whose seat is taken', true, undefined, "ann's seat is taken"],
    ['an operator who speaks as one that is no member', false, { seat: 'ops' }, 'eve is not a member'],
    ['an operator who has not the seat', false, { seat: 'ops' }, "ann's seat is not taken"],
    ['an operator who speaks from the seat of another', true, { seat: 'other' }, "ann's seat is taken"],
  ] as const)('a seat is for the one who took it: %s', (_, isTaken, as, words) => {
    const talk = talkOf();
    if (isTaken) talk.do({ type: 'seat', who: 'ann', by: 'ops' });
    const from = words.startsWith('eve') ? 'eve' : 'ann';
    const code = from === 'eve' ? 'not-a-member' : 'not-your-turn';
    expect(say(talk, { from, target: 'bob', ...(as && { as }) })).toEqual({
      kind: 'refuse',
      code,
      message: words,
    });
  });
});

describe('the turn that a message takes', () => {
  it('a message that takes no turn leaves the turn of its speaker open', () => {
    const talk = talkOf();
    say(talk, { target: 'bob' });
    expect(talk.last).not.toHaveProperty('turn');
    expect(talk.floor).toEqual(['ann', 'bob']);
  });

  it.each([
    ['of another member', { turn: 2, attempt: 1 }],
    ['that is not open', { turn: 9, attempt: 1 }],
    ['that was not granted', { turn: 1, attempt: undefined }],
  ] as const)('a message without a number takes no turn %s', (_, takes) => {
    const talk = talkOf();
    answer(talk, { target: 'bob' });
    say(talk, { target: 'cid', takes });
    expect(talk.last).not.toHaveProperty('turn');
    expect(talk.floor).toEqual(['bob', 'cid']);
  });

  it('a message that names another turn than its speaker has takes none', () => {
    const talk = talkOf();
    expect(say(talk, { turn: 9, attempt: 1, target: 'bob' })).toMatchObject({ code: 'stale-turn' });
    say(talk, { target: 'bob', takes: { turn: 9, attempt: 1 } });
    expect(talk.last).not.toHaveProperty('turn');
  });

  it('a message without a number takes a lapsed turn while the conversation runs, and not under a pause', () => {
    const late = (isPaused: boolean) => {
      const talk = talkOf();
      talk.do({ type: 'lapse', turn: 1, cause: 'deadline' });
      if (isPaused) talk.do({ type: 'pause', by: 'ops' });
      say(talk, { target: 'bob', takes: { turn: 1, attempt: 1 } });
      return talk.last;
    };
    expect(late(false)).toMatchObject({ type: 'said', turn: 1 });
    expect(late(true)).not.toHaveProperty('turn');
  });

  it('a turn to bid is answered by no message, with or without its number', () => {
    const talk = talkOf({ policy: 'volunteer' });
    answer(talk);
    const bidding = { from: 'bob', ...granted(first(talk)) };
    expect(say(talk, bidding)).toMatchObject({ kind: 'refuse', code: 'not-your-turn' });
    expect(say(talk, { from: 'bob', takes: granted(first(talk)) })).toMatchObject({ code: 'not-your-turn' });
  });

  it('a person in a seat may speak instead of a bid', () => {
    const talk = talkOf({ policy: 'volunteer' });
    answer(talk);
    talk.do({ type: 'seat', who: 'bob', by: 'ops' });
    expect(say(talk, { from: 'bob', as: { seat: 'ops' } }).kind).toBe('append');
    expect(talk.last).toMatchObject({ type: 'said', from: 'bob', turn: 2 });
  });

  it('a member that was addressed again by a message that it had not seen owes one more reply', () => {
    const owed = (seen: number | undefined, more: Partial<Say> = {}) => {
      const talk = talkOf();
      answer(talk, { target: 'bob' });
      say(talk, { from: 'cid', target: 'bob', text: 'And me?' });
      say(talk, {
        from: 'bob',
        target: 'ann',
        ...granted(first(talk)),
        ...(seen !== undefined && { seen }),
        ...more,
      } as Partial<Say>);
      return talk.floor;
    };
    expect(owed(2)).toEqual(['bob', 'ann']);
    expect(owed(3)).toEqual(['ann']);
    expect(owed(undefined)).toEqual(['ann']);
    // One that takes no turn owes what it owed before.
    expect(owed(2, { turn: undefined, attempt: undefined })).toEqual(['bob', 'ann']);
  });
});

describe('the hearers of a message', () => {
  const hears = [{ from: 'ann', to: ['bob', 'cid'] }];

  it('a message of a member with fixed hearers is for those who are still members', () => {
    const talk = talkOf({ hears, members: [...members, 'dan'] });
    talk.do({ type: 'leave', who: 'cid' });
    answer(talk, { target: 'bob' });
    expect(talk.last).toMatchObject({ type: 'said', to: ['bob'] });
  });

  it('a hearer that left hears the message again when it is the target, because then it joins', () => {
    const talk = talkOf({ hears, members: [...members, 'dan'] });
    talk.do({ type: 'leave', who: 'cid' });
    answer(talk, { target: 'cid' });
    expect(talk.entries.slice(-2)).toMatchObject([
      { type: 'joined', who: 'cid', seq: 3 },
      { type: 'said', target: 'cid', to: ['bob', 'cid'], seq: 4 },
    ]);
  });

  it('a private message may have a target that joins with it', () => {
    const talk = talkOf();
    answer(talk, { target: 'eve', to: ['eve'] });
    expect(talk.last).toMatchObject({ type: 'said', target: 'eve', to: ['eve'] });
    expect(talk.state?.members).toContain('eve');
  });
});

describe('a message of an operator', () => {
  it('a message of an operator takes the floor from no member where members speak in turn', () => {
    const talk = talkOf({ policy: 'round-robin' });
    const before = talk.state?.floor;
    say(talk, { from: 'ops', as: 'operator' });
    expect(talk.last).toMatchObject({ type: 'said', from: 'ops', floor: ['ann'] });
    expect(talk.last).not.toHaveProperty('bidding');
    expect(talk.last).not.toHaveProperty('target');
    expect(talk.state?.floor).toEqual(before);
  });

  it('a message of an operator during a round of bids leaves the round as it is', () => {
    const talk = talkOf({ policy: 'volunteer' });
    answer(talk);
    talk.do({ type: 'bid', from: 'bob', ...granted(first(talk)), score: 9 });
    const before = talk.state?.floor;
    say(talk, { from: 'ops', as: 'operator' });
    expect(talk.last).toMatchObject({ floor: ['cid'], bidding: true });
    expect(talk.state?.floor).toEqual(before);
    talk.do({ type: 'bid', from: 'cid', ...granted(first(talk)), score: 3 });
    expect(talk.floor).toEqual(['bob']);
  });

  it('a message of an operator gives a turn where members speak freely', () => {
    const talk = talkOf({ policy: 'open' });
    say(talk, { from: 'ops', as: 'operator', target: 'bob' });
    expect(talk.floor).toEqual(['ann', 'bob']);
  });

  it('an operator that is a member takes the turn that it has', () => {
    const talk = talkOf();
    say(talk, { from: 'ann', as: 'operator', target: 'bob' });
    expect(talk.last).toMatchObject({ type: 'said', turn: 1, floor: ['bob'] });
  });
});

describe('what follows a message', () => {
  it('the last message gives the floor to no member, and its ending follows without a nudge', () => {
    const talk = talkOf({ policy: 'round-robin', limits: limits({ maxTurns: 2, maxRepetition: 0.9 }) });
    const line = 'the same again and again and again';
    for (let i = 0; i < 2; i++) talk.say(line);
    expect(talk.entries.slice(-2)).toMatchObject([
      { type: 'said', floor: [] },
      { type: 'ended', reason: 'max-turns', by: 'bob' },
    ]);
  });

  it('a nudge comes behind the message and before the pause of a step', () => {
    const talk = talkOf({ policy: 'round-robin', limits: limits({ maxRepetition: 0.9 }) });
    const line = 'the same again and again and again';
    for (let i = 0; i < 2; i++) talk.say(line);
    talk.do({ type: 'resume', by: 'ops', lines: 1 });
    talk.say(line);
    expect(talk.entries.slice(-3)).toMatchObject([
      { type: 'said', from: 'cid', seq: 5 },
      { type: 'noted', by: 'router', to: ['ann'], seq: 6 },
      { type: 'paused', by: 'ops', seq: 7 },
    ]);
  });

  it('a repetition that only some members hear is followed by no nudge', () => {
    const talk = talkOf({ policy: 'round-robin', limits: limits({ maxRepetition: 0.9 }) });
    const line = 'the same again and again and again';
    for (let i = 0; i < 2; i++) talk.say(line);
    talk.say(line, { to: ['ann'] });
    expect(talk.last).toMatchObject({ type: 'said', to: ['ann'] });
  });
});
