import { describe, expect, it } from 'vitest';
import { PromptLog } from '../../src/memory/prompt-log.ts';
import { keptPrompts } from '../../src/models/kept-prompts.ts';
import { secretHider } from '../../src/models/openai/connection/redacted.ts';
import { makeRehearsal } from '../../src/models/rehearsal/rehearsal.ts';
import { contextOf } from '../turn-contexts.ts';
import { modelAt } from './model-at.ts';
import { answer, refuse } from './model-server.ts';
import { requestOf } from './requests.ts';

const logOf = (secrets: readonly string[] = []) =>
  new PromptLog({ turns: 10, bytes: 1_000_000, redact: secretHider(secrets) });
const place = { conversation: 'c1', turn: 4, lapses: ['deadline'] } as const;

describe('A kept prompt', () => {
  it('a kept prompt is what the model server received: each call with its messages and numbers', async () => {
    const log = logOf();
    const { model, asked } = await modelAt(
      (response, _, call) =>
        call === 1
          ? refuse(response, 400, { message: 'System role not supported by this template' })
          : answer(response, 'Hello there.'),
      { temperature: 0.25 },
    );
    const kept = keptPrompts(model, place, log, () => 77);
    await kept.reply(requestOf({ maxOutputTokens: 300, seed: 5 }));
    expect(asked).toHaveLength(2);
    expect(log.of(place)).toEqual(
      asked.map(({ body }) => ({
        ...{ purpose: 'message', attempt: 2, at: 77, model: 'tiny' },
        parameters: [
          { name: 'max_tokens', value: 300 },
          { name: 'temperature', value: 0.25 },
          { name: 'seed', value: 5 },
        ],
        messages: body.messages,
      })),
    );
    expect(log.of(place)[1]?.messages).toEqual([{ role: 'user', content: 'You are alice.\n\nHi' }]);
  });

  it('a kept prompt is the input of a model that changes nothing, such as the rehearsal', async () => {
    const log = logOf();
    const context = contextOf([['bob', 'Hi alice']], { turn: 2 });
    const model = makeRehearsal({ seed: 1, delayMs: 0 }).modelFor(context);
    const request = requestOf({ purpose: 'bid' });
    await keptPrompts(model, context, log, () => 1).reply(request);
    expect(log.of({ conversation: 'c1', turn: 2 })).toMatchObject([
      { purpose: 'bid', attempt: 1, model: 'rehearsal', messages: request.messages },
    ]);
  });

  it('a kept prompt contains no key in any spelling, and all other text unchanged', async () => {
    const log = logOf(['hidden/word']);
    const { model } = await modelAt((response) => answer(response, 'Yes.'));
    const texts = [
      'a key-value-store and pk_something stay',
      'HIDDEN/word',
      encodeURIComponent('hidden/word'),
    ];
    const messages = texts.map((content) => ({ role: 'user', content }) as const);
    await keptPrompts(model, place, log, () => 1).reply(requestOf({ messages }));
    expect(log.of(place)[0]?.messages.map(({ content }) => content)).toEqual([
      'a key-value-store and pk_something stay',
      '[redacted]',
      '[redacted]',
    ]);
  });
});
