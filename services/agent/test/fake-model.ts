import type { Model, ModelReply, ModelRequest } from '../src/models/model.ts';
import { aborted } from '../src/models/model.ts';

export const textReply = (text: string, tokens = 1): ModelReply => ({
  kind: 'text',
  text,
  usage: { inputTokens: tokens, outputTokens: tokens, model: 'fake' },
});

/** A model whose replies the test gives, one call at a time; it keeps what it was asked. */
export const fakeModel = () => {
  const calls: { request: ModelRequest; reply: (reply: ModelReply) => void }[] = [];
  const model: Model = {
    provider: 'fake',
    name: 'fake',
    reply: (request) =>
      new Promise((resolve) => {
        request.signal.addEventListener('abort', () => resolve(aborted(request.signal)));
        calls.push({ request, reply: resolve });
      }),
  };
  return { model, calls };
};
