import { describe, expect, it } from 'vitest';
import { afterContribution, endedAfter } from '../../src/core/endings/endings.ts';
import { granted, limits, Talk } from './talk.ts';

const talkOf = (
  some: Parameters<typeof limits>[0],
  more: Partial<ConstructorParameters<typeof Talk>[0]> = {},
) => new Talk({ policy: 'round-robin', members: ['ann', 'bob', 'cid'], limits: limits(some), ...more });
const pass = (talk: Talk, reason: 'nothing-to-say' | 'timed-out' = 'nothing-to-say') => {
  const [turn] = talk.state?.floor ?? [];
  if (turn) talk.do({ type: 'pass', from: turn.member, ...granted(turn), reason });
};
const vote = (talk: Talk) => talk.say('[DONE]', { done: true });

describe('the entry of an ending', () => {
  it('an ending without a detail or a member has neither field', () => {
    expect(endedAfter(4, 9, { reason: 'agreed' })).toEqual([
      { type: 'ended', seq: 5, at: 9, reason: 'agreed' },
    ]);
    expect(endedAfter(4, 9, undefined, 'ann')).toEqual([]);
  });

  it('the detail of an ending has at most 1,000 characters', () => {
    const [ended] = endedAfter(4, 9, { reason: 'failed', detail: 'x'.repeat(1_500) }, 'ann');
    expect(ended).toMatchObject({ by: 'ann', detail: 'x'.repeat(1_000) });
  });

  it('a contribution is followed by a pause only when it is the last of a step and ends nothing', () => {
    const state = new Talk().state!;
    const stepping = (turns: number) => ({ ...state, stepping: { turns, by: 'ops' } });
    expect(afterContribution(state, 4, 9, undefined, 'ann')).toEqual([]);
    expect(afterContribution(stepping(2), 4, 9, undefined, 'ann')).toEqual([]);
    expect(afterContribution(stepping(1), 4, 9, undefined, 'ann')).toEqual([
      { type: 'paused', seq: 5, at: 9, by: 'ops' },
    ]);
    expect(afterContribution(stepping(1), 4, 9, { reason: 'agreed' }, 'ann')).toEqual([
      { type: 'ended', seq: 5, at: 9, reason: 'agreed', by: 'ann' },
    ]);
  });
});

describe('budgets', () => {
  const usage = { inputTokens: 30, outputTokens: 12 };
  it.each([
    [{ maxTokens: 42 }, 'token-budget', '42 tokens'],
    [{ maxTokensPerAgent: 42 }, 'token-budget', '42 tokens of ann'],
    [{ maxCost: 0.5 }, 'cost-budget', '$0.5'],
    [{ maxCostPerAgent: 0.5 }, 'cost-budget', '$0.5 of ann'],
  ] as const)('a budget that is used up ends the conversation and is named: %j', (some, reason, detail) => {
    const talk = talkOf(some);
    talk.say('It costs.', { usage, cost: 0.5 });
    expect(talk.last).toMatchObject({ type: 'ended', reason, detail, by: 'ann' });
  });

  it.each([
    { maxTokens: 43 },
    { maxTokensPerAgent: 43 },
    { maxCost: 0.6 },
    { maxCostPerAgent: 0.6 },
    { maxTokens: 0, maxTokensPerAgent: 0, maxCost: 0, maxCostPerAgent: 0 },
  ])('a budget that is not used up, or is 0, ends nothing: %j', (some) => {
    const talk = talkOf(some);
    talk.say('It costs.', { usage, cost: 0.5 });
    expect(talk.ending).toBeUndefined();
  });
});

describe('the time of a conversation', () => {
  it('a conversation ends when its time is over, which is named in seconds', () => {
    const talk = talkOf({ maxDurationMs: 1_500 });
    talk.now += 1_499;
    talk.do({ type: 'tick' });
    expect(talk.ending).toBeUndefined();
    talk.now += 1;
    talk.do({ type: 'tick' });
    expect(talk.last).toMatchObject({ type: 'ended', reason: 'max-duration', detail: '1.5 s' });
  });
});

