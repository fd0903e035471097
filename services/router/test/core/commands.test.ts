import { maxMembers } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/core/command.ts';
import { decide } from '../../src/core/decide.ts';
import { granted, limits, Talk } from './talk.ts';

const members = ['ann', 'bob', 'cid'];
const talkOf = (more: Partial<ConstructorParameters<typeof Talk>[0]> = {}) =>
  new Talk({ policy: 'round-robin', members, ...more });
const refusal = (code: string, message: string) => ({ kind: 'refuse', code, message });
const nothing = { kind: 'append', entries: [] };
const here = { seq: 2, at: 1_000 };

describe('commands of operators and of the router', () => {
  const note = { type: 'note', by: 'ops', to: ['bob'], kind: 'whisper', text: 'Psst.' } as const;
  const recast = { type: 'recast', by: 'ops', role: { name: 'bob', persona: 'shy' } } as const;
  const summarise = { type: 'summarise', who: 'ann', through: 1, text: 'So far.' } as const;

  it.each([
    [note, { type: 'noted', by: 'ops', to: ['bob'], kind: 'whisper', text: 'Psst.' }],
    [recast, { type: 'recast', by: 'ops', role: { name: 'bob', persona: 'shy' } }],
    [summarise, { type: 'summarised', who: 'ann', through: 1, text: 'So far.' }],
    [
      { type: 'seat', who: 'bob', by: 'ops' },
      { type: 'seated', who: 'bob', by: 'ops' },
    ],
    [
      { type: 'pause', by: 'ops' },
      { type: 'paused', by: 'ops' },
    ],
    [
      { type: 'resume', by: 'ops', lines: 2 },
      { type: 'resumed', by: 'ops', lines: 2 },
    ],
    [
      { type: 'join', who: 'eve', as: 'operator' },
      { type: 'joined', who: 'eve' },
    ],
    [
      { type: 'join', who: 'eve', as: 'operator', history: true },
      { type: 'joined', who: 'eve' },
    ],
    [
      { type: 'join', who: 'eve', as: 'operator', history: false },
      { type: 'joined', who: 'eve', history: false },
    ],
    [
      { type: 'end', by: 'ops' },
      { type: 'ended', reason: 'operator', by: 'ops', unanswered: ['ann'] },
    ],
    [
      { type: 'end', by: 'ops', detail: 'seen' },
      { type: 'ended', reason: 'operator', by: 'ops', detail: 'seen', unanswered: ['ann'] },
    ],
    [
      { type: 'fail', detail: 'no price' },
      { type: 'ended', reason: 'failed', detail: 'no price', unanswered: ['ann'] },
    ],
  ] as const)('a command becomes exactly its entry: %j', (command, entry) => {
    expect(talkOf().do(command as Command)).toEqual({ kind: 'append', entries: [{ ...here, ...entry }] });
  });

  it.each([
    [{ ...note, to: ['bob', 'eve'] }, refusal('not-a-member', 'eve is not a member')],
    [{ ...recast, role: { name: 'eve' } }, refusal('not-a-member', 'eve is not a member')],
    [{ type: 'seat', who: 'eve', by: 'ops' }, refusal('not-a-member', 'eve is not a member')],
    [
      { type: 'open', by: 'ann', members, policy: 'open', limits: limits() },
      refusal('conversation-exists', 'this id is in use'),
    ],
  ] as const)('a command that cannot be done is refused: %j', (command, refused) => {
    const talk = talkOf();
    expect(talk.do(command as Command)).toEqual(refused);
    expect(talk.entries).toHaveLength(1);
  });

  it.each([
    { type: 'join', who: 'bob' },
    { type: 'unseat', who: 'bob', by: 'ops' },
    { type: 'resume', by: 'ops' },
    { type: 'lapse', turn: 9, cause: 'gone' },
    { type: 'absent', turn: 9 },
    { type: 'missing', who: ['bob'] },
    { type: 'tick' },
  ] as const)('a command that changes nothing is done without an entry: %j', (command) => {
    expect(talkOf().do(command)).toEqual(nothing);
  });

  it('a command to a conversation that does not exist is refused', () => {
    expect(decide(undefined, { type: 'tick' }, 1)).toEqual(
      refusal('unknown-conversation', 'there is no such conversation'),
    );
  });

  it('a paused conversation is paused once, and a step ends without a pause', () => {
    const talk = talkOf();
    talk.do({ type: 'pause', by: 'ops' });
    expect(talk.do({ type: 'pause', by: 'other' })).toEqual(nothing);
    talk.do({ type: 'resume', by: 'ops', lines: 3 });
    expect(talk.do({ type: 'resume', by: 'ops' })).toMatchObject({
      entries: [{ type: 'resumed', by: 'ops' }],
    });
    expect(talk.last).not.toHaveProperty('lines');
    expect(talk.do({ type: 'resume', by: 'ops' })).toEqual(nothing);
  });

  it('a seat is taken by one operator at a time, and may be taken again by the same one', () => {
    const talk = talkOf();
    talk.do({ type: 'seat', who: 'bob', by: 'ops' });
    expect(talk.do({ type: 'seat', who: 'bob', by: 'ops' })).toEqual(nothing);
    expect(talk.do({ type: 'seat', who: 'bob', by: 'other' })).toEqual(
      refusal('forbidden', 'ops has that seat'),
    );
    talk.do({ type: 'unseat', who: 'bob', by: 'other' });
    expect(talk.last).toEqual({ type: 'unseated', seq: 3, at: 1_000, who: 'bob', by: 'other' });
  });

  it('a conversation takes as many members as it may have, and no more', () => {
    const talk = talkOf({ members: Array.from({ length: maxMembers - 1 }, (_, index) => `m${index}`) });
    expect(talk.do({ type: 'join', who: 'eve', as: 'operator' })).toMatchObject({
      entries: [{ type: 'joined' }],
    });
    expect(talk.do({ type: 'join', who: 'fay', as: 'operator' })).toEqual(
      refusal('bad-target', `more than ${maxMembers} members`),
    );
  });

  it('a lapse or an absence concerns the turn that it names', () => {
    const open = () => {
      const talk = talkOf({ policy: 'open', limits: limits({ onFailure: 'skip' }) });
      talk.say('Both of you, @bob and @cid.');
      return talk;
    };
    const lapsed = open();
    const [, second] = lapsed.state!.floor;
    lapsed.do({ type: 'lapse', turn: second!.number, cause: 'gone' });
    expect(lapsed.last).toMatchObject({ type: 'lapsed', from: 'cid' });
    const absent = open();
    absent.do({ type: 'absent', turn: second!.number });
    expect(absent.last).toMatchObject({ type: 'passed', from: 'cid', detail: 'absent' });
  });
});

