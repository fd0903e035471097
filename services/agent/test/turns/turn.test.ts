import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type ChatMessage, failed, type ModelReply, type ModelRequest } from '../../src/models/model.ts';
import { callSeed } from '../../src/turns/call-seed.ts';
import { outcomeOf, type TurnInput } from '../../src/turns/turn.ts';
import { textReply } from '../fake-model.ts';
import { contextOf } from '../turn-contexts.ts';
import { turnTaken } from './taken-turn.ts';

const instruction = 'Speak only for yourself, in plain text, without any name in front of it.';
const shown: ChatMessage[] = [
  { role: 'system', content: `You are alice. ${instruction}` },
  { role: 'user', content: 'Say something about tea.' },
];

/** What a model says to one request after another. */
type Replies = readonly (ModelReply | ((request: ModelRequest) => ModelReply))[];

/** Takes one turn of alice's with a model that gives these replies. */
const take = (replies: Replies, more: Partial<TurnInput> = {}) =>
  turnTaken(
    (request, call) => {
      const next = replies[call - 1];
      if (next === undefined) throw new Error(`call ${call} was not expected`);
      return typeof next === 'function' ? next(request) : next;
    },
    { prompt: async () => shown, ...more },
  );
/** The last words of the prompt of each call. */
const ends = (asked: readonly ModelRequest[]) => asked.map(({ messages }) => messages.at(-1)?.content ?? '');
const cut = (text: string): ModelReply => ({ ...textReply(text), finish: 'length' }) as ModelReply;
const abortedBy = (reason: 'timed-out' | 'interrupted') => {
  const gone = new AbortController();
  return { signal: gone.signal, abort: () => gone.abort(reason) };
};

describe('a reply that cannot be said', () => {
  it.each([
    ['empty', textReply(''), 'Your last reply was empty'],
    [
      'reasoning in a field of its own',
      { ...textReply(''), reasoned: true } as ModelReply,
      'held only reasoning',
    ],
    ['reasoning in tags', textReply('<think>Tea or not?</think>'), 'held only reasoning'],
    ['the instructions again', textReply(instruction), 'only repeated your instructions'],
  ])('a reply that is %s is asked for again with a reminder that says so', async (_what, reply, reminder) => {
    const { answer, asked, usage } = await take([reply, textReply('I like tea.')]);
    expect(answer).toEqual({ kind: 'say', text: 'I like tea.' });
    expect(ends(asked)[0]).toBe('Say something about tea.');
    expect(ends(asked)[1]).toContain(reminder);
    expect(usage).toHaveLength(2);
  });

  it('a reply is asked for no third time after a reminder', async () => {
    const { answer, asked } = await take([textReply(''), textReply('')]);
    expect(answer).toMatchObject({ kind: 'failed', reason: 'empty-reply' });
    expect(outcomeOf(answer)).toBe('empty-reply');
    expect(asked).toHaveLength(2);
  });

  it('a reply without words is not asked for again when the grant has no call left', async () => {
    const { answer, asked } = await take([textReply('')], { calls: 1 });
    expect(answer).toMatchObject({ kind: 'failed', reason: 'empty-reply' });
    expect(asked).toHaveLength(1);
    const two = await take([textReply(''), textReply('Yes.')], { calls: 2 });
    expect(two.answer).toEqual({ kind: 'say', text: 'Yes.' });
  });

  it('after an earlier attempt without words the first call has a reminder, and is the only one', async () => {
    const context = contextOf([['bob', 'Tea?']], { lapses: ['gone', 'empty-reply'] });
    const { asked } = await take([textReply('')], { context });
    expect(ends(asked)).toEqual([expect.stringContaining('could not be used')]);
    const other = await take([textReply('Yes.')], { context: { ...context, lapses: ['gone', 'deadline'] } });
    expect(ends(other.asked)).toEqual(['Say something about tea.']);
  });

  it('reasoning that reaches the usual limit of tokens is given four times as many once, and then a reminder is useless', async () => {
    const { answer, asked, findings } = await take([cut('<think>Tea'), cut('<think>Tea')]);
    expect(asked.map(({ maxOutputTokens }) => maxOutputTokens)).toEqual([2_000, 8_000]);
    expect(ends(asked)).toEqual(['Say something about tea.', 'Say something about tea.']);
    expect(findings).toEqual(['long-reasoning']);
    expect(answer).toMatchObject({ detail: expect.stringContaining('8000 tokens while it thought') });
  });

  it('a reply is given more tokens after reasoning, and a reminder when the next one is empty, three calls in all', async () => {
    const { answer, asked } = await take([cut('<think>Tea'), textReply(''), textReply('')]);
    expect(asked.map(({ maxOutputTokens }) => maxOutputTokens)).toEqual([2_000, 8_000, 8_000]);
    expect(ends(asked)[2]).toContain('Your last reply was empty');
    expect(answer).toMatchObject({ kind: 'failed', reason: 'empty-reply' });
  });

  it('a limit of the conversation is never raised, and neither is one that was raised before', async () => {
    const limits = { maxOutputTokens: 300, usualTokens: 2_000, bidTokens: 16 };
    const { asked, findings, answer } = await take([cut('<think>Tea')], { limits });
    expect(asked.map(({ maxOutputTokens }) => maxOutputTokens)).toEqual([300]);
    expect(findings).toEqual([]);
    expect(answer).toMatchObject({ detail: expect.stringContaining('300 tokens while it thought') });
  });

  it('instructions that are repeated up to the limit of tokens are not given more tokens', async () => {
    const { answer, asked, findings } = await take([cut(instruction)]);
    expect(outcomeOf(answer)).toBe('empty-reply');
    expect(asked).toHaveLength(1);
    expect(findings).toEqual([]);
  });

  it('a reply that closes reasoning which it did not open is told, whatever else it says', async () => {
    const { answer, findings } = await take([textReply('So, tea.</think>I like tea.')]);
    expect(answer).toEqual({ kind: 'say', text: 'I like tea.' });
    expect(findings).toEqual(['unopened-reasoning']);
    expect((await take([textReply('I like tea.')])).findings).toEqual([]);
  });

  it('a reply of which the end was cut off is said as far as its sentences are whole', async () => {
    const { answer } = await take([cut('I like tea. It is wa')]);
    expect(answer).toEqual({ kind: 'say', text: 'I like tea.' });
    expect((await take([textReply('I like tea. It is wa')])).answer).toMatchObject({
      text: 'I like tea. It is wa',
    });
  });
});

