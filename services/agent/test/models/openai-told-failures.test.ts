import { describe, expect, it } from 'vitest';
import type { ModelFailure } from '../../src/models/model.ts';
import { connectionFailure, failureOf } from '../../src/models/openai/openai-failures.ts';
import { pageText, wordsOf } from '../../src/models/openai/server-words.ts';

const url = 'http://host/v1/chat/completions';
const failureIn = (source: 'in-body' | 'in-stream', body: unknown): ModelFailure =>
  failureOf({ source, status: 200, headers: {}, words: wordsOf(body), url }, 0);

describe('an error behind a status of success', () => {
  it.each<[string, unknown, string, string | undefined]>([
    [
      'a code that counts like a status',
      { error: { code: 429, message: 'limited' } },
      'rate-limited',
      'rate-limited',
    ],
    ['a code as a text', { error: { code: '503', message: 'x' } }, 'model-unavailable', 'server-error'],
    ['a code by name', { error: { type: 'rate_limit_error', message: 'x' } }, 'rate-limited', 'rate-limited'],
    [
      'a refused key by name',
      { error: { code: 'invalid_api_key', message: 'x' } },
      'model-unauthorized',
      undefined,
    ],
    [
      'vLLM',
      { object: 'error', code: 404, message: 'The model `tiny` does not exist.' },
      'model-not-found',
      undefined,
    ],
    [
      'LM Studio',
      { error: 'Unexpected endpoint or method. (POST /chat/completions)' },
      'model-rejected',
      undefined,
    ],
    [
      'the words of the provider',
      {
        error: {
          code: 502,
          message: 'Provider returned error',
          metadata: { raw: '{"error":{"message":"the GPU fell out"}}' },
        },
      },
      'model-unavailable',
      'server-error',
    ],
  ])('in a body: %s', (_, body, reason, retry) => {
    const failure = failureIn('in-body', body);
    expect(failure).toMatchObject({ reason });
    expect(failure.retry?.reason).toBe(retry);
    expect(failure.detail).toContain(url);
  });

  it.each<[string, unknown, string]>([
    ['a text', 'upstream closed the connection', 'server-error'],
    ['an unknown error', { error: { message: 'the engine stopped' } }, 'server-error'],
    ['a rate', { error: { code: 429, message: 'limited' } }, 'rate-limited'],
  ])('in a stream: %s', (_, body, retry) => {
    expect(failureIn('in-stream', body).retry?.reason).toBe(retry);
  });

  it('an error behind a status of success has the text of the provider after that of the gateway', () => {
    const raw = JSON.stringify({ error: { message: 'the GPU fell out' } });
    expect(
      failureIn('in-body', { error: { code: 502, message: 'Provider error', metadata: { raw } } }).detail,
    ).toContain('Provider error: the GPU fell out');
  });
});

describe('a page of HTML', () => {
  it('an error page of HTML is shortened to its title and its text', () => {
    const page = `<html><head><title>502 Bad Gateway</title><style>${'x'.repeat(9_000)}</style></head><body><h1>nginx &amp; co</h1></body></html>`;
    expect(pageText(page)).toBe('502 Bad Gateway: nginx & co');
    expect(wordsOf(page).text).toBe('502 Bad Gateway: nginx & co');
  });
});

describe('a connection that fails', () => {
  it.each<[string, object, string, string | undefined]>([
    [
      'no server listens',
      { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 127.0.0.1:9' },
      'model-unavailable',
      'connection',
    ],
    [
      'no such host',
      { code: 'ENOTFOUND', message: 'getaddrinfo ENOTFOUND host' },
      'model-unavailable',
      'connection',
    ],
    [
      'a certificate of its own',
      { code: 'DEPTH_ZERO_SELF_SIGNED_CERT', message: 'self-signed certificate' },
      'model-rejected',
      undefined,
    ],
    [
      'an http server that is asked by https',
      { code: 'EPROTO', message: 'wrong version number' },
      'model-rejected',
      undefined,
    ],
  ])('%s', (_, error, reason, retry) => {
    const failure = connectionFailure(error, url);
    expect(failure).toMatchObject({ reason });
    expect(failure.retry?.reason).toBe(retry);
    expect(failure.detail).toContain(url);
  });
});
