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
    ['Your organization must be verified to stream this model.', 'stream'],
  ])('a parameter is left out after “%s”', (message, name) => {
    expect(Object.keys(new OpenAIParameters(false).for(asked))).toContain(name);
    expect(Object.keys(after(message))).not.toContain(name);
  });
});
