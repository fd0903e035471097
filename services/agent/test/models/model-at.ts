import { makeOpenAI, type OpenAISettings } from '../../src/models/openai/openai.ts';
import { modelServer, type Respond } from './model-server.ts';

/** A model that asks a server of the test's own. */
export const modelAt = async (
  respond: Respond,
  more: Partial<OpenAISettings> = {},
  models?: readonly string[],
) => {
  const server = await modelServer(respond, models);
  const model = makeOpenAI({
    apiKey: 'sk-secret-key',
    baseURL: server.url,
    model: 'tiny',
    temperature: undefined,
    onLesson: () => {},
    ...more,
  });
  return { model, asked: server.asked, url: server.url };
};
