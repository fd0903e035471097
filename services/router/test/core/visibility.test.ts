import type { Entry } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import type { Conversation } from '../../src/core/conversation.ts';
import { agentReader, membershipOf, overseer, visible } from '../../src/core/visibility.ts';
import { limits, Talk } from './talk.ts';

const talkOf = () => new Talk({ policy: 'round-robin', members: ['ann', 'bob', 'cid'] });
const state = talkOf().state as Conversation;
const at = { seq: 5, at: 1_000 };
const usage = { inputTokens: 1, outputTokens: 2 };
const paid = { usage, cost: 3, tookMs: 4 };

/** What these readers see of an entry: its own member ann, another member, an outsider, and an overseer. */
const seenBy = (entry: object) =>
  [agentReader('ann'), agentReader('bob'), agentReader('zoe'), overseer].map((reader) =>
    visible(state, reader, { ...at, ...entry } as Entry),
  );

describe('what a member sees of an entry', () => {
  it.each([
    ['a note for it', { type: 'noted', by: 'ops', to: ['ann'], kind: 'whisper', text: 'Psst.' }],
    ['its own summary', { type: 'summarised', who: 'ann', through: 3, text: 'So far.' }],
    ['its own new role', { type: 'recast', by: 'ops', role: { name: 'ann', persona: 'shy' } }],
    ['its own bid', { type: 'bid', from: 'ann', turn: 2, score: 5, ...paid }],
    ['its own lapse', { type: 'lapsed', from: 'ann', turn: 2, cause: 'deadline', detail: 'slow' }],
    ['a message that it says aside', { type: 'said', from: 'ann', to: ['cid'], text: 'Psst.' }],
    ['a message that it hears', { type: 'said', from: 'cid', to: ['ann'], text: 'Psst.' }],
  ])('%s is seen by that member whole, and by no other member', (_, entry) => {
    const whole = { ...at, ...entry };
    expect(seenBy(entry)).toEqual([whole, undefined, undefined, whole]);
  });

  it.each([
    ['a join', { type: 'joined', who: 'ann' }],
    ['a leave', { type: 'left', who: 'ann' }],
    ['a seat that is taken', { type: 'seated', who: 'ann', by: 'ops' }],
    ['a seat that is given back', { type: 'unseated', who: 'ann', by: 'ops' }],
    ['a resumption', { type: 'resumed', by: 'ops', lines: 2 }],
  ])('%s is seen whole by all members', (_, entry) => {
    const whole = { ...at, ...entry };
    expect(seenBy(entry)).toEqual([whole, whole, undefined, whole]);
  });

  it('what a message cost, and how long it took, is for its speaker', () => {
    const said = { ...at, type: 'said', from: 'ann', text: 'Hi.', turn: 2, target: 'bob', likeness: 0.5 };
    expect(seenBy({ ...said, ...paid })).toEqual([
      { ...said, ...paid },
      said,
      undefined,
      { ...said, ...paid },
    ]);
  });

  it('why a member passed in its own words, and what that cost, is for that member', () => {
    const passed = { ...at, type: 'passed', from: 'ann', turn: 2, reason: 'failed' };
    const more = { ...paid, detail: 'the words of a server' };
    expect(seenBy({ ...passed, ...more })).toEqual([
      ...[{ ...passed, ...more }, passed, undefined],
      { ...passed, ...more },
    ]);
  });

  it('an opening shows a member its own role and the rows of hearers that name it, and no label and no request', () => {
    const frame = {
      ...at,
      type: 'opened',
      by: 'ann',
      members: ['ann', 'bob', 'cid'],
      policy: 'open',
      limits: limits(),
    };
    const opened = {
      ...frame,
      ...{ labels: ['arm-b'], request: 'digest', cast: [{ name: 'ann' }, { name: 'bob', persona: 'shy' }] },
      hears: [
        { from: 'ann', to: ['cid'] },
        { from: 'cid', to: ['bob'] },
        { from: 'bob', to: ['cid'] },
      ],
    };
    const [ann, bob, zoe, all] = seenBy(opened);
    expect(ann).toEqual({ ...frame, cast: [{ name: 'ann' }], hears: [{ from: 'ann', to: ['cid'] }] });
    expect(bob).toEqual({
      ...{ ...frame, cast: [{ name: 'bob', persona: 'shy' }] },
      hears: [
        { from: 'cid', to: ['bob'] },
        { from: 'bob', to: ['cid'] },
      ],
    });
    expect([zoe, all]).toEqual([undefined, opened]);
    expect(seenBy(frame)[1]).toEqual(frame);
  });

  it('a fork shows a member its own role and no request', () => {
    const frame = {
      ...at,
      type: 'forked',
      by: 'ops',
      parent: { conversation: 'c0', seq: 4 },
      limits: limits(),
    };
    const cast = [{ name: 'ann', persona: 'shy' }];
    const forked = { ...frame, request: 'digest', cast };
    expect(seenBy(forked)).toEqual([{ ...frame, cast }, { ...frame, cast: [] }, undefined, forked]);
    expect(seenBy(frame)[1]).toEqual(frame);
  });

  it('a pause shows its reason and no detail', () => {
    const paused = { ...at, type: 'paused', reason: 'budget' };
    const whole = { ...paused, detail: '$4 of $5' };
    expect(seenBy(whole)).toEqual([paused, paused, undefined, whole]);
  });
});

