import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBody } from '../../src/models/openai/chat-body.ts';
import { ChatReply } from '../../src/models/openai/chat-reply.ts';
import { jsonValues } from '../../src/models/openai/chat-values.ts';
import { modelAt } from './model-at.ts';
import { answer, begin, delta, event } from './model-server.ts';
import { requestOf } from './requests.ts';

const whole = JSON.stringify({
  model: 'm',
  choices: [{ message: { content: 'Tea.' }, finish_reason: 'stop' }],
});
const open = JSON.stringify({ choices: [{ message: { content: 'Tea.' } }] });
const piece = (value: object) => `data: ${JSON.stringify(value)}\n\n`;
const tea = piece(delta('Tea.'));
const stop = piece(delta('', 'stop'));
const sse = 'text/event-stream';

/** Bodies of the field, each with the content type that the server gave it. */
const bodies: readonly (readonly [string, string | undefined, string])[] = [
  ['a stream', sse, `${tea}${stop}data: [DONE]\n\n`],
  ['a stream without finish_reason', sse, `${tea}data: [DONE]\n\n`],
  ['a stream without [DONE]', sse, `${tea}${stop}`],
  ['a stream without its last blank line', sse, `${tea}data: [DONE]`],
  ['a stream with blanks around [DONE]', sse, `${tea}data:  [DONE] \n\n`],
  [
    'a stream with comments and empty events',
    sse,
    `: ping\n\n${tea}data:\n\n: ping\n\n${stop}data: [DONE]\n\n`,
  ],
  ['a stream with other fields', sse, `event: message\nid: 1\nretry: 5\n${tea}${stop}`],
  ['a stream of CRLF', sse, `${tea}${stop}`.replaceAll('\n', '\r\n')],
  ['a stream with a byte order mark', sse, `\ufeff${tea}${stop}`],
  ['a stream under application/json', 'application/json', `${tea}${stop}`],
  ['a stream without a content type', undefined, `${tea}${stop}`],
  [
    'a stream of messages instead of deltas',
    sse,
    piece({ choices: [{ message: { content: 'Tea.' }, finish_reason: 'stop' }] }),
  ],
  [
    'a stream without blank lines between its events',
    sse,
    `${tea}${stop}data: [DONE]\n\n`.replaceAll('\n\n', '\n'),
  ],
  ['a stream with something else behind its end', sse, `${tea}${stop}data: bye\n\n`],
  ['a stream with NaN in it', sse, `${tea.replace('"index":0', '"logprobs":NaN,"index":0')}${stop}`],
  [
    'a stream whose usage is its last word',
    sse,
    `${tea}${piece({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } })}`,
  ],
  ['a stream with [done] in lower case', sse, `${tea}data: [done]\n\n`],
  ['a stream with DONE in quotes', sse, `${tea}data: "[DONE]"\n\n`],
  ['a stream that an event ends', sse, `${tea}event: done\ndata: {}\n\n`],
  [
    'a stream whose events have the field name twice',
    sse,
    `${tea}${stop}`.replaceAll('data:', 'data: data:'),
  ],
  ['a stream of lines with blanks before them', sse, `${tea}${stop}`.replaceAll('data:', '  data:')],
  ['a stream with a byte order mark in every piece', sse, `${tea}\ufeff${stop}`],
  ['a stream with words that keep it alive', sse, `data: ping\n\ndata: : keep-alive\n\n${tea}${stop}`],
  ['one object behind the comments of a stream', sse, `: ping\n\n: ping\n\n${whole}`],
  [
    'a stream with an error of code 0 in it',
    sse,
    `${piece({ ...delta('Tea.'), error: { code: 0, message: '' } })}${stop}`,
  ],
  ['one object', 'application/json', whole],
  ['one object without finish_reason', 'application/json', open],
  ['one object as text', 'text/plain; charset=utf-8', whole],
  ['one object without a content type', undefined, whole],
  ['one object behind blanks that keep the connection alive', 'application/json', `\n\n  \n${whole}\n`],
  ['one object and [DONE] as a stream', sse, `${whole}data: [DONE]\n\n`],
  [
    'chunks as lines of JSON',
    'application/x-ndjson',
    `${JSON.stringify(delta('Te'))}\n${JSON.stringify(delta('a.', 'stop'))}\n`,
  ],
];

