import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failed } from '../../src/models/model.ts';
import { marginMs } from '../../src/turns/turn-loop.ts';
import { textReply } from '../fake-model.ts';
import { openedEntry, saidEntry } from '../turn-contexts.ts';
import { grantOf, loopOf } from './turn-loop-harness.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a granted turn', () => {
  it('a granted turn is answered by one message with its usage', async () => {
    const { loop, calls, sent, outcomes, settled } = loopOf();
    loop.granted(grantOf());
    await settled();
    calls[0]?.reply(textReply('alice: Hello.'));
    await settled();
    const usage = { inputTokens: 1, outputTokens: 1, model: 'fake' };
    expect(sent).toEqual([{ type: 'say', conversation: 'c1', turn: 1, text: 'Hello.', usage }]);
    expect(outcomes).toEqual(['said']);
  });

  it('a granted turn is answered without an addressee: the reply goes to the member that gave the turn', async () => {
    const { loop, calls, sent, settled } = loopOf();
    loop.granted(grantOf({ entries: [openedEntry(), saidEntry(2, 'bob', 'Hi')] }));
    await settled();
    calls[0]?.reply(textReply('Hello.'));
    await settled();
    expect(sent[0]).not.toHaveProperty('target');
  });

  it('a granted turn is taken from all messages, own ones as the router has them', async () => {
    const { loop, calls, settled } = loopOf();
    loop.granted(grantOf());
    await settled();
    calls[0]?.reply(textReply('Mine.'));
    await settled();
    loop.accepted({ type: 'accepted', conversation: 'c1', turn: 1, seq: 2 });
    loop.granted(
      grantOf({ turn: 3, entries: [saidEntry(2, 'alice', 'Mine.'), saidEntry(3, 'bob', 'Yours.')] }),
    );
    await settled();
    expect(calls[1]?.request.messages.slice(2)).toEqual([
      { role: 'assistant', content: 'Mine.' },
      { role: 'user', content: expect.stringMatching(/^Yours\.\n\n\(Now alice speaks/) },
    ]);
  });

  it('a granted turn asks for no more tokens than the grant and the settings allow', async () => {
    const { loop, calls, settled } = loopOf({ maxTokens: 50 });
    loop.granted(grantOf({ maxOutputTokens: 30 }));
    loop.granted(grantOf({ conversation: 'c2' }));
    await settled();
    expect(calls.map(({ request }) => request.maxOutputTokens)).toEqual([30, 50]);
  });

  it('several granted turns run at the same time', async () => {
    const { loop, calls, sent, settled } = loopOf();
    for (const conversation of ['c1', 'c2', 'c3']) loop.granted(grantOf({ conversation }));
    await settled();
    expect(loop.active).toBe(3);
    for (const index of [2, 0, 1]) calls[index]?.reply(textReply('Hello.'));
    await settled();
    expect(sent.map((frame) => 'conversation' in frame && frame.conversation).sort()).toEqual([
      'c1',
      'c2',
      'c3',
    ]);
    expect(loop.active).toBe(0);
  });

  it('a granted turn is passed with the reason when the model fails', async () => {
    const { loop, calls, sent, outcomes, settled } = loopOf();
    loop.granted(grantOf());
    await settled();
    calls[0]?.reply(failed('model-unauthorized', 'HTTP 401'));
    await settled();
    expect(sent).toEqual([
      {
        type: 'pass',
        conversation: 'c1',
        turn: 1,
        attempt: 1,
        reason: 'model-unauthorized',
        detail: 'HTTP 401',
      },
    ]);
    expect(outcomes).toEqual(['model-unauthorized']);
  });

  it('a granted turn is passed before the deadline', async () => {
    const { loop, sent, settled } = loopOf();
    loop.granted(grantOf({ deadlineMs: 10_000 }));
    await settled();
    vi.advanceTimersByTime(10_000 - marginMs(10_000) - 1);
    await settled();
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(1);
    await settled();
    expect(sent).toMatchObject([{ type: 'pass', reason: 'timed-out' }]);
  });

  it('an empty reply is asked for once more, with a reminder, and both usages are reported', async () => {
    const { loop, calls, sent, settled } = loopOf();
    loop.granted(grantOf());
    await settled();
    calls[0]?.reply(textReply('<think>hm</think>', 10));
    await settled();
    expect(calls[1]?.request.messages.at(-1)?.content).toContain('Your last reply held only reasoning');
    calls[1]?.reply(textReply('Now.', 3));
    await settled();
    expect(sent).toMatchObject([{ type: 'say', text: 'Now.', usage: { inputTokens: 13, outputTokens: 13 } }]);
  });

  it('a granted turn is passed when the reply is empty twice', async () => {
    const { loop, calls, sent, settled } = loopOf();
    loop.granted(grantOf());
    for (const call of [0, 1]) {
      await settled();
      calls[call]?.reply(textReply('bob:'));
    }
    await settled();
    expect(sent).toMatchObject([{ type: 'pass', reason: 'empty-reply' }]);
  });

  it.each([
    ['', 'was empty'],
    ['<think>hm</think>', 'held only reasoning'],
    ['bob:\nalice:', 'held only words for others'],
    ['The topic: whether to speak', 'only repeated your instructions'],
  ])('the reminder after a reply %j names the problem: %s', async (raw, words) => {
    const { loop, calls, settled } = loopOf();
    loop.granted(grantOf());
    await settled();
    calls[0]?.reply(textReply(raw));
    await settled();
    expect(calls[1]?.request.messages.at(-1)?.content).toContain(words);
  });

  it('a reply that is only reasoning up to the limit is asked for again with a higher limit, and so are all later ones', async () => {
    const { loop, calls, sent, settled } = loopOf();
    loop.granted(grantOf());
    await settled();
    expect(calls[0]?.request.maxOutputTokens).toBe(2_000);
    calls[0]?.reply({ ...textReply('<think>Let me see'), finish: 'length' } as never);
    await settled();
    expect(calls[1]?.request.maxOutputTokens).toBe(8_000);
    calls[1]?.reply(textReply('<think>Let me see</think>Yes.'));
    await settled();
    expect(sent.at(-1)).toMatchObject({ type: 'say', text: 'Yes.' });
    loop.granted(grantOf({ turn: 3, entries: [saidEntry(3, 'bob', 'Third.')] }));
    await settled();
    expect(calls[2]?.request.maxOutputTokens).toBe(8_000);
  });

  it('a reply is never asked for with more tokens than the conversation allows', async () => {
    const { loop, calls, settled } = loopOf();
    loop.granted(grantOf({ maxOutputTokens: 50 }));
    await settled();
    calls[0]?.reply({ ...textReply('<think>Let me see'), finish: 'length' } as never);
    await settled();
    expect(calls.map(({ request }) => request.maxOutputTokens)).toEqual([50]);
  });

  it('a granted turn is tried with less of the conversation when the model refuses it as too long', async () => {
    const { loop, calls, settled } = loopOf({ historyTokens: 2_000 });
    const entries = Array.from({ length: 40 }, (_, i) =>
      saidEntry(i + 2, i % 2 ? 'alice' : 'bob', 'x'.repeat(400)),
    );
    loop.granted(grantOf({ turn: 41, entries: [openedEntry(), ...entries] }));
    for (const call of [0, 1]) {
      await settled();
      calls[call]?.reply(failed('context-overflow', 'too long'));
    }
    await settled();
    const lengths = calls.map(
      ({ request }) => request.messages.map(({ content }) => content).join('').length,
    );
    expect(lengths[1]! / lengths[0]!).toBeLessThan(0.7);
    expect(lengths[2]! / lengths[1]!).toBeLessThan(0.7);
  });

  it('a granted turn is passed when the prompt throws', async () => {
    const prompt = async () => {
      throw new Error('no such persona');
    };
    const { loop, sent, settled } = loopOf({ prompt });
    loop.granted(grantOf());
    await settled();
    expect(sent).toMatchObject([
      { type: 'pass', reason: 'prompt-failed', detail: expect.stringContaining('no such persona') },
    ]);
  });

  it('a granted turn is passed when the prompt never resolves', async () => {
    const { loop, sent, settled } = loopOf({ prompt: () => new Promise(() => {}) });
    loop.granted(grantOf({ deadlineMs: 1_000 }));
    await settled();
    vi.advanceTimersByTime(1_000);
    await settled();
    expect(sent).toMatchObject([{ type: 'pass', reason: 'timed-out' }]);
  });
});

