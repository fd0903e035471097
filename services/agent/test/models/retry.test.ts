import { describe, expect, it } from 'vitest';
import { failed, type Model, type ModelReply, type ModelRequest } from '../../src/models/model.ts';
import { withRetries } from '../../src/models/retry.ts';
import { RetryNotes } from '../../src/models/retry-notes.ts';
import { requestOf } from './requests.ts';

const text: ModelReply = { kind: 'text', text: 'Hi', usage: { inputTokens: 1, outputTokens: 1 } };
const busy = (afterMs?: number) => failed('model-unavailable', 'busy', { reason: 'rate-limited', afterMs });

/** A model that gives these replies in turn, on a clock that only sleeping moves. */
const retrying = (replies: readonly ModelReply[], reply?: (request: ModelRequest) => void) => {
  const waits: number[] = [];
  let now = 0;
  let calls = 0;
  const model: Model = {
    provider: 'test',
    name: 'test',
    reply: async (request) => {
      reply?.(request);
      return replies[Math.min(calls++, replies.length - 1)]!;
    },
  };
  const retried = withRetries(model, {
    dice: () => 1,
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    onRetry: (_, waitMs) => waits.push(waitMs),
  });
  return { retried, waits, calls: () => calls };
};

describe('a failed call', () => {
  it('a failed call is repeated after growing waits until it succeeds', async () => {
    const { retried, waits } = retrying([busy(), busy(), busy(), text]);
    expect(await retried.reply(requestOf())).toEqual(text);
    expect(waits).toEqual([500, 1_000, 2_000]);
  });

  it('a failed call is reported before the wait for the next one begins', async () => {
    const told: string[] = [];
    const replies = [busy(), text];
    const model: Model = {
      provider: 'test',
      name: 'test',
      reply: async () => {
        told.push('called');
        return replies.shift()!;
      },
    };
    const retried = withRetries(model, {
      dice: () => 1,
      now: () => 0,
      sleep: async () => void told.push('waited'),
      onRetry: (_reason, _waitMs, { detail }) => told.push(`told: ${detail}`),
    });
    await retried.reply(requestOf());
    expect(told).toEqual(['called', 'told: busy', 'waited', 'called']);
  });

  it('a failed call is repeated after the wait that the server asked for, also after more than a minute', async () => {
    const { retried, waits } = retrying([busy(90_000), text]);
    expect(await retried.reply(requestOf())).toEqual(text);
    expect(waits).toEqual([90_000]);
  });

  it('a failed call is not repeated when the wait would end after the deadline', async () => {
    const { retried, calls } = retrying([busy(90_000), text]);
    expect(await retried.reply(requestOf({ deadlineAt: 60_000 }))).toEqual(busy(90_000));
    expect(calls()).toBe(1);
  });

  it.each(['model-unauthorized', 'model-not-found', 'model-quota', 'model-rejected'] as const)(
    'a failed call is not repeated when a retry cannot help: %s',
    async (reason) => {
      const { retried, calls } = retrying([failed(reason, 'no')]);
      expect(await retried.reply(requestOf())).toMatchObject({ reason });
      expect(calls()).toBe(1);
    },
  );

  it('a failed call is not repeated when the grant allows no further call', async () => {
    const { retried, calls } = retrying([busy(), text]);
    expect(await retried.reply(requestOf({ takeCall: () => false }))).toEqual(busy());
    expect(calls()).toBe(1);
  });

  it('a failed call is given up after eight attempts', async () => {
    const { retried, calls } = retrying([busy()]);
    expect(await retried.reply(requestOf())).toMatchObject({ reason: 'model-unavailable' });
    expect(calls()).toBe(8);
  });

  it('a call is repeated as long as there is time while the model is being loaded', async () => {
    const loading = failed('model-loading', 'loading', { reason: 'loading' });
    const { retried, calls, waits } = retrying([...Array.from({ length: 30 }, () => loading), text]);
    expect(await retried.reply(requestOf())).toEqual(text);
    expect(calls()).toBe(31);
    expect(Math.max(...waits)).toBe(5_000);
    const short = retrying([loading]);
    expect(await short.retried.reply(requestOf({ deadlineAt: 20_000 }))).toEqual(loading);
  });

  it('a retry is logged at once, and then once a minute for each reason', () => {
    const notes = new RetryNotes();
    const told = [0, 59_999, 60_000].map((now) => notes.isNew('connection', now));
    expect([...told, notes.isNew('loading', 1)]).toEqual([true, false, true, true]);
  });

  it('a call that the deadline ends keeps the received part of the reply', async () => {
    const partial = { text: 'Half a', usage: { inputTokens: 1, outputTokens: 1 } };
    const cut = { ...failed('timed-out', 'too late'), partial };
    const { retried } = retrying([busy(), cut]);
    expect(await retried.reply(requestOf())).toEqual(cut);
  });

  it('a wait that the deadline ends returns the failure before it as the reason', async () => {
    const { retried } = retrying([busy(), failed('timed-out', 'too late')]);
    expect(await retried.reply(requestOf())).toEqual(busy());
  });

  it('the text of a second reply is not streamed after a part of the first one was', async () => {
    const shown: string[] = [];
    let call = 0;
    const { retried } = retrying([busy(), text], ({ onText }) => onText?.(`call ${++call}`));
    await retried.reply(requestOf({ onText: (piece) => shown.push(piece) }));
    expect(shown).toEqual(['call 1']);
  });
});
