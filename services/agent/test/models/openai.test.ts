import { describe, expect, it } from 'vitest';
import { makeOpenAI, type OpenAISettings } from '../../src/models/openai/openai.ts';
import type { ParameterQuirk } from '../../src/models/openai/openai-parameters.ts';
import { answer, begin, delta, event, modelServer, type Respond, refuse } from './model-server.ts';
import { requestOf } from './requests.ts';

const modelAt = async (respond: Respond, more: Partial<OpenAISettings> = {}) => {
  const server = await modelServer(respond);
  const lessons: ParameterQuirk[] = [];
  const model = makeOpenAI({
    apiKey: 'sk-secret-key',
    baseURL: server.url,
    model: 'tiny',
    temperature: undefined,
    onLesson: (lesson) => lessons.push(lesson),
    ...more,
  });
  return { model, asked: server.asked, lessons };
};

describe('a reply of a compatible server', () => {
  it('a reply is streamed in pieces, with the usage that the server reports', async () => {
    const { model, asked } = await modelAt((response) => answer(response, 'Hello from the server.'));
    await model.reply(requestOf());
    const shown: string[] = [];
    const reply = await model.reply(requestOf({ onText: (text) => shown.push(text) }));
    expect(reply).toEqual({
      kind: 'text',
      text: 'Hello from the server.',
      usage: { inputTokens: 11, outputTokens: 7, model: 'tiny' },
      finish: 'stop',
      servedBy: 'tiny-1',
      fingerprint: 'fp-1',
    });
    expect(shown).toEqual(['Hello ', 'from ', 'the ', 'server.']);
    expect(asked[0]).toMatchObject({ path: '/v1/chat/completions', authorization: 'Bearer sk-secret-key' });
    expect(asked[0]?.body).toEqual({
      model: 'tiny',
      messages: requestOf().messages,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it('a reply without a reported usage has an estimated one that is marked as such', async () => {
    const { model } = await modelAt((response) => {
      begin(response);
      event(response, delta('Hello there', 'stop'));
      response.end();
    });
    expect(await model.reply(requestOf())).toMatchObject({
      text: 'Hello there',
      usage: { inputTokens: 5, outputTokens: 3, model: 'tiny', estimated: true },
    });
  });

  it('a reply is read from a server that does not stream', async () => {
    const { model } = await modelAt((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ model: 'm', choices: [{ message: { content: 'Whole.' }, finish_reason: 'stop' }] }),
      );
    });
    expect(await model.reply(requestOf())).toMatchObject({ kind: 'text', text: 'Whole.' });
  });

  it('a reply comes from the model and with the seed of the request', async () => {
    const { model, asked } = await modelAt((response) => answer(response, 'Hi.'));
    const reply = await model.reply(requestOf({ model: 'large', seed: 7 }));
    expect(reply).toMatchObject({ usage: { model: 'large' }, servedBy: 'tiny-1' });
    expect(asked[0]?.body).toMatchObject({ model: 'large', seed: 7 });
  });

  it('a reply needs no key from a server that requires none', async () => {
    const { model } = await modelAt((response) => answer(response, 'Hi'), { apiKey: undefined });
    expect(await model.reply(requestOf())).toMatchObject({ kind: 'text' });
  });
});

describe('a parameter that the server refuses', () => {
  it('a refused parameter is renamed permanently when it is the limit of tokens', async () => {
    const { model, asked, lessons } = await modelAt((response, { body }) =>
      'max_tokens' in body
        ? refuse(response, 400, {
            message: "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
            code: 'unsupported_parameter',
            param: 'max_tokens',
          })
        : answer(response, 'Hi'),
    );
    for (let i = 0; i < 2; i++) {
      expect(await model.reply(requestOf({ maxOutputTokens: 9 }))).toMatchObject({ kind: 'text' });
    }
    expect(asked.map(({ body }) => body.max_completion_tokens)).toEqual([undefined, 9, 9]);
    expect(lessons).toEqual([{ parameter: 'max_tokens', instead: 'max_completion_tokens' }]);
  });

  it('a refused parameter is dropped when it is another one, also when only the message names it', async () => {
    const { model, asked } = await modelAt(
      (response, { body }) => {
        if ('stream_options' in body)
          refuse(response, 422, { message: 'stream_options: Extra inputs are not permitted' });
        else if ('temperature' in body)
          refuse(response, 400, { message: "'temperature' does not support 0.2" });
        else answer(response, 'Hi');
      },
      { temperature: 0.2 },
    );
    expect(await model.reply(requestOf({ seed: 5 }))).toMatchObject({ kind: 'text' });
    await model.reply(requestOf({ seed: 5 }));
    expect(asked).toHaveLength(4);
    expect(asked[3]?.body).toEqual({
      model: 'tiny',
      messages: requestOf().messages,
      stream: true,
      seed: 5,
    });
  });

  it('a refused parameter is learnt for the next grant when the present grant allows no second call', async () => {
    const { model, asked } = await modelAt((response, { body }) =>
      'stream_options' in body
        ? refuse(response, 400, { message: 'Unknown parameter: stream_options' })
        : answer(response, 'Hi.'),
    );
    const request = requestOf({ takeCall: () => false });
    expect(await model.reply(request)).toMatchObject({ kind: 'failed', reason: 'model-unavailable' });
    expect(asked).toHaveLength(1);
    expect(await model.reply(request)).toMatchObject({ kind: 'text', text: 'Hi.' });
  });

  it('no parameter is dropped when the request has another fault', async () => {
    const { model, asked } = await modelAt(
      (response) => refuse(response, 400, { message: 'temperature must be a number' }),
      { temperature: 0.2 },
    );
    expect(await model.reply(requestOf())).toMatchObject({ kind: 'failed', reason: 'model-rejected' });
    expect(asked).toHaveLength(1);
  });
});

describe('a failure is data: its reason, and whether another call may help', () => {
  it.each<[string, number, object, string, string | undefined]>([
    [
      'wrong key',
      401,
      { message: 'Incorrect API key provided: sk-secret-key' },
      'model-unauthorized',
      undefined,
    ],
    ['forbidden', 403, { message: 'no' }, 'model-unauthorized', undefined],
    ['unknown model', 404, { message: 'The model `tiny` does not exist' }, 'model-not-found', undefined],
    ['no quota', 429, { message: 'x', code: 'insufficient_quota' }, 'model-quota', undefined],
    ['too many', 429, { message: 'slow down' }, 'rate-limited', 'rate-limited'],
    ['timeout', 408, { message: 'x' }, 'model-unavailable', 'request-timeout'],
    ['conflict', 409, { message: 'x' }, 'model-unavailable', 'conflict'],
    ['overloaded', 503, { message: 'x' }, 'model-unavailable', 'server-error'],
    ['too long', 400, { message: 'x', code: 'context_length_exceeded' }, 'context-overflow', undefined],
    ['bad request', 400, { message: 'no such field: foo' }, 'model-rejected', undefined],
  ])('%s (%i)', async (_, status, error, reason, retry) => {
    const { model, asked } = await modelAt((response) => refuse(response, status, error));
    const reply = await model.reply(requestOf());
    expect(reply).toMatchObject({ kind: 'failed', reason });
    expect(reply.kind === 'failed' ? reply.retry?.reason : '').toBe(retry);
    expect(JSON.stringify(reply)).not.toContain('secret');
    expect(asked).toHaveLength(1);
  });

  it.each([
    [{ 'retry-after-ms': '1500', 'retry-after': '9' }, 1_500],
    [{ 'retry-after': '120' }, 120_000],
    [{ 'retry-after': 'soon' }, undefined],
  ])('a failure with %j asks to wait %s ms', async (headers, afterMs) => {
    const { model } = await modelAt((response) => refuse(response, 429, { message: 'x' }, headers));
    expect(await model.reply(requestOf())).toMatchObject({ retry: { reason: 'rate-limited', afterMs } });
  });

  it('a call without a server is a failure that may be retried', async () => {
    const { model } = await modelAt(() => {}, { baseURL: 'http://127.0.0.1:9/v1' });
    expect(await model.reply(requestOf())).toMatchObject({
      reason: 'model-unavailable',
      retry: { reason: 'connection' },
    });
  });

  it('a web page instead of the API is a failure', async () => {
    const { model } = await modelAt((response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html>Welcome</html>');
    });
    expect(await model.reply(requestOf())).toEqual({
      kind: 'failed',
      reason: 'model-rejected',
      detail: expect.stringMatching(/\/v1\/chat\/completions is a web page, not Chat Completions: Welcome$/),
    });
  });

  it.each<[string, Respond, string]>([
    [
      'ends before the reply does',
      (response) => {
        begin(response);
        event(response, delta('Half a'));
        response.end();
      },
      'broken-stream',
    ],
    [
      'is reset',
      (response) => {
        begin(response);
        event(response, delta('Half a'));
        setImmediate(() => response.destroy());
      },
      'connection',
    ],
    [
      'is not JSON',
      (response) => {
        begin(response);
        event(response, '{"choices": [');
        response.end();
      },
      'broken-stream',
    ],
    [
      'brings an error',
      (response) => {
        begin(response);
        event(response, { error: { message: 'the engine stopped' } });
        response.end();
      },
      'server-error',
    ],
  ])('a stream that %s', async (_, respond, reason) => {
    const { model } = await modelAt(respond);
    expect(await model.reply(requestOf())).toMatchObject({
      kind: 'failed',
      reason: 'model-unavailable',
      retry: { reason },
    });
  });

  it.each(['timed-out', 'interrupted'] as const)(
    'an abort in the middle of the stream is a failure (%s)',
    async (why) => {
      const { model } = await modelAt((response, _, call) => {
        if (call === 1) return answer(response, 'Whole.');
        begin(response);
        event(response, delta('Half a'));
      });
      const controller = new AbortController();
      await model.reply(requestOf());
      const reply = model.reply(
        requestOf({ signal: controller.signal, onText: () => controller.abort(why) }),
      );
      expect(await reply).toMatchObject({
        kind: 'failed',
        reason: why,
        partial: { text: 'Half a', usage: { estimated: true } },
      });
    },
  );

  it('an abort before the first byte is a failure', async () => {
    const controller = new AbortController();
    const { model } = await modelAt(() => controller.abort('timed-out'));
    const reply = await model.reply(requestOf({ signal: controller.signal }));
    expect(reply).toMatchObject({ kind: 'failed', reason: 'timed-out' });
  });

  it('a reply that the content filter stopped is a failure', async () => {
    const { model } = await modelAt((response) => {
      begin(response);
      event(response, delta('', 'content_filter'));
      response.end();
    });
    expect(await model.reply(requestOf())).toMatchObject({ kind: 'failed', reason: 'model-rejected' });
  });
});
