import { describe, expect, it } from 'vitest';
import { failureOf } from '../../src/models/openai/openai-failures.ts';
import { wordsOf } from '../../src/models/openai/server-words.ts';

const refusal = (status: number, body: unknown) =>
  failureOf(
    {
      source: 'by-status',
      status,
      headers: {},
      words: wordsOf(body),
      url: 'http://host/v1/chat/completions',
    },
    0,
  );

describe('a refusal of a prompt that is too long', () => {
  it.each<[string, number, unknown, number | undefined]>([
    [
      'llama.cpp',
      400,
      {
        error: {
          type: 'exceed_context_size_error',
          message:
            'request (1300 tokens) exceeds the available context size (1024 tokens), try increasing it',
          n_ctx: 1024,
        },
      },
      1024,
    ],
    [
      'OpenAI',
      400,
      {
        error: {
          code: 'context_length_exceeded',
          message:
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
        },
      },
      8192,
    ],
    ['Anthropic', 400, { error: { message: 'prompt is too long: 210000 tokens > 200000 maximum' } }, 200_000],
    [
      'Gemini',
      400,
      {
        error: {
          message: 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
        },
      },
      1_048_576,
    ],
    [
      'Groq',
      413,
      {
        error: {
          message: 'Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 6502',
        },
      },
      6_000,
    ],
    [
      'OpenAI, for a request that is larger than the rate',
      429,
      {
        error: {
          code: 'rate_limit_exceeded',
          message: 'Request too large for m on tokens per min (TPM): Limit 10000, Requested 12000.',
        },
      },
      10_000,
    ],
    [
      'text-generation-inference',
      422,
      {
        error:
          'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 `inputs` tokens and 500 `max_new_tokens`',
      },
      4_096,
    ],
    ['Together', 422, { error: { message: '`inputs` must have less than 4096 tokens. Given: 5000' } }, 4_096],
    [
      'Mistral',
      400,
      { message: 'Prompt contains 40000 tokens, too large for model with 32768 maximum context length' },
      32_768,
    ],
    [
      'Anthropic, with the output',
      400,
      {
        error: {
          message: 'input length and `max_tokens` exceed context limit: 199000 + 4096 > 200000, decrease',
        },
      },
      200_000,
    ],
    [
      'Cohere',
      400,
      {
        message: 'too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000.',
      },
      4_081,
    ],
    [
      'xAI',
      400,
      { error: "This model's maximum prompt length is 131072 but the request contains 140000 tokens." },
      131_072,
    ],
    ['a server that names no size', 413, 'Request Entity Too Large', undefined],
  ])(
    'a refusal of a prompt that is too long names the size of the context: %s',
    (_, status, body, contextTokens) => {
      expect(refusal(status, body)).toMatchObject({ reason: 'context-overflow', contextTokens });
    },
  );
});