describe('a reply of any server', () => {
  it.each(bodies)('a reply is read from %s', async (_, type, body) => {
    const { model, asked } = await modelAt((response) => {
      response.writeHead(200, type === undefined ? {} : { 'content-type': type }).end(body);
    });
    expect(await model.reply(requestOf())).toMatchObject({ kind: 'text', text: 'Tea.' });
    expect(asked).toHaveLength(1);
  });

  it('a reply is the same at whatever bytes its body is split', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...bodies),
        fc.array(fc.nat(300), { maxLength: 12 }),
        async ([, type, body], cuts) => {
          const bytes = Buffer.from(body.replaceAll('Tea.', 'Té 😀.'));
          const places = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort(
            (a, b) => a - b,
          );
          async function* pieces() {
            for (let at = 1; at < places.length; at++) yield bytes.subarray(places[at - 1], places[at]);
          }
          const reply = new ChatReply(() => {});
          const read = await readBody(pieces(), type ?? '', (one) => reply.take(one));
          if (read.kind === 'json') for (const value of jsonValues(read.text)) reply.add(value);
          expect(reply.text).toBe(body.includes('Tea.') ? 'Té 😀.' : 'Tea.');
        },
      ),
      { seed: 7, numRuns: 1_000 },
    );
  });

  it.each<[string, string, string]>([
    ['a stream that is cut', tea, 'broken-stream'],
    ['a stream of nothing', ': ping\n\n', 'broken-stream'],
    ['an object that is cut', whole.slice(0, -5), 'broken-stream'],
    ['an empty body', '', 'broken-stream'],
    ['finish_reason: error', `${tea}${piece(delta('', 'error'))}`, 'server-error'],
    ['event: error', `${tea}event: error\ndata: the engine stopped\n\n`, 'server-error'],
    ['a text in the stream', `${tea}data: upstream closed\n\n`, 'server-error'],
    ['a text in the place of a stream', 'Internal Server Error', 'server-error'],
    ['an error field, as of llama.cpp', `${tea}error: {"code":503,"message":"x"}\n\n`, 'server-error'],
    ['event: Error', `${tea}event: Error\ndata: {"code":503}\n\n`, 'server-error'],
    ['finish_reason: abort', `${tea}${piece(delta('', 'abort'))}`, 'server-error'],
    [
      'an error with a code that counts like a status',
      piece({ error: { code: 429, message: 'x' } }),
      'rate-limited',
    ],
  ])('is no reply, and is asked for again: %s', async (_, body, reason) => {
    const { model } = await modelAt(
      (response) => response.writeHead(200, { 'content-type': sse }).end(body) as never,
    );
    expect(await model.reply(requestOf())).toMatchObject({ kind: 'failed', retry: { reason } });
  });

  it('a reply is read when its answer is shorter than the length that the server names', async () => {
    const { model, asked } = await modelAt((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': whole.length + 9 });
      response.write(whole, () => response.destroy());
    });
    expect(await model.reply(requestOf())).toMatchObject({ kind: 'text', text: 'Tea.' });
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['latin1', 'iso-8859-1'],
    ['utf16le', 'utf-16'],
    ['utf8', 'no-such-charset'],
    ['utf8', 'iso-8859-1'],
  ] as const)('a reply in %s is read by the charset %s of its content type', async (encoding, charset) => {
    const { model } = await modelAt((response) => {
      response.writeHead(200, { 'content-type': `application/json; charset=${charset}` });
      response.end(Buffer.from(whole.replace('Tea.', 'Thé.'), encoding));
    });
    expect(await model.reply(requestOf())).toMatchObject({ kind: 'text', text: 'Thé.' });
  });

  it('a stream of events is read as UTF-8 also when its content type names another charset', async () => {
    const { model } = await modelAt((response) => {
      response.writeHead(200, { 'content-type': `${sse}; charset=ISO-8859-1` });
      response.end(`${piece(delta('Thé', 'stop'))}data: [DONE]\n\n`);
    });
    expect(await model.reply(requestOf())).toMatchObject({ kind: 'text', text: 'Thé' });
  });

  it('a reply is read behind several content codings', async () => {
    const { model } = await modelAt((response) => {
      response.writeHead(200, { 'content-encoding': 'identity, gzip, Deflate' });
      response.end(deflateSync(gzipSync(whole)));
    });
    expect(await model.reply(requestOf())).toMatchObject({ kind: 'text', text: 'Tea.' });
  });

  it('a reply is complete when the connection is lost after its end, or when the server does not end its answer', async () => {
    const { model } = await modelAt((response, _, call) => {
      begin(response);
      event(response, delta('All of it', 'stop'));
      if (call === 1) setImmediate(() => response.destroy());
    });
    expect(await model.reply(requestOf())).toMatchObject({ kind: 'text', text: 'All of it' });
    expect(await model.reply(requestOf())).toMatchObject({ kind: 'text', text: 'All of it' });
  });

  it('a reply is not streamed before an earlier complete reply has shown that it contains no reasoning', async () => {
    const texts = ['One two.', 'Three four.', 'SECRET</think>Five.', 'SECRET</think>Six.'];
    const { model } = await modelAt((response, _, call) => answer(response, texts[call - 1]!));
    const shown: string[][] = [];
    for (const _ of texts) {
      const pieces: string[] = [];
      await model.reply(requestOf({ onText: (text) => pieces.push(text) }));
      shown.push(pieces);
    }
    expect(shown.map(({ length }) => length)).toEqual([1, 2, 1, 0]);
    const hidden = await modelAt((response) => answer(response, 'SECRET</think>Five.'));
    const pieces: string[] = [];
    await hidden.model.reply(requestOf({ onText: (text) => pieces.push(text) }));
    expect(pieces).toEqual([]);
  });
});