describe('a vote without words', () => {
  const context = contextOf([['bob', 'Tea?']], { moderator: 'alice', policy: 'moderator' });
  const vote = { kind: 'say', text: 'I have nothing to add.', done: true, wordless: undefined };

  it('a moderator who only votes is asked for closing words, which are said with the vote', async () => {
    const { answer, asked } = await take([textReply('[DONE]'), textReply('Thank you, all.')], { context });
    expect(ends(asked)[1]).toContain('Say your closing words');
    expect(answer).toEqual({ kind: 'say', text: 'Thank you, all.', done: true });
  });

  it.each<[string, Replies, Partial<TurnInput>]>([
    ['the closing words fail', [textReply('[DONE]'), failed('model-unavailable', 'down')], {}],
    ['there are none', [textReply('[DONE]'), textReply(''), textReply('')], {}],
    ['there is no call for them', [textReply('[DONE]')], { calls: 1 }],
  ])('the vote of a moderator counts although %s', async (_what, replies, more) => {
    const { answer } = await take(replies, { context, ...more });
    expect({ ...answer, wordless: undefined }).toEqual(vote);
  });

  it('the vote of a moderator counts when its deadline passes before the closing words', async () => {
    const { signal, abort } = abortedBy('timed-out');
    const late = (): ModelReply => {
      abort();
      return textReply('[DONE]');
    };
    const { answer, asked } = await take([late], { context, signal });
    expect({ ...answer, wordless: undefined }).toEqual(vote);
    expect(asked).toHaveLength(1);
  });

  it('a moderator who picks the next speaker without words is not asked for more', async () => {
    const { answer, asked } = await take([textReply('NEXT: bob')], { context });
    expect(answer).toEqual({ kind: 'say', text: '@bob, please go on.', target: 'bob' });
    expect(asked).toHaveLength(1);
  });

  it('a member who is no moderator and only votes is not asked for closing words', async () => {
    const { answer, asked } = await take([textReply('[DONE]')]);
    expect({ ...answer, wordless: undefined }).toEqual(vote);
    expect(asked).toHaveLength(1);
  });
});

