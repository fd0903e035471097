import type { PolicyName } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/core/command.ts';
import { granted, limits, Talk } from './talk.ts';

const members = ['ann', 'bob', 'cid', 'dan'];
const talkOf = (policy: PolicyName, some: Parameters<typeof limits>[0] = {}) =>
  new Talk({ members, policy, limits: limits(some) });

/** All who are to bid do so, in the order of the floor. */
const bidAll = (talk: Talk, how: (name: string) => Partial<Command>) => {
  for (let turn = talk.state?.floor[0]; turn?.wanted === 'bid'; turn = talk.state?.floor[0])
    talk.do({ from: turn.member, ...granted(turn), ...how(turn.member) } as Command);
};
const fails = { type: 'pass', reason: 'model-unavailable' } as const;
const wants = (score: number) => ({ type: 'bid', score }) as const;

describe('under volunteer a bid that fails', () => {
  it.each(['deadline', 'gone', 'model-unavailable'] as const)(
    'under volunteer a failed bid is granted again (%s), and the conversation ends when its attempts are used up',
    (cause) => {
      const talk = talkOf('volunteer', { maxAttempts: 3 });
      talk.say();
      const turn = talk.state?.floor[0]?.number ?? 0;
      for (let attempt = 1; attempt <= 2; attempt++) {
        talk.do({ type: 'lapse', turn, cause });
        expect(talk.state?.floor[0]).toMatchObject({ number: turn, attempts: attempt });
      }
      talk.do({ type: 'lapse', turn, cause });
      expect(talk.last).toMatchObject({
        type: 'ended',
        reason: 'failed',
        detail: expect.stringContaining(cause),
      });
    },
  );

  it('under volunteer a failed bid is no agreement: a round without any other bid ends failed', () => {
    const talk = talkOf('volunteer', { maxAttempts: 1, onFailure: 'skip' });
    talk.say();
    bidAll(talk, (name) => (name === 'cid' ? fails : wants(0)));
    expect(talk.last).toMatchObject({ type: 'ended', reason: 'failed', detail: 'no bid came from cid' });
  });

  it('under volunteer a round with other bids goes on without a failed member, and the entry records that', () => {
    const talk = talkOf('volunteer', { maxAttempts: 1, onFailure: 'skip' });
    talk.say();
    bidAll(talk, (name) => (name === 'dan' ? wants(7) : fails));
    expect(talk.floor).toEqual(['dan']);
    const bids = talk.entries.filter((entry) => entry.type === 'bid');
    expect(bids.map(({ from, failed }) => [from, failed])).toEqual([
      ['bob', 'failed'],
      ['cid', 'failed'],
      ['dan', undefined],
    ]);
    talk.say('and again');
    bidAll(talk, () => wants(0));
    expect(talk.last).toMatchObject({ type: 'ended', reason: 'agreed' });
  });

  it('under volunteer the missing bid of a disconnected member is no agreement', () => {
    const talk = talkOf('volunteer');
    talk.say();
    for (let turn = talk.state?.floor[0]; turn; turn = talk.state?.floor[0])
      talk.do({ type: 'absent', turn: turn.number });
    expect(talk.last).toMatchObject({ type: 'ended', reason: 'absent', detail: 'bob, cid, dan' });
  });

  it('under volunteer a bid whose model is being loaded is no failed attempt, however long that takes', () => {
    const talk = talkOf('volunteer', { maxAttempts: 1 });
    talk.say();
    const [turn] = talk.state?.floor ?? [];
    const loading = () => {
      const now = talk.state?.floor[0];
      return now && talk.do({ ...fails, reason: 'model-loading', from: now.member, ...granted(now) });
    };
    for (let i = 0; i < 120; i++) loading();
    expect(talk.state?.floor[0]).toMatchObject({ number: turn?.number, attempts: 120 });
    loading();
    expect(talk.ending).toBe('failed');
  });
});

