import { describe, expect, it } from 'vitest';
import type { Model, ModelReply } from '../../src/models/model.ts';
import { cutShort } from '../../src/models/openai/cut-short.ts';
import { makeOpenAI } from '../../src/models/openai/openai.ts';
import { isComplete } from '../../src/text/sanitise.ts';
import { begin, delta, event, modelServer } from './model-server.ts';
import { requestOf } from './requests.ts';

const usage = { inputTokens: 3, outputTokens: 5, estimated: true };
const replying = (reply: ModelReply): Model => ({ provider: 'p', name: 'm', reply: async () => reply });
const late = { kind: 'failed', reason: 'timed-out', detail: 'late' } as const;

describe('a reply that the deadline ends', () => {
  it('a reply that the deadline ends is its received part, truncated, with its usage', async () => {
    const model = cutShort(replying({ ...late, partial: { text: 'One. Tw', usage } }));
    expect(await model.reply(requestOf())).toEqual({
      kind: 'text',
      text: 'One. Tw',
      usage,
      finish: 'length',
    });
  });

  it.each([
    ['nothing has come', late],
    ['only blanks have come', { ...late, partial: { text: ' \n', usage } }],
    ['it is not wanted any more', { ...late, reason: 'interrupted', partial: { text: 'One.', usage } }],
  ] as const)('a call that the deadline ends stays a failure when %s', async (_why, failure) => {
    expect(await cutShort(replying(failure as ModelReply)).reply(requestOf())).toEqual(failure);
  });
});

describe('a reply of which nothing more is wanted', () => {
  const cast = { self: 'ann', others: ['ben'], maxLength: 1_000 };

  it.each([
    ['that repeats itself', 'You are not ready to go, and I am not. '],
    ['that repeats itself in Chinese', '我不同意你的看法。'],
    ['that goes on for another', 'ben: No.\n\nann: Yes.\n\n'],
    ['that is much longer than a message', ''],
  ])('the stream of a reply is ended when no more text is needed: %s', async (_what, again) => {
    let closed: () => void = () => {};
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const server = await modelServer((response) => {
      begin(response);
      event(response, delta('I agree.\n\n'));
      let count = 0;
      const timer = setInterval(
        () => event(response, delta(again || `Point ${count++} is number ${count * 7}. `)),
        1,
      );
      response.once('close', () => {
        clearInterval(timer);
        closed();
      });
    });
    const settings = { apiKey: undefined, model: 'm', temperature: undefined, seed: undefined };
    const model = makeOpenAI({ ...settings, baseURL: server.url, onLesson: () => {} });
    const reply = await model.reply(requestOf({ isEnough: (text) => isComplete(text, cast) }));
    await gone;
    expect(reply).toMatchObject({ kind: 'text', finish: 'length', usage: { estimated: true } });
  });
});