describe('a bid', () => {
  const bidding = { wanted: 'bid' } as const;

  it('a bid is asked for at most three times: without its limit, and once more for the number', async () => {
    const replies = [cut('Well, let me'), textReply('I am not sure.'), textReply('Hard to say.')];
    const { answer, asked, findings } = await take(replies, bidding);
    expect(asked.map(({ maxOutputTokens }) => maxOutputTokens)).toEqual([16, 2_000, 2_000]);
    expect(ends(asked)[1]).toContain('How much do you want to speak next?');
    expect(ends(asked)[2]).toContain('held no number');
    expect(findings).toEqual(['long-bid']);
    const detail = 'the model did not answer with a number';
    expect(answer).toEqual({ kind: 'failed', reason: 'empty-reply', detail });
  });

  it('a bid is asked for twice where only the number was missing', async () => {
    const { answer, asked } = await take([textReply('Hm.'), textReply('Hm.')], bidding);
    expect(outcomeOf(answer)).toBe('empty-reply');
    expect(asked).toHaveLength(2);
  });

  it('a bid of a model that reasons has the limit of the conversation, and is not raised again', async () => {
    const limits = { maxOutputTokens: 500, usualTokens: 2_000, bidTokens: undefined };
    const { asked, findings } = await take([cut('Well'), cut('Well')], { ...bidding, limits });
    expect(asked.map(({ maxOutputTokens }) => maxOutputTokens)).toEqual([500, 500]);
    expect(findings).toEqual([]);
  });

  it('a bid is not asked for again when the grant has no call left', async () => {
    const { answer, asked } = await take([textReply('Hm.')], { ...bidding, calls: 1 });
    expect(outcomeOf(answer)).toBe('empty-reply');
    expect(asked).toHaveLength(1);
    const two = await take([textReply('Hm.'), textReply('70')], { ...bidding, calls: 2 });
    expect(two.answer).toEqual({ kind: 'bid', score: 70 });
  });

  it('a bid whose deadline passes is not asked for again', async () => {
    const { signal, abort } = abortedBy('timed-out');
    const late = (): ModelReply => {
      abort();
      return textReply('Hm.');
    };
    const { answer } = await take([late], { ...bidding, signal });
    expect(outcomeOf(answer)).toBe('timed-out');
  });

  it('the deadline keeps a bid that has come', async () => {
    const { signal, abort } = abortedBy('timed-out');
    const late = (): ModelReply => {
      abort();
      return textReply('70');
    };
    expect((await take([late], { ...bidding, signal })).answer).toEqual({ kind: 'bid', score: 70 });
  });
});

describe('the calls of a turn', () => {
  it('each call of a turn has a seed of its own, also after attempts that lapsed', async () => {
    const context = contextOf([['bob', 'Tea?']], { lapses: ['gone', 'deadline'] });
    const { asked } = await take([textReply(''), textReply('Yes.')], { context, seed: 5 });
    expect(asked.map(({ seed }) => seed)).toEqual([callSeed(5, context, 200), callSeed(5, context, 201)]);
  });

  it('a call that fails after a part of its reply has come is counted with the usage of that part', async () => {
    const usage = { inputTokens: 9, outputTokens: 4, model: 'fake' };
    const partial = { ...failed('timed-out', 'late'), partial: { text: 'I li', usage } };
    expect((await take([partial])).usage).toEqual([usage]);
    expect((await take([failed('model-unavailable', 'down')])).usage).toEqual([]);
  });

  it('a model may retry as often as the grant has calls left', async () => {
    const taken: boolean[] = [];
    const retrying = ({ takeCall }: ModelRequest): ModelReply => {
      taken.push(takeCall(), takeCall(), takeCall());
      return textReply('Yes.');
    };
    await take([retrying], { calls: 3 });
    expect(taken).toEqual([true, true, false]);
  });
});

describe('the prompt of a turn', () => {
  it('a prompt that throws is told with the place in the file', async () => {
    const error = new Error('no such member');
    error.stack =
      'Error: no such member\n    at build (/app/prompts/mine.ts:12:7)\n    at run (/app/x.ts:1:1)';
    const { answer } = await take([], { prompt: () => Promise.reject(error) });
    expect(answer).toMatchObject({ reason: 'prompt-failed', detail: 'no such member (mine.ts:12)' });
    error.stack = 'Error: no such member\n    at file:///app/mine.ts:120:45';
    expect((await take([], { prompt: () => Promise.reject(error) })).answer).toMatchObject({
      detail: 'no such member (mine.ts:120)',
    });
  });

  it.each([
    ['a text'],
    [Object.assign(new Error('a text'), { stack: undefined })],
    [Object.assign(new Error('a text'), { stack: 'Error: a text' })],
  ])('a prompt that throws something without a place is told without one', async (thrown) => {
    const { answer } = await take([], { prompt: () => Promise.reject(thrown) });
    expect(answer).toEqual({ kind: 'failed', reason: 'prompt-failed', detail: 'a text' });
  });

  it('a prompt that never comes ends with the deadline, and one that fails afterwards changes nothing', async () => {
    const { signal, abort } = abortedBy('timed-out');
    const turn = take([], { signal, prompt: () => new Promise(() => {}) });
    await setImmediate();
    abort();
    expect(outcomeOf((await turn).answer)).toBe('timed-out');
    const late = await take([], { signal, prompt: async () => shown });
    expect(outcomeOf(late.answer)).toBe('timed-out');
  });
});