describe('a turn that is granted again', () => {
  it('a turn that is granted again while it runs is not begun twice, and has the deadline of the new grant', async () => {
    const { loop, calls, sent, settled } = loopOf();
    loop.granted(grantOf({ deadlineMs: 10_000 }));
    await settled();
    vi.advanceTimersByTime(9_000);
    loop.granted(grantOf({ attempt: 2, deadlineMs: 10_000, entries: [] }));
    vi.advanceTimersByTime(9_000);
    await settled();
    expect(calls).toHaveLength(1);
    calls[0]?.reply(textReply('Hello.'));
    await settled();
    expect(sent).toMatchObject([{ type: 'say', text: 'Hello.' }]);
  });

  it('a turn that is granted again is answered with the reply that is finished already', async () => {
    const { loop, calls, sent, settled } = loopOf();
    loop.granted(grantOf());
    await settled();
    calls[0]?.reply(textReply('Hello.'));
    await settled();
    loop.granted(grantOf({ attempt: 2 }));
    expect(calls).toHaveLength(1);
    expect(sent).toEqual([sent[0], sent[0]]);
  });

  it('a turn that is granted again after a pass is begun anew', async () => {
    const { loop, calls, settled } = loopOf();
    loop.granted(grantOf());
    await settled();
    calls[0]?.reply(failed('model-unavailable', 'x'));
    await settled();
    loop.granted(grantOf({ attempt: 2, entries: [] }));
    await settled();
    expect(calls).toHaveLength(2);
  });

  it('a running turn is aborted for a later turn of the same conversation', async () => {
    const { loop, calls, outcomes, settled } = loopOf();
    loop.granted(grantOf());
    await settled();
    loop.granted(grantOf({ turn: 3, entries: [] }));
    await settled();
    expect(calls[0]?.request.signal.aborted).toBe(true);
    expect(outcomes).toEqual(['abandoned']);
    expect(loop.registering()).toEqual([{ conversation: 'c1', turn: 3 }]);
  });
});
