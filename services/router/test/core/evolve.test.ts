import type { Entry } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import type { Conversation } from '../../src/core/conversation.ts';
import { evolve } from '../../src/core/evolve.ts';
import { limits } from './talk.ts';

const opened = {
  ...{ type: 'opened', by: 'ann', members: ['ann', 'bob', 'cid'], policy: 'open', limits: limits() },
  floor: ['ann'],
} as const;

/** The state after these entries, which follow each other by a second. */
const stateAfter = (...entries: readonly object[]): Conversation =>
  entries.reduce<Conversation | undefined>(
    (state, entry, index) => evolve(state, { seq: index + 1, at: index * 1_000, ...entry } as Entry, 'c1'),
    undefined,
  ) as Conversation;
const after = (...entries: readonly object[]) => stateAfter(opened, ...entries);

const said = (from: string, more: object = {}) => ({ type: 'said', from, text: 'x', floor: [], ...more });
const passed = (from: string, turn: number, more: object = {}) => ({
  ...{ type: 'passed', from, turn, reason: 'declined', floor: [] },
  ...more,
});

describe('the state after the first entry', () => {
  it('an opening gives what it says, and nothing for what it does not say', () => {
    const more = { topic: 'tea', moderator: 'cid', labels: ['a'], seed: 7, admission: 'open' };
    expect(stateAfter({ ...opened, ...more })).toMatchObject(more);
    const state = after();
    expect(state).toMatchObject({
      seed: 0,
      admission: 'invited',
      begun: false,
      status: { state: 'running' },
    });
    for (const name of ['topic', 'moderator', 'labels']) expect(state).not.toHaveProperty(name);
  });

  it('an entry that does not follow the state is refused with both numbers', () => {
    const entry = { ...said('ann'), seq: 5, at: 1 } as Entry;
    expect(() => evolve(after(), entry, 'c1')).toThrow('c1: entry 5 does not follow 1');
    expect(() => evolve(undefined, entry, 'c1')).toThrow('c1: entry 5 does not follow undefined');
  });

  it('a fork has the state of its parent, and its time, its floor, its seats and its bids begin again', () => {
    const parent = after(
      { type: 'seated', who: 'bob', by: 'ops' },
      { type: 'bid', from: 'bob', turn: 9, score: 5 },
      said('ann', { turn: 1, floor: ['bob'] }),
      { type: 'ended', reason: 'operator', by: 'ops' },
    );
    const forked = {
      ...{ type: 'forked', seq: 6, at: 9_000, by: 'ops', parent: { conversation: 'c1', seq: 5 } },
      ...{ limits: limits({ maxTurns: 3 }), floor: ['cid'], cast: [{ name: 'cid', persona: 'shy' }] },
    };
    const state = evolve(parent, forked as Entry, 'c2');
    expect(state).toMatchObject({
      ...{
        id: 'c2',
        seq: 6,
        by: 'ops',
        named: opened.members,
        status: { state: 'running' },
        startedAt: 9_000,
      },
      ...{ pausedMs: 0, bids: [], turnsTaken: 1, lastSpeaker: 'ann', parent: { conversation: 'c1', seq: 5 } },
    });
    expect(state.limits.maxTurns).toBe(3);
    expect([...state.seats]).toEqual([]);
    expect(state.cast.get('cid')).toEqual({ name: 'cid', persona: 'shy' });
    expect(state.floor.map(({ member }) => member)).toEqual(['cid']);
    expect(state.floor[0]?.number).toBe(parent.nextTurn);
  });
});

