import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bounds } from '../../src/models/openai/chat-body.ts';
import { isNear } from '../../src/models/openai/connection/http-exchange.ts';
import { makeOpenAI } from '../../src/models/openai/openai.ts';
import { modelAt } from './model-at.ts';
import { answer, begin, delta, event, type Respond, refuse } from './model-server.ts';
import { requestOf } from './requests.ts';

const whole = JSON.stringify({
  model: 'm',
  choices: [{ message: { content: 'Tea.' }, finish_reason: 'stop' }],
});
const piece = (value: object) => `data: ${JSON.stringify(value)}\n\n`;
const sse = 'text/event-stream';

describe('what is read of a server is bounded', () => {
  const endless =
    (head: string, part: string, headers: object): Respond =>
    (response) => {
      response.on('error', () => {});
      response.writeHead(200, headers as never).write(head);
      const go = () => {
        while (!response.destroyed && response.write(part));
        if (!response.destroyed) response.once('drain', go);
      };
      go();
    };
  it.each<[string, Respond, object]>([
    [
      'an event without end',
      endless('data: {"a":"', 'a'.repeat(65_536), { 'content-type': sse }),
      { reason: 'model-rejected', detail: expect.stringContaining('an event of the stream is longer') },
    ],
    [
      'a stream of events without a reply',
      endless('', piece({ choices: [], padding: 'x'.repeat(2_000) }).repeat(100), { 'content-type': sse }),
      { reason: 'model-rejected', detail: expect.stringContaining('the stream is longer') },
    ],
    [
      'an object without end',
      endless('{"a":"', 'a'.repeat(65_536), {}),
      { reason: 'model-rejected', detail: expect.stringContaining('the answer is longer') },
    ],
    [
      'what is packed a thousandfold',
      (response) =>
        response
          .writeHead(200, { 'content-encoding': 'gzip' })
          .end(gzipSync(Buffer.alloc(40 * bounds.body, 0x7b))) as never,
      { reason: 'model-rejected', detail: expect.stringContaining('the answer is longer') },
    ],
    [
      'the body of a refusal',
      (response) => response.writeHead(500).end(`{"error":{"message":"${'a'.repeat(2_000_000)}`) as never,
      { reason: 'model-unavailable' },
    ],
  ])(
    '%s',
    async (_, respond, failure) => {
      const { model } = await modelAt(respond);
      expect(await model.reply(requestOf())).toMatchObject({ kind: 'failed', ...failure });
    },
    120_000,
  );

  it('a reply without an end is truncated', async () => {
    const { model } = await modelAt(
      endless('', piece(delta('word '.repeat(200))).repeat(20), { 'content-type': sse }),
    );
    expect(await model.reply(requestOf())).toMatchObject({ kind: 'text', finish: 'length' });
  }, 120_000);
});