describe('stop phrases', () => {
  it('a stop phrase ends the conversation and is named', () => {
    const talk = talkOf({ stopPhrases: ['THE END', 'OVER'] });
    talk.say('That was it.\nOver.');
    expect(talk.last).toMatchObject({ type: 'ended', reason: 'stop-phrase', detail: 'OVER' });
  });

  it('a stop phrase of a member whose phrases do not count ends nothing', () => {
    const talk = talkOf({ stopPhrases: ['OVER'], stopSpeakers: ['bob'] });
    talk.say('OVER');
    expect(talk.ending).toBeUndefined();
    talk.say('OVER');
    expect(talk.ending).toBe('stop-phrase');
  });

  it('a pass has no text, so no stop phrase is looked for', () => {
    const talk = talkOf({ stopPhrases: ['OVER'] });
    pass(talk);
    expect(talk.last).toMatchObject({ type: 'passed' });
  });
});

describe('agreement', () => {
  it('the votes of all members in a row end the conversation, with their number', () => {
    const talk = talkOf({});
    for (let i = 0; i < 3; i++) vote(talk);
    expect(talk.last).toMatchObject({ type: 'ended', reason: 'agreed', detail: '3 voted done in a row' });
  });

  it('a quorum of votes ends the conversation, also one that is larger than the number of members', () => {
    const two = talkOf({ quorum: 2 });
    vote(two);
    expect(two.ending).toBeUndefined();
    vote(two);
    expect(two.last).toMatchObject({ reason: 'agreed', detail: '2 voted done in a row' });
    const nine = talkOf({ quorum: 9 });
    for (let i = 0; i < 3; i++) vote(nine);
    expect(nine.last).toMatchObject({ reason: 'agreed', detail: '3 voted done in a row' });
  });

  it('votes end nothing where the quorum is 0, not even the repetition of a message', () => {
    const talk = talkOf({ quorum: 0, maxRepetition: 0.9 }, { members: ['ann', 'bob'] });
    talk.say('It rang once and then it rang again.');
    vote(talk);
    talk.say('It rang once and then it rang again.');
    expect(talk.ending).toBeUndefined();
  });

  it('passes of all members in a row end the conversation, and the detail says that there was no vote', () => {
    const talk = talkOf({});
    for (let i = 0; i < 3; i++) pass(talk);
    expect(talk.last).toMatchObject({ reason: 'agreed', detail: 'every member passed in a row' });
  });

  it.each([
    ['a pass', (talk: Talk) => [vote(talk), vote(talk), pass(talk)]],
    ['a vote', (talk: Talk) => [pass(talk), vote(talk), vote(talk)]],
  ] as const)('votes and passes together end the conversation with %s', (_, act) => {
    const talk = talkOf({});
    act(talk);
    expect(talk.last).toMatchObject({ reason: 'agreed', detail: 'every member voted done or passed' });
  });

  it('a member that first votes and then passes counts once, as a pass', () => {
    const talk = talkOf({}, { members: ['ann', 'bob'], policy: 'addressed' });
    talk.say('[DONE]', { done: true, target: 'bob' });
    const ann = () => talk.state?.floor.find(({ member }) => member === 'ann');
    talk.do({ type: 'say', from: 'bob', target: 'ann', text: 'Wait.', ...granted(talk.state!.floor[0]!) });
    talk.say('[DONE]', { done: true, target: 'bob' });
    expect(ann()).toBeUndefined();
    pass(talk);
    expect(talk.last).toMatchObject({ reason: 'agreed', detail: 'every member voted done or passed' });
  });

  it('a row of passes with failures ends failed and names all that failed', () => {
    const talk = talkOf({ maxAttempts: 1, onFailure: 'skip' });
    pass(talk, 'timed-out');
    pass(talk);
    pass(talk, 'timed-out');
    expect(talk.last).toMatchObject({
      reason: 'failed',
      detail: 'every member passed in a row, because of a failure: ann, cid',
    });
  });

  it('a vote after the failure of another is no agreement of all', () => {
    const talk = talkOf({ maxAttempts: 1, onFailure: 'skip' });
    pass(talk, 'timed-out');
    vote(talk);
    vote(talk);
    expect(talk.ending).toBeUndefined();
  });

  it('a message that goes on takes back the votes and passes before it', () => {
    const talk = talkOf({});
    vote(talk);
    pass(talk);
    talk.say('One more thing.');
    vote(talk);
    vote(talk);
    expect(talk.ending).toBeUndefined();
    vote(talk);
    expect(talk.ending).toBe('agreed');
  });

  it('nothing counts as an agreement or a stop before minTurns', () => {
    const talk = talkOf({ minTurns: 3, stopPhrases: ['OVER'] }, { members: ['ann', 'bob'] });
    talk.say('OVER', { done: true });
    talk.say('OVER', { done: true });
    expect(talk.ending).toBeUndefined();
    talk.say('OVER');
    expect(talk.ending).toBe('stop-phrase');
  });
});