describe('the state after a message', () => {
  it('whom a member addressed is kept once each, the newest last, and at most 16 of them', () => {
    const to = (...targets: string[]) =>
      after(...targets.map((target) => said('ann', { target }))).addressed.find(({ from }) => from === 'ann')
        ?.targets;
    expect(to('bob')).toEqual(['bob']);
    expect(to('bob', 'cid', 'bob')).toEqual(['cid', 'bob']);
    expect(to('bob', 'cid', 'cid')).toEqual(['bob', 'cid']);
    const many = Array.from({ length: 18 }, (_, index) => `m${index}`);
    expect(to(...many)).toEqual(many.slice(2));
    const two = after(
      said('ann', { target: 'bob' }),
      said('cid', { target: 'bob' }),
      said('ann', { target: 'cid' }),
    );
    expect(two.addressed).toEqual([
      { from: 'ann', targets: ['bob', 'cid'] },
      { from: 'cid', targets: ['bob'] },
    ]);
  });

  it('votes and passes are kept by a vote and ended by any other message', () => {
    const state = after(
      passed('bob', 8),
      passed('ann', 1),
      said('bob', { done: true }),
      said('bob', { done: true }),
    );
    expect(state.votes).toEqual(['bob']);
    expect(state.passes.map(({ member }) => member)).toEqual(['ann']);
    expect(after(passed('bob', 8), said('ann', { done: true }), said('cid'))).toMatchObject({
      ...{ votes: [], passes: [] },
    });
  });

  it('the last turn that each member took is kept', () => {
    const state = after(
      said('ann', { turn: 1 }),
      said('bob', { turn: 2 }),
      said('ann', { turn: 3 }),
      said('bob'),
    );
    expect(state.taken).toEqual([
      { member: 'bob', turn: 2, seq: 3 },
      { member: 'ann', turn: 3, seq: 4 },
    ]);
  });

  it('the fingerprints of the newest 8 messages are kept where repetition is limited', () => {
    const watched = { ...opened, limits: limits({ maxRepetition: 0.8 }) };
    const nine = Array.from({ length: 9 }, (_, index) => said(`m${index}`));
    expect(stateAfter(watched, ...nine).recent.map(({ from }) => from)).toEqual(
      Array.from({ length: 8 }, (_, index) => `m${index + 1}`),
    );
    expect(after(...nine).recent).toEqual([]);
  });

  it('what an answer took is added up, for all and for each member, and stays a number that a frame may hold', () => {
    const took = (inputTokens: number, cost: number) => ({ usage: { inputTokens, outputTokens: 1 }, cost });
    const state = after(
      said('ann', took(1, 2)),
      said('ann', took(3, 4)),
      said('bob', { cost: 5 }),
      said('cid'),
    );
    expect(state.spent).toEqual({ inputTokens: 4, outputTokens: 2, cost: 11 });
    expect(Object.fromEntries(state.spentBy)).toEqual({
      ann: { inputTokens: 4, outputTokens: 2, cost: 6 },
      bob: { inputTokens: 0, outputTokens: 0, cost: 5 },
    });
    const most = Number.MAX_SAFE_INTEGER;
    expect(after(said('ann', took(most, 1)), said('ann', took(most, 1))).spent.inputTokens).toBe(most);
  });

  it('a step counts messages and passes, and ends with the last of them', () => {
    const stepped = (...entries: object[]) =>
      after({ type: 'paused', by: 'ops' }, { type: 'resumed', by: 'ops', lines: 3 }, ...entries).stepping;
    expect(stepped()).toEqual({ turns: 3, by: 'ops' });
    expect(stepped(said('ann'))).toEqual({ turns: 2, by: 'ops' });
    expect(stepped(said('ann'), passed('bob', 8))).toEqual({ turns: 1, by: 'ops' });
    expect(stepped(said('ann'), passed('bob', 8), said('cid'))).toBeUndefined();
  });
});

describe('the state after a pass, a bid or a lapse', () => {
  it('a pass takes the turn, begins the conversation, and replaces an earlier pass of its member', () => {
    const state = after(
      passed('bob', 8),
      passed('ann', 1, { reason: 'model-unavailable' }),
      passed('bob', 9),
    );
    expect(state).toMatchObject({ begun: true, turnsTaken: 3, floor: [], answered: ['bob'] });
    expect(state.passes).toEqual([
      { member: 'ann', failed: true },
      { member: 'bob', failed: false },
    ]);
  });

  it('a bid takes its turn and is kept until the round is settled', () => {
    const round = after(said('ann', { turn: 1, floor: ['bob', 'cid'], bidding: true }), {
      type: 'bid',
      from: 'bob',
      turn: 2,
      score: 7,
    });
    expect(round).toMatchObject({
      begun: true,
      answered: ['ann', 'bob'],
      bids: [{ member: 'bob', score: 7 }],
    });
    expect(round.floor.map(({ member }) => member)).toEqual(['cid']);
    const last = { type: 'bid', from: 'cid', turn: 3, score: 0, failed: 'absent', floor: ['bob'] };
    const settled = evolve(round, { ...last, seq: 4, at: 9 } as Entry, 'c1');
    expect(settled).toMatchObject({ bids: [], answered: ['ann', 'bob'] });
    expect(settled.floor.map(({ member, wanted }) => [member, wanted])).toEqual([['bob', 'speak']]);
    const again = evolve(round, { ...last, bidding: true, seq: 4, at: 9 } as Entry, 'c1');
    expect(again.bids).toEqual([
      { member: 'bob', score: 7 },
      { member: 'cid', score: 0, failed: 'absent' },
    ]);
  });

  it('a lapse counts an attempt of the turn that it names, and of no other', () => {
    const state = after(said('ann', { turn: 1, floor: ['bob', 'cid'] }), {
      ...{ type: 'lapsed', from: 'cid', turn: 3, cause: 'gone' },
    });
    expect(state.floor.map(({ member, attempts }) => [member, attempts])).toEqual([
      ['bob', 0],
      ['cid', 1],
    ]);
  });
});

