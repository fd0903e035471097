import type { Entry, RouterFrameOf } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { failed } from '../../src/models/model.ts';
import { textReply } from '../fake-model.ts';
import { openedEntry, saidEntry } from '../turn-contexts.ts';
import { grantOf, loopOf } from './turn-loop-harness.ts';

type Grant = RouterFrameOf<'turn'>;
/** A loop that was granted one turn, and its model's calls. */
const granted = async (grant: Partial<Grant>, more: Parameters<typeof loopOf>[0] = {}) => {
  const parts = loopOf(more);
  parts.loop.granted(grantOf(grant));
  await parts.settled();
  return parts;
};
const lapse = (seq: number, cause: 'empty-reply' | 'context-overflow' | 'interrupted'): Entry => ({
  type: 'lapsed',
  seq,
  at: 0,
  turn: 1,
  from: 'alice',
  cause,
});

describe('a grant that wants a bid', () => {
  const bidding = { wanted: 'bid', entries: [openedEntry(), saidEntry(2, 'bob', 'Who knows?')] } as const;

  it('a grant for a bid is answered by a number, with one short call that is not streamed', async () => {
    const { calls, sent, outcomes, settled } = await granted(bidding);
    expect(calls[0]?.request).toMatchObject({ purpose: 'bid', maxOutputTokens: 16, onText: undefined });
    calls[0]?.reply(textReply('80'));
    await settled();
    const usage = { inputTokens: 1, outputTokens: 1, model: 'fake' };
    expect(sent).toEqual([{ type: 'bid', conversation: 'c1', turn: 1, score: 80, usage }]);
    expect(outcomes).toEqual(['bid']);
  });

  it('a bid is kept until the router has accepted it, like a message', async () => {
    const { loop, calls, sent, link, settled } = await granted(bidding);
    link.up = false;
    calls[0]?.reply(textReply('80'));
    await settled();
    expect(loop.registering()).toEqual([{ conversation: 'c1', turn: 1 }]);
    link.up = true;
    loop.granted(grantOf({ ...bidding, attempt: 2 }));
    expect(sent).toMatchObject([{ type: 'bid', score: 80 }]);
    loop.accepted({ type: 'accepted', conversation: 'c1', turn: 1, seq: 3 });
    expect(loop.registering()).toEqual([]);
  });

  it.each([
    [failed('model-unavailable', 'down'), { reason: 'model-unavailable', detail: 'down' }],
    [failed('timed-out', 'late'), { reason: 'timed-out' }],
    [failed('model-unauthorized', 'HTTP 401'), { reason: 'model-unauthorized' }],
    [
      failed('rate-limited', 'slow', { reason: 'rate-limited', afterMs: 70 }),
      { reason: 'rate-limited', retryAfterMs: 70 },
    ],
  ])('a grant for a bid is passed as a failure when its call fails: %j', async (reply, pass) => {
    const { calls, sent, settled } = await granted(bidding);
    calls[0]?.reply(reply);
    await settled();
    expect(sent).toMatchObject([{ type: 'pass', ...pass }]);
  });

  it('a bid of a model that reasons first is asked for without the limit, also later', async () => {
    const { loop, calls, sent, settled } = await granted(bidding);
    calls[0]?.reply({ ...textReply('<think>Let me see'), finish: 'length' } as never);
    await settled();
    expect(calls[1]?.request.maxOutputTokens).toBe(2_000);
    calls[1]?.reply(textReply('<think>Let me see</think>30'));
    await settled();
    expect(sent).toMatchObject([{ type: 'bid', score: 30 }]);
    loop.granted(grantOf({ ...bidding, turn: 5, entries: [] }));
    await settled();
    expect(calls[2]?.request.maxOutputTokens).toBe(2_000);
  });

  it('a bid is asked for once more when the answer had no number', async () => {
    const { calls, sent, settled } = await granted(bidding);
    calls[0]?.reply(textReply('I have a question about the thing.'));
    await settled();
    expect(calls[1]?.request.messages.at(-1)?.content).toContain('held no number');
    calls[1]?.reply(textReply('Score: 70'));
    await settled();
    expect(sent).toMatchObject([{ type: 'bid', score: 70, usage: { outputTokens: 2 } }]);
  });

  it('a bid without any number is a failure, and not a pass without anything to say', async () => {
    const { calls, sent, settled } = await granted(bidding);
    for (const call of [0, 1]) {
      calls[call]?.reply(textReply('I have a question about the thing.'));
      await settled();
    }
    expect(sent).toMatchObject([{ type: 'pass', reason: 'empty-reply' }]);
  });

  it('a bid that says in words that the floor is not wanted is kept like any other', async () => {
    const { loop, calls, sent, link, settled } = await granted(bidding);
    link.up = false;
    calls[0]?.reply(textReply('I would rather not.', 4));
    await settled();
    expect(loop.registering()).toEqual([{ conversation: 'c1', turn: 1 }]);
    link.up = true;
    loop.welcomed({ type: 'welcome', maxTextLength: 100 } as never);
    expect(sent).toMatchObject([{ type: 'bid', score: 0, usage: { outputTokens: 4 } }]);
  });
});

