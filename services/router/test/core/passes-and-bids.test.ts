import { describe, expect, it } from 'vitest';
import type { Decision } from '../../src/core/command.ts';
import { granted, limits, Talk } from './talk.ts';

const members = ['ann', 'bob', 'cid'];
const usage = { inputTokens: 3, outputTokens: 4 };
const talkOf = (some: Parameters<typeof limits>[0] = {}) =>
  new Talk({ policy: 'round-robin', members, limits: limits(some) });
/** Ann has said a line, and the others are to bid. */
const round = (some: Parameters<typeof limits>[0] = {}) => {
  const talk = new Talk({ policy: 'volunteer', members, limits: limits(some) });
  talk.say();
  return talk;
};
const first = (talk: Talk) => talk.state!.floor[0]!;
const newest = (talk: Talk, count: number) => talk.entries.slice(-count);

describe('a pass', () => {
  it('a pass is written with its reason, its detail and its cost, and gives the floor on', () => {
    const talk = talkOf();
    const turn = granted(first(talk));
    const why = { reason: 'declined', detail: 'not now', usage, cost: 0.25 } as const;
    talk.do({ type: 'pass', from: 'ann', ...turn, ...why });
    expect(talk.last).toEqual({
      ...{ type: 'passed', seq: 2, at: talk.now, turn: 1, from: 'ann', floor: ['bob'] },
      ...why,
    });
  });

  it('a pass without a detail has no such field', () => {
    const talk = talkOf();
    talk.do({ type: 'pass', from: 'ann', ...granted(first(talk)), reason: 'declined' });
    expect(talk.last).not.toHaveProperty('detail');
  });

  it('a pass that ends the conversation gives the floor to no member', () => {
    const talk = talkOf({ maxTurns: 1 });
    talk.do({ type: 'pass', from: 'ann', ...granted(first(talk)), reason: 'declined' });
    expect(newest(talk, 2)).toMatchObject([
      { type: 'passed', floor: [] },
      { type: 'ended', reason: 'max-turns' },
    ]);
  });

  it.each([
    ['another turn', { turn: 2 }, 'stale-turn'],
    ['the turn of another member', { from: 'bob' }, 'not-your-turn'],
    ['a turn without a grant', { attempt: undefined }, 'not-your-turn'],
  ] as const)('a pass of %s is refused', (_, more, code) => {
    const talk = talkOf();
    const refused: Decision = talk.do({
      type: 'pass',
      from: 'ann',
      turn: 1,
      attempt: 1,
      reason: 'declined',
      ...more,
    });
    expect(refused).toMatchObject({ kind: 'refuse', code });
    expect(talk.entries).toHaveLength(1);
  });

  it('a failure that is told twice is answered with the lapse that it made, and an older one is refused', () => {
    const talk = talkOf({ maxAttempts: 9 });
    const fail = (attempt: number) =>
      talk.do({ type: 'pass', from: 'ann', turn: 1, attempt, reason: 'model-unavailable' });
    fail(1);
    expect(fail(1)).toEqual({ kind: 'repeat', seq: 2, turn: 1 });
    fail(2);
    expect(fail(1)).toMatchObject({ kind: 'refuse', code: 'stale-turn' });
    expect(talk.entries.map(({ type }) => type)).toEqual(['opened', 'lapsed', 'lapsed']);
  });
});

