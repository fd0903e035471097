import type { Logger } from '@parley/kit';
import type { AgentSettings } from '../settings.ts';
import type { Model } from './model.ts';

/** Which model the settings mean. */
export const modelKind = ({ modelKind: kind, apiKey, baseUrl }: AgentSettings): 'openai' | 'rehearsal' =>
  kind === 'auto' ? (apiKey !== undefined || baseUrl !== '' ? 'openai' : 'rehearsal') : kind;

/** The model that the settings mean. Its code is loaded here, for an idle agent should be small. */
export const chooseModel = async (settings: AgentSettings, log: Logger): Promise<Model> => {
  if (modelKind(settings) === 'rehearsal') {
    const why = settings.modelKind === 'rehearsal' ? 'as set' : 'no OPENAI_API_KEY and no OPENAI_BASE_URL';
    log.warn({ why }, 'rehearsal: the lines come from a built-in script, not from a language model');
    const { makeRehearsal } = await import('./rehearsal.ts');
    return makeRehearsal({ seed: settings.seed, delayMs: settings.rehearsalDelayMs });
  }
  const { makeOpenAI } = await import('./openai.ts');
  const { apiKey, baseUrl, model, temperature, seed } = settings;
  log.info({ model, server: baseUrl === '' ? 'OpenAI' : new URL(baseUrl).host }, 'language model');
  return makeOpenAI({
    apiKey,
    baseURL: baseUrl || undefined,
    model,
    temperature,
    seed,
    onLesson: (lesson) => log.warn(lesson, 'the model server refuses a parameter; going on without it'),
  });
};
