import { describe, expect, it } from 'vitest';
import { chatPart, jsonValues, parseLenient } from '../../src/models/openai/chat-values.ts';

const chunk = (choice: object, more: object = {}) => ({ choices: [{ index: 0, ...choice }], ...more });

describe('the text of a chunk', () => {
  it.each([
    ['a text', chunk({ delta: { content: 'Tea.' } }), 'Tea.', ''],
    [
      'a list of parts',
      chunk({
        delta: {
          content: [
            { type: 'text', text: 'Te' },
            { type: 'text', text: 'a.' },
          ],
        },
      }),
      'Tea.',
      '',
    ],
    ['one part that is no list', chunk({ delta: { content: { type: 'text', text: 'Tea.' } } }), 'Tea.', ''],
    [
      'a part of the Responses dialect',
      chunk({ delta: { content: [{ type: 'output_text', text: 'Tea.' }] } }),
      'Tea.',
      '',
    ],
    [
      'a part whose text is an object',
      chunk({ delta: { content: [{ type: 'text', text: { value: 'Tea.' } }] } }),
      'Tea.',
      '',
    ],
    [
      'a thinking part',
      chunk({ delta: { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] } }),
      '',
      'hm',
    ],
    ['a reasoning part', chunk({ delta: { content: [{ type: 'reasoning', text: 'hm' }] } }), '', 'hm'],
    ['a part with content', chunk({ delta: { content: [{ type: 'text', content: 'Tea.' }] } }), 'Tea.', ''],
    ['a delta of a part', chunk({ delta: { content: [{ type: 'text_delta', text: 'Tea.' }] } }), 'Tea.', ''],
    ['a refusing part', chunk({ delta: { content: [{ type: 'refusal', refusal: 'No.' }] } }), 'No.', ''],
    ['an image', chunk({ delta: { content: [{ type: 'image_url', image_url: { url: 'x' } }] } }), '', ''],
    ['numbers, null and nothing', chunk({ delta: { content: [1, null, {}, [], true] } }), '', ''],
    ['a number', chunk({ delta: { content: 7 } }), '', ''],
    ['null', chunk({ delta: { content: null } }), '', ''],
    ['message instead of delta', chunk({ message: { content: 'Tea.' } }), 'Tea.', ''],
    ['the text of the older API', chunk({ text: 'Tea.' }), 'Tea.', ''],
    ['a refusal', chunk({ delta: { refusal: 'No.' } }), 'No.', ''],
    ['reasoning_content', chunk({ delta: { reasoning_content: 'hm' } }), '', 'hm'],
    ['reasoning', chunk({ delta: { reasoning: 'hm', content: 'Tea.' } }), 'Tea.', 'hm'],
    [
      'reasoning_details',
      chunk({ delta: { reasoning_details: [{ type: 'reasoning.text', text: 'hm' }] } }),
      '',
      'hm',
    ],
    ['no choice', { choices: [] }, '', ''],
    ['choices that are no list', { choices: 'x' }, '', ''],
    ['a choice that is null', { choices: [null] }, '', ''],
    ['a list around it', [chunk({ delta: { content: 'Tea.' } })], 'Tea.', ''],
    ['a text in its place', 'Tea.', '', ''],
    ['null in its place', null, '', ''],
  ])('the text of a chunk is read from %s', (_, value, text, reasoning) => {
    expect(chatPart(value)).toMatchObject({ text, reasoning, error: undefined });
  });
});

