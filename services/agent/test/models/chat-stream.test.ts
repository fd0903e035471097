import { expect, it } from 'vitest';
import { readChatStream } from '../../src/models/chat-stream.ts';
import { begin, delta, event, modelServer } from './model-server.ts';

it('a server that does not end its answer behind the reply loses the connection', async () => {
  const gone = Promise.withResolvers<void>();
  const { url } = await modelServer((response) => {
    response.once('close', gone.resolve);
    begin(response);
    event(response, delta('All of it', 'stop'));
    event(response, '[DONE]');
  });
  const { body } = await fetch(url, { method: 'POST', body: '{}' });
  const texts: unknown[] = [];
  await readChatStream(body as ReadableStream<Uint8Array>, new AbortController().signal, ({ choices }) =>
    texts.push(choices[0]?.delta.content),
  );
  expect(texts).toEqual(['All of it']);
  await gone.promise;
});