describe.each(['mention', 'addressed', 'round-robin', 'random'] as const)('under %s votes', (policy) => {
  it('votes reach every member, and the conversation ends agreed when all have voted', () => {
    const talk = talkOf(policy, { maxRepetition: 0.9, farewells: true });
    talk.say('It rang. @bob');
    const asked: string[] = [];
    for (let i = 0; i < 10 && talk.ending === undefined; i++) {
      asked.push(talk.floor[0] as string);
      talk.say('I have nothing to add. Goodbye.', { done: true });
    }
    expect(talk.ending).toBe('agreed');
    expect([...asked].sort()).toEqual([...members].sort());
  });
});

describe.each(['mention', 'addressed'] as const)('under %s passes', (policy) => {
  const passAll = (talk: Talk, reason: 'nothing-to-say' | 'timed-out', failing?: string) => {
    const asked: string[] = [];
    for (let i = 0; i < 12 && talk.ending === undefined; i++) {
      const [turn] = talk.state?.floor ?? [];
      if (!turn) break;
      asked.push(turn.member);
      const why = turn.member === failing ? reason : 'nothing-to-say';
      talk.do({ type: 'pass', from: turn.member, ...granted(turn), reason: why });
    }
    return asked;
  };

  it('passes reach every member before the conversation ends agreed', () => {
    const talk = talkOf(policy);
    talk.say('It rang. @bob');
    const asked = passAll(talk, 'nothing-to-say');
    expect([talk.ending, [...asked].sort()]).toEqual(['agreed', [...members].sort()]);
  });

  it('passes are no agreement when one of them is a failure', () => {
    const talk = talkOf(policy, { maxAttempts: 1, onFailure: 'skip' });
    talk.say('It rang. @bob');
    passAll(talk, 'timed-out', 'cid');
    expect(talk.last).toMatchObject({
      type: 'ended',
      reason: 'failed',
      detail: expect.stringContaining('cid'),
    });
  });
});

describe('consent', () => {
  it('votes and passes together are an agreement, but a failure is none', () => {
    for (const reason of ['nothing-to-say', 'timed-out'] as const) {
      const talk = talkOf('mention', { maxAttempts: 1, onFailure: 'skip' });
      talk.say('It rang. @bob');
      const act = (passes: boolean) => {
        const [turn] = talk.state?.floor ?? [];
        if (!turn) return;
        if (passes) talk.do({ type: 'pass', from: turn.member, ...granted(turn), reason });
        else talk.say('[DONE]', { done: true });
      };
      for (const passes of [false, true, false, false]) act(passes);
      expect(talk.ending).toBe(reason === 'nothing-to-say' ? 'agreed' : undefined);
    }
  });

  it('a message that only repeats an earlier one does not take back the votes of the others', () => {
    const talk = talkOf('mention', { maxRepetition: 0.8 });
    talk.say('It rang, and rang again. @bob');
    talk.say('It was the other key. @ann');
    for (let i = 0; i < 8 && talk.ending === undefined; i++) {
      if (talk.floor[0] === 'bob') talk.say('It was the other key. @ann');
      else talk.say('nothing more', { done: true });
    }
    expect(talk.last).toMatchObject({
      type: 'ended',
      reason: 'agreed',
      detail: expect.stringContaining('bob'),
    });
  });

  it('after a vote the members that were silent longest are asked first', () => {
    const talk = talkOf('mention');
    talk.say('It rang. @bob');
    talk.say('Again. @ann');
    talk.say('done', { done: true });
    expect(talk.floor).toEqual(['cid']);
    talk.say('done', { done: true });
    expect(talk.floor).toEqual(['dan']);
  });
});

describe('repetition', () => {
  it('repetition is not measured when its limit is 0', () => {
    const talk = talkOf('round-robin', { maxRepetition: 0 });
    for (let i = 0; i < 20; i++) talk.say('the same again and again');
    expect(talk.ending).toBeUndefined();
    expect(talk.last).not.toHaveProperty('likeness');
  });
});