describe('what a server is told, and what is said of it', () => {
  it('a redirect is not followed, and the error names the URL to set', async () => {
    const { model, asked, url } = await modelAt(
      (response) => response.writeHead(301, { location: '/api/v1/chat/completions' }).end() as never,
    );
    const there = url.replace('/v1', '/api/v1');
    expect(await model.reply(requestOf())).toMatchObject({
      reason: 'model-rejected',
      detail: expect.stringContaining(`set OPENAI_BASE_URL to ${there}`),
    });
    expect(asked).toHaveLength(1);
  });

  it('the user and the password of the URL are sent as Basic authorization and never shown', async () => {
    const seen: (string | undefined)[] = [];
    const server = await modelAt((response, { authorization }) => {
      seen.push(authorization);
      refuse(response, 401, { message: `no hunter2%40secret, hunter2@secret or ${authorization}` });
    });
    const baseURL = server.url.replace('//', '//bob:hunter2%40secret@');
    const { model } = await modelAt(() => {}, { baseURL, apiKey: undefined });
    const reply = await model.reply(requestOf());
    expect(seen).toEqual([`Basic ${Buffer.from('bob:hunter2@secret').toString('base64')}`]);
    expect(JSON.stringify(reply)).not.toMatch(/hunter2|Ym9i/);
  });

  it('the query of the URL is sent with each request, and doubled slashes are removed', async () => {
    const server = await modelAt((response) => answer(response, 'Hi.'));
    const baseURL = `${server.url.replace('/v1', '//v1/')}?api-version=1`;
    const other = makeOpenAI({
      apiKey: undefined,
      baseURL,
      model: 'm',
      temperature: undefined,
      onLesson: () => {},
    });
    await other.reply(requestOf());
    expect(server.asked[0]?.path).toBe('/v1/chat/completions?api-version=1');
  });

  it('the available models are named when the requested one does not exist', async () => {
    const missing: Respond = (response) => refuse(response, 404, { message: 'model "tiny" not found' });
    const { model } = await modelAt(missing, {}, ['llama3.2:1b', 'qwen3:4b']);
    expect(await model.reply(requestOf())).toMatchObject({
      reason: 'model-not-found',
      detail: expect.stringContaining('the server has llama3.2:1b, qwen3:4b: set OPENAI_MODEL'),
    });
  });

  it('reasoning is sent back with its reply after the server has asked for it', async () => {
    const { model, asked } = await modelAt((response, { body }) => {
      if (body.messages.some((message) => message.role === 'assistant' && !('reasoning_content' in message)))
        return refuse(response, 400, {
          message: 'The `reasoning_content` in the thinking mode must be passed back to the API.',
        });
      begin(response);
      event(response, { choices: [{ delta: { reasoning_content: 'They want tea.' } }] });
      event(response, delta('Tea.', 'stop'));
      response.end();
    });
    await model.reply(requestOf());
    const messages = [
      ...requestOf().messages,
      { role: 'assistant', content: 'Tea.' } as const,
      { role: 'assistant', content: 'Else.' } as const,
    ];
    expect(await model.reply(requestOf({ messages }))).toMatchObject({ kind: 'text' });
    expect(asked.at(-1)?.body.messages.slice(2)).toEqual([
      { role: 'assistant', content: 'Tea.', reasoning_content: 'They want tea.' },
      { role: 'assistant', content: 'Else.', reasoning_content: '' },
    ]);
  });

  it.each([
    [
      'the most tokens of a reply',
      'max_tokens is too large: 9000. This model supports at most 4096 completion tokens.',
      'max_tokens',
      4_096,
    ],
    ['that it does not stream', 'stream is not supported', 'stream', undefined],
  ])('a refusal of a server is learnt: %s', async (_, message, parameter, value) => {
    const { model, asked } = await modelAt((response, { body }, call) =>
      call === 1
        ? refuse(response, 400, { message })
        : response.end(whole) && expect(body[parameter]).toBe(value),
    );
    expect(await model.reply(requestOf({ maxOutputTokens: 9_000 }))).toMatchObject({ text: 'Tea.' });
    expect(asked).toHaveLength(2);
  });

  it('a seed is sent only when the request has one', async () => {
    const { model, asked } = await modelAt((response) => answer(response, 'Hi.'));
    await model.reply(requestOf());
    await model.reply(requestOf({ seed: 2 }));
    expect(asked.map(({ body }) => body.seed)).toEqual([undefined, 2]);
  });

  it('a server is reached through the proxy of the operator, unless it is near', async () => {
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      answer(response, 'Hi.');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => proxy.close() && proxy.closeAllConnections());
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const proxies = { http: url, https: url, except: 'direct.example' };
    const far = await modelAt(() => {}, { baseURL: 'http://model.example/v1', proxies });
    expect(await far.model.reply(requestOf())).toMatchObject({ text: 'Hi.' });
    expect(asked).toEqual(['POST http://model.example/v1/chat/completions']);
    const near = await modelAt((response) => answer(response, 'Near.'), { proxies });
    expect(await near.model.reply(requestOf())).toMatchObject({ text: 'Near.' });
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['http://localhost:1', true],
    ['http://127.1.2.3', true],
    ['http://[::1]:1', true],
    ['http://ollama:11434', true],
    ['http://host.docker.internal', true],
    ['http://gateway.docker.internal', true],
    ['http://host.containers.internal', true],
    ['http://0.0.0.0:1', true],
    ['http://[::]:1', true],
    ['http://localhost.:1', true],
    ['http://vertex.internal', false],
    ['http://10.0.0.1', false],
    ['https://api.openai.com', false],
  ])('the host %s is near: %s', (url, near) => {
    expect(isNear(new URL(url))).toBe(near);
  });
});