describe('a lapse', () => {
  const lapse = { type: 'lapse', turn: 1, cause: 'model-unavailable' } as const;

  it('a lapse is written with its detail, the wait that was asked for and its cost', () => {
    const talk = talkOf();
    talk.do({
      type: 'pass',
      from: 'ann',
      turn: 1,
      attempt: 1,
      reason: 'rate-limited',
      detail: 'HTTP 429',
      retryAfterMs: 70,
      usage,
      cost: 2,
    });
    expect(talk.last).toEqual({
      ...{ type: 'lapsed', seq: 2, at: talk.now, turn: 1, from: 'ann', cause: 'rate-limited' },
      ...{ detail: 'HTTP 429', retryAfterMs: 70, usage, cost: 2 },
    });
  });

  it('a lapse without these fields has none of them', () => {
    const talk = talkOf();
    talk.do(lapse);
    expect(talk.last).toEqual({
      ...{ type: 'lapsed', seq: 2, at: talk.now, turn: 1, from: 'ann', cause: 'model-unavailable' },
    });
  });

  it.each([
    [undefined, 'ann: model-unavailable'],
    ['HTTP 500', 'ann: model-unavailable, HTTP 500'],
  ])('the last lapse ends the conversation with its cause (detail: %s)', (detail, why) => {
    const talk = talkOf({ maxAttempts: 1 });
    talk.do({ ...lapse, detail });
    expect(newest(talk, 2)).toMatchObject([
      { type: 'lapsed', seq: 2 },
      { type: 'ended', seq: 3, reason: 'failed', detail: why, by: 'ann' },
    ]);
  });

  it.each([
    ['deadline', 'timed-out'],
    ['gone', 'interrupted'],
    ['model-unavailable', 'model-unavailable'],
  ] as const)('with `skip` the last lapse (%s) passes the turn on with the reason %s', (cause, reason) => {
    const talk = talkOf({ maxAttempts: 1, onFailure: 'skip' });
    talk.do({ ...lapse, cause, detail: 'why' });
    expect(newest(talk, 2)).toMatchObject([
      { type: 'lapsed', seq: 2, cause },
      { type: 'passed', seq: 3, turn: 1, from: 'ann', reason, detail: 'why', floor: ['bob'] },
    ]);
  });

  it('with `skip` the cost of a failed answer stands in the lapse and not once more in the pass', () => {
    const talk = talkOf({ maxAttempts: 1, onFailure: 'skip' });
    talk.do({ type: 'pass', from: 'ann', turn: 1, attempt: 1, reason: 'empty-reply', usage, cost: 1 });
    const [lapsed, passed] = newest(talk, 2);
    expect(lapsed).toMatchObject({ type: 'lapsed', usage, cost: 1 });
    expect(passed).not.toHaveProperty('usage');
    expect(passed).not.toHaveProperty('cost');
  });

  it('with `retry` no number of lapses ends the turn', () => {
    const talk = talkOf({ maxAttempts: 1, onFailure: 'retry' });
    for (let i = 0; i < 9; i++) talk.do(lapse);
    expect(talk.ending).toBeUndefined();
    expect(first(talk)).toMatchObject({ number: 1, attempts: 9 });
  });

  it('a lapse at the end of the time, or of a budget, ends the conversation for that reason', () => {
    const late = talkOf({ maxDurationMs: 1_000 });
    late.now += 1_000;
    late.do({ ...lapse, cause: 'deadline' });
    expect(late.last).toMatchObject({ type: 'ended', seq: 3, reason: 'max-duration' });
    const dear = talkOf({ maxTokens: 7 });
    dear.do({ type: 'pass', from: 'ann', turn: 1, attempt: 1, reason: 'empty-reply', usage });
    expect(dear.last).toMatchObject({ type: 'ended', seq: 3, reason: 'token-budget' });
  });
});

