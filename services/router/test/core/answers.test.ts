import { type PolicyName, policyNames } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/core/command.ts';
import { granted, limits, Talk } from './talk.ts';

/** A conversation of this policy, in which the turn is open and, under `volunteer`, a bid is wanted. */
const talkOf = (policy: PolicyName, some: Parameters<typeof limits>[0] = {}): Talk => {
  const talk = new Talk({ members: ['ann', 'bob', 'cid'], policy, limits: limits(some) });
  if (policy === 'volunteer') talk.say('the first message');
  return talk;
};

const answersOf = (talk: Talk, attempt: number | undefined): Command[] => {
  const turn = talk.state?.floor[0];
  const place = { from: turn?.member ?? '', turn: turn?.number ?? 0, attempt };
  return [
    { type: 'say', ...place, text: 'not asked for' },
    { type: 'pass', ...place, reason: 'nothing-to-say' },
    { type: 'pass', ...place, reason: 'model-unavailable' },
    { type: 'bid', ...place, score: 100 },
  ];
};

describe.each(policyNames)('under policy %s an answer', (policy) => {
  it('under every policy an answer to a turn that was not granted to its connection is refused and does not change the turn', () => {
    const talk = talkOf(policy);
    const before = talk.entries.length;
    for (const answer of answersOf(talk, undefined))
      expect(talk.do(answer)).toMatchObject({ kind: 'refuse', code: 'not-your-turn' });
    expect(talk.entries).toHaveLength(before);
  });

  it('under every policy an answer to a grant that has lapsed is refused while the conversation is paused', () => {
    const talk = talkOf(policy, { maxAttempts: 9 });
    const turn = talk.state?.floor[0]?.number ?? 0;
    talk.do({ type: 'lapse', turn, cause: 'gone' });
    talk.do({ type: 'pause', by: 'op' });
    const before = talk.entries.length;
    for (const answer of answersOf(talk, 1)) expect(talk.do(answer).kind).not.toBe('append');
    expect(talk.entries).toHaveLength(before);
  });

  it('under every policy a failure of a grant counts once, however often it is reported', () => {
    const talk = talkOf(policy, { maxAttempts: 9 });
    const turn = talk.state?.floor[0];
    const failed = { from: turn?.member ?? '', turn: turn?.number ?? 0, attempt: 1 } as const;
    const fail = () => talk.do({ type: 'pass', ...failed, reason: 'model-unavailable' });
    expect(fail()).toMatchObject({ kind: 'append', entries: [{ type: 'lapsed' }] });
    const told = { kind: 'repeat', seq: talk.last?.seq, turn: failed.turn };
    for (let i = 0; i < 3; i++) expect(fail()).toEqual(told);
    expect(talk.state?.floor[0]?.attempts).toBe(1);
  });

  it('under every policy a failure that is reported for an earlier grant does not take the turn from its present holder', () => {
    const talk = talkOf(policy, { maxAttempts: 9 });
    const turn = talk.state?.floor[0]?.number ?? 0;
    for (let i = 0; i < 2; i++) talk.do({ type: 'lapse', turn, cause: 'gone' });
    expect(talk.state?.floor[0]?.number).toBe(turn);
    const before = talk.entries.length;
    const [, declined, failed] = answersOf(talk, 1);
    for (const answer of [declined, failed] as Command[])
      expect(talk.do(answer)).toMatchObject({ kind: 'refuse', code: 'stale-turn' });
    expect(talk.entries).toHaveLength(before);
  });

  it('under every policy an answer to a granted turn is refused while an operator has the seat', () => {
    const talk = talkOf(policy);
    const [turn] = talk.state?.floor ?? [];
    talk.do({ type: 'seat', who: turn?.member ?? '', by: 'op' });
    const before = talk.entries.length;
    for (const answer of answersOf(talk, 1))
      expect(talk.do(answer)).toMatchObject({ kind: 'refuse', code: 'not-your-turn' });
    expect(talk.entries).toHaveLength(before);
  });
});

describe('an answer', () => {
  it('a late answer counts while the turn has no other answer', () => {
    const talk = new Talk({ policy: 'round-robin', limits: limits({ maxAttempts: 9 }) });
    for (let i = 0; i < 2; i++) talk.do({ type: 'lapse', turn: 1, cause: 'deadline' });
    const late = { type: 'say', from: 'ann', turn: 1, attempt: 1, text: 'at last' } as const;
    expect(talk.do(late)).toMatchObject({ kind: 'append', entries: [{ type: 'said', turn: 1 }] });
    const second = talk.do({ ...late, attempt: 3, text: 'another' });
    expect(second).toMatchObject({ kind: 'repeat', seq: talk.last?.seq });
  });

  it('an answer to a turn that was taken is told the first answer, whether it was granted or not', () => {
    const talk = new Talk({ policy: 'round-robin' });
    const said = { type: 'say', from: 'ann', turn: 1, text: 'first' } as const;
    talk.do({ ...said, attempt: 1 });
    for (const attempt of [1, 2, undefined])
      expect(talk.do({ ...said, attempt, text: 'again' })).toEqual({ kind: 'repeat', seq: 2, turn: 1 });
  });
});

describe('a message without a turn', () => {
  it('a message without a turn number takes only a turn that was granted to its speaker', () => {
    for (const takes of [undefined, { turn: 1, attempt: undefined }, { turn: 1, attempt: 1 }]) {
      const talk = new Talk({ policy: 'open', members: ['ann', 'bob', 'cid'] });
      talk.do({ type: 'say', from: 'ann', text: 'hello', target: 'bob', takes });
      const isTaken = takes?.attempt !== undefined;
      expect(talk.entries.at(-1)).toMatchObject({ type: 'said', floor: isTaken ? ['bob'] : ['ann', 'bob'] });
      expect('turn' in (talk.last as object)).toBe(isTaken);
    }
  });

  it('a message without a turn is refused where members speak in turn, unless its speaker was granted the turn', () => {
    const talk = new Talk({ policy: 'round-robin' });
    for (const takes of [undefined, { turn: 1, attempt: undefined }]) {
      const refused = talk.do({ type: 'say', from: 'ann', text: 'hello', takes });
      expect(refused).toMatchObject({ code: 'not-your-turn' });
    }
    const [turn] = talk.state?.floor ?? [];
    const takes = turn && granted(turn);
    expect(talk.do({ type: 'say', from: 'ann', text: 'hello', takes })).toMatchObject({ kind: 'append' });
  });
});