describe('the usage of a chunk', () => {
  it.each([
    [
      'the names of OpenAI',
      { usage: { prompt_tokens: 11, completion_tokens: 7 } },
      { inputTokens: 11, outputTokens: 7 },
    ],
    [
      'the names of Anthropic',
      { usage: { input_tokens: 11, output_tokens: 7 } },
      { inputTokens: 11, outputTokens: 7 },
    ],
    [
      'the place of Groq',
      { x_groq: { usage: { prompt_tokens: 11, completion_tokens: 7 } } },
      { inputTokens: 11, outputTokens: 7 },
    ],
    ['the names of Ollama', { prompt_eval_count: 11, eval_count: 7 }, { inputTokens: 11, outputTokens: 7 }],
    [
      'the names of Gemini',
      { usageMetadata: { promptTokenCount: 11, candidatesTokenCount: 7 } },
      { inputTokens: 11, outputTokens: 7 },
    ],
    [
      'the place of Cohere',
      { usage: { billed_units: {}, tokens: { input_tokens: 11, output_tokens: 7 } } },
      { inputTokens: 11, outputTokens: 7 },
    ],
    [
      'the input and the total',
      { usage: { prompt_tokens: 11, total_tokens: 18 } },
      { inputTokens: 11, outputTokens: 7 },
    ],
    ['a total below the input', { usage: { prompt_tokens: 11, total_tokens: 1 } }, undefined],
    [
      'cached tokens',
      { usage: { prompt_tokens: 11, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 5 } } },
      { inputTokens: 11, outputTokens: 7, cachedTokens: 5 },
    ],
    ['a fraction', { usage: { prompt_tokens: 11, completion_tokens: 2.25 } }, undefined],
    ['texts', { usage: { prompt_tokens: '11', completion_tokens: '7' } }, undefined],
    ['negative numbers', { usage: { prompt_tokens: -1, completion_tokens: -1 } }, undefined],
    ['a number too large to be exact', { usage: { prompt_tokens: 1e300, completion_tokens: 7 } }, undefined],
    ['half of it', { usage: { prompt_tokens: 11 } }, undefined],
    ['null', { usage: null }, undefined],
  ])('the usage of a chunk is read or ignored: %s', (_, more, usage) => {
    expect(chatPart(chunk({ delta: { content: 'x' } }, more)).usage).toEqual(usage);
  });
});

describe('the finish reason of a chunk', () => {
  it.each([
    ['stop', 'stop'],
    ['eos', 'eos'],
    ['length', 'length'],
    ['max_tokens', 'length'],
    ['MAX_TOKENS', 'length'],
    ['max_output_tokens', 'length'],
    ['model_length', 'length'],
    ['content_filter', 'content_filter'],
    ['SAFETY', 'content_filter'],
    ['sensitive', 'content_filter'],
    ['insufficient_system_resource', 'error'],
    ['network_error', 'error'],
    ['', undefined],
    ['null', undefined],
    [null, undefined],
    [7, undefined],
  ])('the finish reason %j is read as %j', (finish_reason, finish) => {
    expect(chatPart(chunk({ delta: {}, finish_reason })).finish).toBe(finish);
  });
});

describe('an error in a chunk', () => {
  it.each([
    ['the base_resp of MiniMax', { choices: null, base_resp: { status_code: 1002, status_msg: 'm' } }],
    ['success: false', { success: false, msg: 'm' }],
    ['a message beside choices that are null', { choices: null, message: 'm' }],
    ['an object', { error: { message: 'm' } }],
    ['a text', { error: 'm' }],
    [
      'an object beside choices',
      chunk({ message: { content: null } }, { error: { code: 429, message: 'm' } }),
    ],
    ['an object in a choice', chunk({ error: { message: 'm' }, delta: {} })],
    ['a value that says that it is one', { object: 'error', message: 'm' }],
    ['a message without choices', { message: 'm' }],
    ['the detail of FastAPI', { detail: 'm' }],
    ['a list with one error, as of Gemini', [{ error: { message: 'm' } }]],
  ])('an error in a chunk is found as %s', (_, value) => {
    expect(JSON.stringify(chatPart(value).error)).toContain('"m"');
  });

  it.each([null, false, '', {}, [], { code: 0, message: '' }, { code: null, message: 'success' }, 0])(
    'a chunk with %j has no error',
    (error) => {
      expect(chatPart(chunk({ delta: { content: 'Tea.' } }, { error })).error).toBeUndefined();
    },
  );
});

describe('JSON', () => {
  it('JSON with NaN and Infinity, as Python writes them, is read, and texts with these words are unchanged', () => {
    expect(parseLenient('{"a":NaN,"b":-Infinity,"c":"NaN, Infinity"}')?.value).toEqual({
      a: null,
      b: null,
      c: 'NaN, Infinity',
    });
    expect(parseLenient('{"a":')).toBeUndefined();
  });

  it.each([
    ['one value', '{"a":1}', 1],
    ['a value and [DONE] behind it', '{"a":"}"}data: [DONE]\n\n', 1],
    ['lines', '{"a":1}\n{"a":2}\n', 2],
    ['lines with data: in front', '{"a":1}\ndata: {"a":2}\ndata: [DONE]', 2],
    ['a value that is cut off', '{"a":1', 0],
    ['a value and another that is cut off', '{"a":1}\n{"a":', 1],
    ['no JSON', 'tea', 0],
  ])('several JSON values in a row are read: %s', (_, body, length) => {
    expect(jsonValues(body)).toHaveLength(length);
  });
});