describe('a bid', () => {
  it('a bid takes its turn, and while others are to bid no floor is written', () => {
    const talk = round();
    talk.do({ type: 'bid', from: 'bob', ...granted(first(talk)), score: 40, usage, cost: 1 });
    expect(talk.last).toEqual({
      ...{ type: 'bid', seq: 3, at: talk.now, turn: 2, from: 'bob', score: 40, usage, cost: 1 },
    });
    expect(talk.state?.bids).toEqual([{ member: 'bob', score: 40 }]);
    expect(talk.floor).toEqual(['cid']);
  });

  it('the last bid gives the floor to the member with the highest', () => {
    const talk = round();
    talk.do({ type: 'bid', from: 'bob', ...granted(first(talk)), score: 40 });
    talk.do({ type: 'bid', from: 'cid', ...granted(first(talk)), score: 30 });
    expect(talk.last).toMatchObject({ type: 'bid', from: 'cid', floor: ['bob'] });
    expect(first(talk)).toMatchObject({ wanted: 'speak', member: 'bob' });
  });

  it('a pass that is no failure is a bid of 0 with its cost, and a round of zeros ends agreed', () => {
    const talk = round();
    talk.do({ type: 'pass', from: 'bob', ...granted(first(talk)), reason: 'nothing-to-say', usage });
    expect(talk.last).toMatchObject({ type: 'bid', from: 'bob', score: 0, usage });
    talk.do({ type: 'bid', from: 'cid', ...granted(first(talk)), score: 0 });
    expect(newest(talk, 2)).toMatchObject([
      { type: 'bid', from: 'cid', floor: [] },
      { type: 'ended', reason: 'agreed', detail: 'no member wants to speak' },
    ]);
  });

  it('with `skip` the last lapse of a bid is a bid of 0 that says so, behind the lapse', () => {
    const talk = round({ maxAttempts: 1, onFailure: 'skip' });
    talk.do({ type: 'lapse', turn: first(talk).number, cause: 'deadline' });
    expect(newest(talk, 2)).toMatchObject([
      { type: 'lapsed', seq: 3, from: 'bob' },
      { type: 'bid', seq: 4, from: 'bob', score: 0, failed: 'failed' },
    ]);
  });

  it.each([
    [
      'for a turn to speak',
      { turn: 1, from: 'ann' },
      new Talk({ policy: 'volunteer', members }),
      'not-your-turn',
    ],
    ['for the turn of another member', { turn: 3, from: 'bob' }, round(), 'not-your-turn'],
    ['for a turn that is not open', { turn: 9, from: 'bob' }, round(), 'stale-turn'],
    ['without a grant', { turn: 2, from: 'bob', attempt: undefined }, round(), 'not-your-turn'],
  ] as const)('a bid %s is refused', (_, more, talk, code) => {
    const before = talk.entries.length;
    expect(talk.do({ type: 'bid', attempt: 1, score: 5, ...more })).toMatchObject({ kind: 'refuse', code });
    expect(talk.entries).toHaveLength(before);
  });

  it('a late bid counts while its turn is open and the conversation runs, and not under a pause', () => {
    const late = (paused: boolean) => {
      const talk = round();
      talk.do({ type: 'lapse', turn: 2, cause: 'deadline' });
      if (paused) talk.do({ type: 'pause', by: 'ops' });
      return talk.do({ type: 'bid', from: 'bob', turn: 2, attempt: 1, score: 5 });
    };
    expect(late(false).kind).toBe('append');
    expect(late(true)).toMatchObject({ kind: 'refuse', code: 'stale-turn' });
  });
});

describe('an absent member', () => {
  it.each([
    ['retry', []],
    [
      'skip',
      [{ type: 'passed', turn: 1, from: 'ann', reason: 'interrupted', detail: 'absent', floor: ['bob'] }],
    ],
    ['end', [{ type: 'ended', reason: 'absent', detail: 'ann', by: 'ann' }]],
  ] as const)('with `%s` the turn of an absent member leads to what the limits say', (onFailure, entries) => {
    const talk = talkOf({ onFailure });
    talk.do({ type: 'absent', turn: 1 });
    expect(talk.entries.slice(1)).toMatchObject(entries);
    expect(talk.entries).toHaveLength(1 + entries.length);
  });

  it('the bid of an absent member is 0 and says so', () => {
    const talk = round();
    talk.do({ type: 'absent', turn: first(talk).number });
    expect(talk.last).toMatchObject({ type: 'bid', from: 'bob', score: 0, failed: 'absent' });
  });
});
