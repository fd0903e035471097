import { describe, expect, it } from 'vitest';
import { OpenAIParameters } from '../../src/models/openai/openai-parameters.ts';

const asked = { maxOutputTokens: 9_000, temperature: 0.7, seed: 1 };
const after = (message: string): object => {
  const parameters = new OpenAIParameters(false);
  parameters.learn({ status: 400, message }, parameters.for(asked));
  return parameters.for(asked);
};

describe('the parameters of a server', () => {
  it.each([
    ['max_tokens is too large: 9000. This model supports at most 4096 completion tokens', 4_096],
    ['max_tokens is too large: 9000. This model supports at most 4,096 completion tokens', 4_096],
    ['`max_tokens` must be less than or equal to `1024`, the maximum value for `max_tokens`', 1_024],
    ['<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 8192]', 8_192],
    ['max_tokens: must be an integer between 1 and 1024', 1_024],
    ['max_tokens: 9000 > 8192, which is the maximum allowed number of output tokens for m', 8_192],
    ['max_tokens is too large: 9000 (limit 1024)', 1_024],
    ['max_tokens (9000) exceeds the maximum of 1024', 1_024],
  ])('the largest limit of tokens is learnt from “%s”', (message, limit) => {
    expect(after(message)).toMatchObject({ max_tokens: limit });
  });

  it.each([
    ["Additional properties are not allowed ('seed' was unexpected)", 'seed'],
    ['Invalid JSON payload received. Unknown name "seed": Cannot find field.', 'seed'],
    ['temperature is deprecated for this model.', 'temperature'],
    ['invalid temperature: only 1 is allowed for this model', 'temperature'],
    ['Streaming is not supported for this model', 'stream'],
    ["Unknown parameter: 'stream'", 'stream'],
    ['stream: Extra inputs are not permitted', 'stream'],
    ['This model does not support streaming', 'stream'],
    ['Your organization must be verified to stream this model.', 'stream'],
  ])('a parameter is left out after “%s”', (message, name) => {
    expect(Object.keys(new OpenAIParameters(false).for(asked))).toContain(name);
    expect(Object.keys(after(message))).not.toContain(name);
  });

  it.each([
    [500, 'Unexpected error while streaming the response'],
    [500, 'Streaming is not supported at the moment'],
    [502, 'unexpected EOF while streaming'],
    [503, 'upstream: an unknown error occurred during streaming'],
    [500, 'Unknown error: max_tokens, temperature, seed'],
    [500, 'Unexpected reasoning_content'],
    [400, 'unexpected end of stream'],
    [400, 'unexpected EOF while streaming'],
    [401, 'unknown key for streaming'],
    [401, 'Unknown key: the system message is not supported'],
    [403, 'Streaming is not allowed for this key'],
    [429, 'Streaming is not supported at this rate'],
  ])('no parameter is left out after the status %i with “%s”', (status, message) => {
    const parameters = new OpenAIParameters(false);
    const before = parameters.for(asked);
    expect(parameters.learn({ status, message }, before)).toBeUndefined();
    expect(parameters.for(asked)).toEqual(before);
  });
});