describe('a grant that pays for one call', () => {
  it('a grant for one call is passed after an empty reply, and the next grant reminds the model', async () => {
    const { loop, calls, sent, settled } = await granted({ calls: 1 });
    calls[0]?.reply(textReply(''));
    await settled();
    expect(sent).toMatchObject([{ type: 'pass', reason: 'empty-reply' }]);
    loop.granted(grantOf({ calls: 1, attempt: 2, entries: [lapse(2, 'empty-reply')] }));
    await settled();
    const reminder = calls[1]?.request.messages.at(-1)?.content;
    expect(reminder).toContain('Your last reply could not be used');
    // Words for a model, not an identifier that a renaming put there.
    expect(reminder).not.toMatch(/[a-z][A-Z]/);
    calls[1]?.reply(textReply('', 3));
    await settled();
    expect(calls).toHaveLength(2);
  });

  it('a grant for one call is passed when the conversation is too long, and the next grant shows half of it', async () => {
    const entries = Array.from({ length: 40 }, (_, i) =>
      saidEntry(i + 2, i % 2 ? 'alice' : 'bob', 'x'.repeat(400)),
    );
    const { loop, calls, sent, settled } = await granted({ calls: 1, entries: [openedEntry(), ...entries] });
    calls[0]?.reply(failed('context-overflow', 'too long'));
    await settled();
    expect(sent).toMatchObject([{ type: 'pass', reason: 'context-overflow' }]);
    loop.granted(grantOf({ calls: 1, attempt: 2, entries: [lapse(50, 'context-overflow')] }));
    await settled();
    const lengths = calls.map(({ request }) => JSON.stringify(request.messages).length);
    expect(lengths[1]! / lengths[0]!).toBeLessThan(0.7);
  });

  it('a grant for one call allows no second call', async () => {
    const { calls } = await granted({ calls: 1 });
    expect(calls[0]?.request.takeCall()).toBe(false);
    const { calls: free } = await granted({});
    expect(free[0]?.request.takeCall()).toBe(true);
  });

  it('a grant for one call is used for a summary that is needed, and the turn is requested again', async () => {
    const entries = Array.from({ length: 40 }, (_, i) =>
      saidEntry(i + 2, i % 2 ? 'alice' : 'bob', `${i} ${'x'.repeat(200)}`),
    );
    const about = { calls: 1, entries: [openedEntry(), ...entries] };
    const { loop, calls, sent, outcomes, settled } = await granted(about, { summarises: true });
    expect(calls[0]?.request).toMatchObject({ purpose: 'summary', onText: undefined });
    calls[0]?.reply(textReply('They say x.'));
    await settled();
    expect(sent).toMatchObject([
      { type: 'summary', conversation: 'c1', text: 'They say x.' },
      { type: 'pass', reason: 'interrupted' },
    ]);
    loop.granted(grantOf({ calls: 1, attempt: 2, entries: [lapse(43, 'interrupted')] }));
    await settled();
    expect(calls[1]?.request.purpose).toBe('message');
    expect(JSON.stringify(calls[1]?.request.messages)).toContain('They say x.');
    expect(outcomes).toEqual(['summarised']);
  });
});

describe('a turn of a long conversation', () => {
  const entries = [
    openedEntry(),
    ...Array.from({ length: 40 }, (_, i) =>
      saidEntry(i + 2, i % 2 ? 'alice' : 'bob', `${i} ${'x'.repeat(200)}`),
    ),
  ];

  it('a turn of a long conversation is taken with a summary in the ledger, and the prompt is the same again from the ledger alone', async () => {
    const { calls, sent, settled } = await granted({ turn: 41, entries }, { summarises: true });
    calls[0]?.reply(textReply('They say x.'));
    await settled();
    const summary = sent[0];
    if (summary?.type !== 'summary') throw new Error('no summary');
    const { through, text } = summary;
    const told: Entry = { type: 'summarised', seq: 42, at: 0, who: 'alice', through, text };
    const later = await granted({ turn: 41, entries: [...entries, told] }, { summarises: true });
    expect(later.calls[0]?.request.messages).toEqual(calls[1]?.request.messages);
  });

  it('a turn of a long conversation is taken without a summary when that fails or cannot be stored', async () => {
    const { calls, settled } = await granted({ turn: 41, entries }, { summarises: true });
    calls[0]?.reply(failed('model-rejected', 'no'));
    await settled();
    expect(calls[1]?.request.purpose).toBe('message');
    const offline = await granted({ turn: 41, entries }, { summarises: true });
    offline.link.up = false;
    offline.calls[0]?.reply(textReply('They say x.'));
    await offline.settled();
    expect(JSON.stringify(offline.calls[1]?.request.messages)).not.toContain('They say x.');
  });
});

