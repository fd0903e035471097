import { describe, expect, it } from 'vitest';
import type { ModelFailure } from '../../src/models/model.ts';
import { failureOf, type Refusal } from '../../src/models/openai/openai-failures.ts';
import { wordsOf } from '../../src/models/openai/server-words.ts';

const url = 'http://host/v1/chat/completions';
const refusal = (status: number, body: unknown, headers: Refusal['headers'] = {}): ModelFailure =>
  failureOf({ source: 'by-status', status, headers, words: wordsOf(body), url }, Date.UTC(2026, 0, 1));

const gemini = [
  {
    error: {
      code: 429,
      message:
        'You exceeded your current quota, please check your plan and billing details.\nPlease retry in 18.2s.',
      status: 'RESOURCE_EXHAUSTED',
      details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '19s' }],
    },
  },
];

describe('a refusal by its status', () => {
  it.each<[string, number, unknown, string, string | undefined, number | undefined]>([
    [
      'a key that is refused',
      401,
      { error: { message: 'Incorrect API key' } },
      'model-unauthorized',
      undefined,
      undefined,
    ],
    [
      'a region',
      403,
      { error: { code: 'unsupported_country', message: 'Country not supported' } },
      'model-unauthorized',
      undefined,
      undefined,
    ],
    [
      'moderation',
      403,
      { error: { code: 403, message: 'Your input was flagged', metadata: { reasons: ['violence'] } } },
      'model-rejected',
      undefined,
      undefined,
    ],
    [
      'a model that is not there',
      404,
      { error: 'model "x" not found, try pulling it first' },
      'model-not-found',
      undefined,
      undefined,
    ],
    [
      'a model that is not there, as a 400',
      400,
      { error: { message: 'The model `x` does not exist' } },
      'model-not-found',
      undefined,
      undefined,
    ],
    ['a rate with a wait in the body', 429, gemini, 'rate-limited', 'rate-limited', 19_000],
    [
      'a rate with a wait in words',
      429,
      { error: { message: 'Rate limit. Please try again in 1m2.5s.' } },
      'rate-limited',
      'rate-limited',
      62_500,
    ],
    [
      'a quota',
      429,
      { error: { code: 'insufficient_quota', message: 'x. Retry in 5s' } },
      'model-quota',
      undefined,
      undefined,
    ],
    [
      'words of billing without a wait',
      429,
      { error: { message: 'check your billing' } },
      'model-quota',
      undefined,
      undefined,
    ],
    [
      'a credit balance',
      400,
      { error: { message: 'Your credit balance is too low' } },
      'model-quota',
      undefined,
      undefined,
    ],
    ['a payment', 402, { error: { message: 'Insufficient credits' } }, 'model-quota', undefined, undefined],
    [
      'a model that is loading',
      503,
      { error: { message: 'Loading model', code: 503 } },
      'model-loading',
      'loading',
      undefined,
    ],
    [
      'a model that is loading, in the words of llama.cpp',
      503,
      { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } },
      'model-loading',
      'loading',
      undefined,
    ],
    [
      'a rate by its code, with words of billing',
      429,
      { error: { code: 'rate_limit_exceeded', message: 'Upgrade at https://host/settings/billing' } },
      'rate-limited',
      'rate-limited',
      undefined,
    ],
    [
      'a rate with a wait without a unit',
      429,
      { error: { message: 'Too many requests. Retry after 30.' } },
      'rate-limited',
      'rate-limited',
      30_000,
    ],
    [
      'a rate with a wait in Chinese',
      429,
      { error: { message: '请求过多，请在 19 秒后重试' } },
      'rate-limited',
      'rate-limited',
      19_000,
    ],
    [
      'an unpaid account',
      400,
      { code: 'Arrearage', message: 'Access denied' },
      'model-quota',
      undefined,
      undefined,
    ],
    [
      'a model that loads for a known time',
      503,
      { error: 'Model x is currently loading', estimated_time: 20.5 },
      'model-loading',
      'loading',
      20_500,
    ],
    [
      'a model that is loading, as a 404',
      404,
      { error: { message: 'model is loading' } },
      'model-loading',
      'loading',
      undefined,
    ],
    [
      'a model that cannot be loaded',
      500,
      { error: 'error loading model: out of memory' },
      'model-unavailable',
      'server-error',
      undefined,
    ],
    [
      'an overload',
      529,
      { error: { type: 'overloaded_error', message: 'Overloaded' } },
      'model-unavailable',
      'server-error',
      undefined,
    ],
    ['a bad request', 400, { error: { message: 'no such field' } }, 'model-rejected', undefined, undefined],
    [
      'the detail of FastAPI',
      422,
      { detail: [{ loc: ['body', 'x'], msg: 'field required' }] },
      'model-rejected',
      undefined,
      undefined,
    ],
    ['a plain text', 400, 'nothing of that kind', 'model-rejected', undefined, undefined],
    ['no word at all', 500, '', 'model-unavailable', 'server-error', undefined],
  ])('%s', (_, status, body, reason, retry, afterMs) => {
    const failure = refusal(status, body);
    expect(failure).toMatchObject({ reason });
    expect([failure.retry?.reason, failure.retry?.afterMs]).toEqual([retry, afterMs]);
    expect(failure.detail).toContain(`HTTP ${status} from ${url}: `);
  });

  it.each([
    [{ 'retry-after-ms': '1500', 'retry-after': '9' }, 1_500],
    [{ 'retry-after': '120' }, 120_000],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' }, 60_000],
    [{ 'x-ratelimit-reset-requests': '1s', 'x-ratelimit-remaining-requests': '0' }, 1_000],
    [
      {
        'x-ratelimit-reset-tokens': '6m0s',
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-requests': '1s',
        'x-ratelimit-remaining-requests': '9',
      },
      360_000,
    ],
    [{ 'x-ratelimit-reset': '1767225630' }, 30_000],
    [{ 'anthropic-ratelimit-tokens-reset': '2026-01-01T00:00:05Z' }, 5_000],
    [{ 'x-retry-after': '5' }, 5_000],
    [{ ratelimit: 'limit=10, remaining=0, reset=5' }, 5_000],
    [{ ratelimit: '"default";r=0;t=5' }, 5_000],
    [{ 'retry-after': 'soon' }, undefined],
  ])('a refusal with %j asks to wait %s ms', (headers, afterMs) => {
    expect(refusal(429, { error: { message: 'slow down' } }, headers).retry).toEqual({
      reason: 'rate-limited',
      afterMs,
    });
  });
});