describe('what a member sees of an ending', () => {
  const ended = { ...at, type: 'ended', reason: 'failed', by: 'ann' };

  it('the words of a failed turn are for its member; all others see its cause', () => {
    const whole = { ...ended, detail: 'ann: model-unavailable, 500 from the server' };
    expect(seenBy(whole)).toEqual([whole, { ...ended, detail: 'ann: model-unavailable' }, undefined, whole]);
  });

  it.each([
    ['no cause', 'ann: out of memory'],
    ['no name', 'model-unavailable, 500 from the server'],
    ['the name of another member', 'bob: gone'],
  ])('a detail with %s is for that member alone', (_, detail) => {
    expect(seenBy({ ...ended, detail })[1]).toEqual(ended);
  });

  it('a failure without a member or without a detail has no detail for members', () => {
    const { by: _, ...byNone } = ended;
    expect(seenBy({ ...byNone, detail: 'undefined: gone' })[1]).toEqual(byNone);
    expect(seenBy(ended)[1]).toEqual(ended);
  });

  it('the detail of any other ending is for all members, and who never answered is for operators', () => {
    const whole = { ...at, type: 'ended', reason: 'operator', by: 'ops', detail: 'seen' };
    expect(seenBy({ ...whole, unanswered: ['cid'] })).toEqual([
      ...[whole, whole, undefined],
      { ...whole, unanswered: ['cid'] },
    ]);
    expect(seenBy({ ...ended, unanswered: ['cid'] })[1]).toEqual(ended);
  });
});

describe('which entries are of the time of a reader', () => {
  /** A member in the entries 2 and 3, and again from entry 5 on; as a former member until entry 6. */
  const visits = (isMember: boolean) => {
    const talk = talkOf();
    const join = { type: 'join', who: 'dan', as: 'operator', history: false } as const;
    talk.do(join);
    talk.do({ type: 'leave', who: 'dan' });
    talk.do({ type: 'note', by: 'ops', to: ['ann'], kind: 'whisper', text: 'x' });
    talk.do(join);
    if (!isMember) talk.do({ type: 'leave', who: 'dan' });
    return talk.state as Conversation;
  };
  const seen = (of: Conversation, type: string) =>
    [1, 2, 3, 4, 5, 6, 7].filter((seq) =>
      visible(of, agentReader('dan'), { at: 1, seq, type, from: 'ann', who: 'ann', text: 'x' } as Entry),
    );

  it('a member that joined without history sees entries of its times as a member, and at all times who the members are', () => {
    const of = visits(true);
    expect(membershipOf(of, 'dan')).toBe('member');
    expect(seen(of, 'said')).toEqual([2, 3, 5, 6, 7]);
    for (const type of ['opened', 'forked', 'joined', 'left'])
      expect(seen(of, type)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('a former member sees nothing after it left, and who the members were until then', () => {
    const of = visits(false);
    expect(membershipOf(of, 'dan')).toBe('former member');
    expect(seen(of, 'said')).toEqual([2, 3, 5, 6]);
    for (const type of ['opened', 'forked', 'joined', 'left'])
      expect(seen(of, type)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('a member that has come and gone three times sees who the members were until its last leave', () => {
    const talk = talkOf();
    for (let visit = 0; visit < 3; visit++) {
      talk.do({ type: 'join', who: 'dan', as: 'operator', history: false });
      talk.do({ type: 'leave', who: 'dan' });
    }
    expect(seen(talk.state as Conversation, 'joined')).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(seen(talk.state as Conversation, 'said')).toEqual([2, 3, 4, 5, 6, 7]);
  });

  it('a name that was never a member sees nothing', () => {
    expect(membershipOf(state, 'zoe')).toBe('outsider');
    expect(seen(state, 'joined')).toEqual([]);
  });

  it('the likeness of a message is not for members that were away: it may compare with what they did not hear', () => {
    const said: Entry = { seq: 7, at: 1, type: 'said', from: 'ann', text: 'x', turn: 1, floor: [] };
    expect(visible(visits(true), agentReader('dan'), { ...said, likeness: 1 })).toEqual(said);
    expect(visible(visits(true), agentReader('bob'), { ...said, likeness: 1 })).toHaveProperty('likeness', 1);
  });
});