describe('who the agent is', () => {
  const cast = [
    { name: 'alice', persona: 'A judge.', model: 'large' },
    { name: 'bob', persona: 'A thief.' },
  ];

  it('the role of the agent comes from the conversation if it gives one, and else from the settings', async () => {
    const { loop, calls, contexts, settled } = await granted(
      { entries: [openedEntry(undefined, { cast })] },
      { persona: 'Own.' },
    );
    loop.granted(grantOf({ conversation: 'c2' }));
    await settled();
    expect(contexts.map(({ persona, model }) => [persona, model])).toEqual([
      ['A judge.', 'large'],
      ['Own.', undefined],
    ]);
    expect(calls[0]?.request.messages[0]?.content).toContain('A judge.');
    expect(JSON.stringify(calls[0]?.request.messages)).not.toContain('thief');
  });

  it('the role of the agent changes with the turn after a recast, in the fields that it names, and with a fork', async () => {
    const recast: Entry = {
      type: 'recast',
      seq: 2,
      at: 0,
      by: 'op',
      role: { name: 'alice', model: 'small' },
    };
    const { limits } = openedEntry() as Extract<Entry, { type: 'opened' }>;
    const forked: Entry = {
      type: 'forked',
      seq: 3,
      at: 0,
      by: 'op',
      parent: { conversation: 'c0', seq: 2 },
      cast: [{ name: 'alice', model: 'other' }],
      limits: { ...limits, quorum: 0 },
      floor: ['alice'],
    };
    const { loop, calls, contexts, settled } = await granted({
      entries: [openedEntry(undefined, { cast }), recast],
    });
    loop.granted(grantOf({ turn: 2, entries: [forked] }));
    await settled();
    expect(calls.map(({ request }) => request.model)).toEqual(['small', 'other']);
    const [first, second] = contexts;
    expect([first?.persona, first?.model, first?.quorum]).toEqual(['A judge.', 'small', undefined]);
    expect([second?.persona, second?.model, second?.quorum]).toEqual([undefined, 'other', 0]);
  });
});

describe('what the line says beside its text', () => {
  it('the directions of a message are sent to the router as vote, next speaker and hearers', async () => {
    const moderated = openedEntry(['alice', 'bob', 'cy'], { policy: 'moderator' });
    const { calls, sent, settled } = await granted({ entries: [moderated] });
    expect(calls[0]?.request.messages[0]?.content).toContain('You moderate');
    calls[0]?.reply(textReply('(aside to bob) Enough.\nNEXT: bob\n[DONE]'));
    await settled();
    expect(sent).toMatchObject([{ type: 'say', text: 'Enough.', target: 'bob', to: ['bob'], done: true }]);
  });

  it('the directions of a message leave the choice to the text where names in it give the floor', async () => {
    const entries = [openedEntry(['alice', 'bob', 'cy'], { policy: 'mention' })];
    const { calls, sent, settled } = await granted({ entries });
    calls[0]?.reply(textReply('And you, @bob?'));
    await settled();
    expect(sent[0]).not.toHaveProperty('target');
  });

  it('the hearers of an aside are never extended when the router refuses it', async () => {
    const { loop, calls, sent, settled } = await granted({});
    calls[0]?.reply(textReply('(aside to bob) A secret.'));
    await settled();
    const about = { code: 'bad-target', message: 'x', retry: false, conversation: 'c1', turn: 1 } as const;
    loop.refused({ type: 'refused', ...about });
    expect(sent[1]).toMatchObject({ type: 'pass', reason: 'interrupted' });
  });
});

describe('a model server that takes no more calls', () => {
  it('a used-up rate of the model server is reported with the wait that the server asked for', async () => {
    const { calls, sent, settled } = await granted({});
    calls[0]?.reply(failed('rate-limited', 'HTTP 429', { reason: 'rate-limited', afterMs: 1_500.5 }));
    await settled();
    expect(sent).toMatchObject([{ type: 'pass', reason: 'rate-limited', retryAfterMs: 1_501 }]);
  });
});