describe('a member that leaves', () => {
  it('the floor of a member that leaves goes to the next in order, when no other member has a turn', () => {
    const talk = talkOf();
    talk.do({ type: 'leave', who: 'ann' });
    expect(talk.last).toEqual({ type: 'left', ...here, who: 'ann', floor: ['bob'] });
    expect(talk.floor).toEqual(['bob']);
  });

  it('members that have a turn keep it when another member leaves, and that is not written down', () => {
    const waiting = talkOf();
    waiting.do({ type: 'leave', who: 'cid' });
    expect(waiting.last).toEqual({ type: 'left', ...here, who: 'cid' });
    const both = talkOf({ policy: 'open' });
    both.say('Both of you, @bob and @cid.');
    both.do({ type: 'leave', who: 'bob' });
    expect(both.last).toEqual({ type: 'left', seq: 3, at: 1_000, who: 'bob' });
    expect(both.floor).toEqual(['cid']);
    const quiet = talkOf({ policy: 'open' });
    quiet.say('Well.', { target: undefined });
    quiet.do({ type: 'leave', who: 'bob' });
    expect(quiet.last).not.toHaveProperty('floor');
  });

  it('a conversation of two ends when one of them leaves, and gives the floor to no member', () => {
    const talk = talkOf({ members: ['ann', 'bob'] });
    talk.do({ type: 'leave', who: 'ann' });
    expect(talk.entries.slice(1)).toEqual([
      { type: 'left', ...here, who: 'ann', floor: [] },
      { type: 'ended', seq: 3, at: 1_000, reason: 'agent-left', detail: 'ann', by: 'ann' },
    ]);
  });
});

describe('an ended conversation', () => {
  const ended = () => {
    const talk = talkOf({ limits: limits({ maxTurns: 2 }) });
    talk.say('one');
    talk.do({ type: 'pass', from: 'bob', ...granted(talk.state!.floor[0]!), reason: 'declined' });
    return talk;
  };

  it.each([
    { type: 'tick' },
    { type: 'lapse', turn: 1, cause: 'gone' },
    { type: 'absent', turn: 1 },
    { type: 'missing', who: ['bob'] },
  ] as const)('what the router notices after the end changes nothing: %j', (command) => {
    expect(ended().do(command)).toEqual(nothing);
  });

  it.each([
    { type: 'say', from: 'ann', turn: 1, attempt: 1, text: 'one' },
    { type: 'pass', from: 'bob', turn: 2, attempt: 1, reason: 'declined' },
  ] as const)('the repetition of an answer is told its entry after the end, too: %j', (command) => {
    expect(ended().do(command)).toEqual({ kind: 'repeat', seq: command.turn + 1, turn: command.turn });
  });

  it.each([
    { type: 'say', from: 'ann', turn: 2, attempt: 1, text: 'more' },
    { type: 'say', from: 'ann', text: 'more' },
    { type: 'pass', from: 'cid', turn: 3, attempt: 1, reason: 'declined' },
    { type: 'bid', from: 'ann', turn: 1, attempt: 1, score: 3 },
    { type: 'pause', by: 'ops' },
    { type: 'end', by: 'ops' },
  ] as const)('anything else is refused after the end, with its reason: %j', (command) => {
    expect(ended().do(command as Command)).toEqual(refusal('conversation-ended', 'it ended: max-turns'));
  });
});