describe('loops', () => {
  it('the fourth repetition in a row ends the conversation, with its likeness', () => {
    const talk = talkOf({ maxRepetition: 0.9 });
    for (let i = 0; i < 5; i++) talk.say('the same again and again and again');
    expect(talk.last).toMatchObject({
      reason: 'repetition',
      detail: '4 messages in a row are 100 % alike',
    });
  });

  describe('between a member in the middle and several others', () => {
    const question = 'Can you tell me please what time it is?';
    const answer = 'It is a quarter past nine in the morning.';
    const others = ['bob', 'cid', 'dan', 'eve', 'fay', 'gus'];
    const hub = () =>
      new Talk({ members: ['ann', ...others], limits: limits({ maxRepetition: 0.9 }), policy: 'addressed' });
    const said = (talk: Talk, from: string, target: string, text: string) =>
      talk.do({ type: 'say', from, target, text });
    const likenessOf = ({ entries }: Talk) => entries.findLast((entry) => entry.type === 'said')?.likeness;

    it('equal answers of one member to different members are no repetition, nor are their equal questions', () => {
      const talk = hub();
      for (const other of others) {
        said(talk, other, 'ann', question);
        expect(talk.last).toMatchObject({ type: 'said', likeness: 0 });
        said(talk, 'ann', other, answer);
        expect(talk.last).toMatchObject({ type: 'said', likeness: 0 });
      }
      const asked = hub();
      for (const other of others) said(asked, other, 'ann', question);
      for (const other of others) said(asked, 'ann', other, answer);
      expect(asked.entries.every(({ type }) => type === 'opened' || type === 'said')).toBe(true);
    });

    it('an answer that a member has had before, in the same words, is a repetition', () => {
      const talk = hub();
      for (let round = 0; round < 4; round++)
        for (const other of ['bob', 'cid']) {
          said(talk, other, 'ann', question);
          said(talk, 'ann', other, answer);
        }
      expect(talk.ending).toBe('repetition');
      expect(talk.entries.filter(({ type }) => type === 'said')).toHaveLength(8);
    });

    it('a member that says on what was said to it repeats it', () => {
      const talk = hub();
      said(talk, 'bob', 'ann', answer);
      said(talk, 'ann', 'cid', answer);
      expect(likenessOf(talk)).toBe(1);
      said(talk, 'cid', 'dan', answer);
      expect(likenessOf(talk)).toBe(1);
    });

    it('a message to one member and a message to all are compared, in either order', () => {
      const talk = new Talk({
        members: ['ann', 'bob', 'cid'],
        limits: limits({ maxRepetition: 0.9 }),
        policy: 'open',
      });
      talk.do({ type: 'say', from: 'ann', text: answer });
      said(talk, 'bob', 'cid', answer);
      expect(likenessOf(talk)).toBe(1);
      talk.do({ type: 'say', from: 'ann', text: question });
      expect(likenessOf(talk)).toBe(0);
      said(talk, 'bob', 'ann', question);
      expect(likenessOf(talk)).toBe(1);
      const other = new Talk({
        members: ['ann', 'bob', 'cid'],
        limits: limits({ maxRepetition: 0.9 }),
        policy: 'open',
      });
      said(other, 'bob', 'cid', answer);
      other.do({ type: 'say', from: 'ann', text: answer });
      expect(likenessOf(other)).toBe(1);
    });
  });

  it('the fourth goodbye in a row ends the conversation', () => {
    const talk = talkOf({ farewells: true });
    for (let i = 0; i < 4; i++) talk.say(`Goodbye ${i}!`);
    expect(talk.last).toMatchObject({ reason: 'farewell-loop', detail: '4 goodbyes in a row' });
  });

  it('a limit that is reached with the same message is the reason, and no loop', () => {
    const talk = talkOf({ farewells: true, maxTurns: 4 });
    for (let i = 0; i < 4; i++) talk.say(`Goodbye ${i}!`);
    expect(talk.last).toMatchObject({ reason: 'max-turns', detail: '4' });
  });
});