describe('the state after an act of an operator, a join or a leave', () => {
  it('a member that leaves takes its votes, its passes and its seat with it, and no other', () => {
    const state = after(
      ...[passed('bob', 8), passed('cid', 9), said('bob', { done: true }), said('cid', { done: true })],
      ...[passed('bob', 10), passed('cid', 11)],
      ...[
        { type: 'seated', who: 'bob', by: 'ops' },
        { type: 'seated', who: 'cid', by: 'ops' },
        { type: 'left', who: 'bob' },
      ],
    );
    expect(state).toMatchObject({ members: ['ann', 'cid'], votes: ['cid'], passes: [{ member: 'cid' }] });
    expect([...state.seats]).toEqual([['cid', 'ops']]);
    expect(state.attended.get('bob')).toEqual([{ from: 1, through: 10 }]);
  });

  it('a member that joins without history sees entries from its join on, and one with history sees all', () => {
    expect(after({ type: 'joined', who: 'dan', history: false }).attended.get('dan')).toEqual([{ from: 2 }]);
    expect(after({ type: 'joined', who: 'dan' }).attended.get('dan')).toBeUndefined();
  });

  it('a seat is taken and given back alone', () => {
    const state = after(
      { type: 'seated', who: 'bob', by: 'ops' },
      { type: 'seated', who: 'cid', by: 'eve' },
      { type: 'unseated', who: 'bob', by: 'ops' },
    );
    expect([...state.seats]).toEqual([['cid', 'eve']]);
  });

  it('a new role changes what it names, and keeps the rest of the role', () => {
    const state = stateAfter(
      { ...opened, cast: [{ name: 'bob', persona: 'shy', model: 'm1' }] },
      { type: 'recast', by: 'ops', role: { name: 'bob', persona: 'bold' } },
      { type: 'noted', by: 'ops', to: ['bob'], kind: 'whisper', text: 'x' },
      { type: 'summarised', who: 'bob', through: 1, text: 'x' },
    );
    expect(state.cast.get('bob')).toEqual({ name: 'bob', persona: 'bold', model: 'm1' });
    expect(state.seq).toBe(4);
  });

  it('a pause keeps its reason and detail, and its time does not count', () => {
    expect(after({ type: 'paused', by: 'ops' }).status).toEqual({ state: 'paused', since: 1_000 });
    const why = { reason: 'budget', detail: '$1' };
    const paused = after({ type: 'paused', ...why });
    expect(paused.status).toEqual({ state: 'paused', since: 1_000, ...why });
    const resumed = evolve(paused, { type: 'resumed', by: 'ops', seq: 3, at: 5_000 } as Entry, 'c1');
    expect(resumed).toMatchObject({ status: { state: 'running' }, pausedMs: 4_000, lastAt: 5_000 });
    // A second resumption adds no time.
    const again = evolve(resumed, { type: 'resumed', by: 'ops', seq: 4, at: 9_000 } as Entry, 'c1');
    expect(again.pausedMs).toBe(4_000);
  });

  it('an ending keeps why, and leaves no floor', () => {
    const why = { reason: 'operator', detail: 'seen', unanswered: ['ann'] };
    expect(after({ type: 'ended', by: 'ops', ...why })).toMatchObject({ floor: [] });
    expect(after({ type: 'ended', ...why }).status).toEqual({ state: 'ended', at: 1_000, ...why });
    expect(after({ type: 'ended', reason: 'silence' }).status).toEqual({
      ...{ state: 'ended', at: 1_000, reason: 'silence' },
    });
  });
});
