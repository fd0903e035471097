import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { granted, limits, Talk } from './talk.ts';

type Limits = Parameters<typeof limits>[0];

const talkOf = (some: Limits) => new Talk({ policy: 'round-robin', limits: limits(some) });
const answer = (talk: Talk, tokens: number, cost = 0) => {
  const [turn] = talk.state?.floor ?? [];
  if (!turn) throw new Error('no member has the floor');
  const usage = { inputTokens: tokens, outputTokens: 0 };
  return talk.do({
    ...{ type: 'say', from: turn.member, text: `message ${talk.now}`, usage, cost },
    ...granted(turn),
  });
};
const isPaused = (talk: Talk) => talk.state?.status.state === 'paused';

describe('a limit of tokens or money a minute', () => {
  it('a limit a minute pauses the conversation after the answer that exceeds it, with the reason', () => {
    const talk = talkOf({ maxTokensPerMinute: 1_000 });
    answer(talk, 1_000);
    expect(isPaused(talk)).toBe(false);
    talk.now += 30_000;
    answer(talk, 1);
    expect(talk.entries.slice(-2)).toMatchObject([
      { type: 'said' },
      {
        type: 'paused',
        by: 'router',
        reason: 'velocity',
        detail: '1001 tokens in the last minute, the limit is 1000',
      },
    ]);
  });

  it('a limit a minute counts dollars in the same way', () => {
    const talk = talkOf({ maxCostPerMinute: 0.5 });
    answer(talk, 10, 0.5);
    expect(isPaused(talk)).toBe(false);
    answer(talk, 10, 0.25);
    expect(talk.entries.at(-1)).toMatchObject({ type: 'paused', reason: 'velocity' });
  });

  it('a limit a minute counts the cost of failed attempts', () => {
    const talk = talkOf({ maxTokensPerMinute: 100 });
    const [turn] = talk.state!.floor;
    const usage = { inputTokens: 101, outputTokens: 0 };
    talk.do({ ...{ type: 'pass', from: 'ann', reason: 'model-unavailable', usage }, ...granted(turn!) });
    expect(talk.entries.map(({ type }) => type)).toEqual(['opened', 'lapsed', 'paused']);
  });

  it('a limit a minute counts only what is spent after an operator has resumed the conversation', () => {
    const talk = talkOf({ maxTokensPerMinute: 100 });
    answer(talk, 150);
    talk.do({ type: 'resume', by: 'op' });
    answer(talk, 60);
    expect(isPaused(talk)).toBe(false);
    answer(talk, 60);
    expect(isPaused(talk)).toBe(true);
  });

  it('a limit a minute pauses no conversation that has ended with the same answer', () => {
    const talk = talkOf({ maxTokensPerMinute: 100, maxTokens: 100 });
    answer(talk, 150);
    expect(talk.entries.map(({ type }) => type)).toEqual(['opened', 'said', 'ended']);
  });

  it('a limit a minute of 0 is no limit', () => {
    const talk = talkOf({ maxTokensPerMinute: 0, maxCostPerMinute: 0 });
    answer(talk, 1_000_000, 1_000);
    expect(isPaused(talk)).toBe(false);
    expect(talk.state).not.toHaveProperty('velocity');
  });

  it('a limit a minute pauses exactly when the answers of the last minute exceed it, and keeps at most one amount a second', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 400 })), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(steps, (answers) => {
        const talk = talkOf({ maxTokensPerMinute: 1_000 });
        talk.now = 1_000_000;
        let counted: { at: number; tokens: number }[] = [];
        for (const [seconds, tokens] of answers) {
          talk.now += seconds * 1_000;
          counted.push({ at: talk.now, tokens });
          const sum = counted
            .filter(({ at }) => at > talk.now - 60_000)
            .reduce((all, one) => all + one.tokens, 0);
          answer(talk, tokens);
          expect(isPaused(talk)).toBe(sum > 1_000);
          expect(talk.state?.velocity?.length ?? 0).toBeLessThanOrEqual(61);
          if (!isPaused(talk)) continue;
          talk.do({ type: 'resume', by: 'op' });
          counted = [];
        }
      }),
      { seed: 53, numRuns: 200 },
    );
  });
});
