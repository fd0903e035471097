import { hostAddress, inContainer, type Logger } from '@parley/runtime';
import type { AgentSettings } from '../settings/settings.ts';
import { version } from '../version.ts';
import type { Model } from './model.ts';

/** The model, and what stands between it and the agent where its calls are written down. */
export interface ModelSetup {
  readonly model: Model;
  /** Undefined where nothing is to be tried again: a replay says again what was said, failures included. */
  readonly retried: ((model: Model) => Model) | undefined;
}

const asItIs = (model: Model): Model => model;

/** Which model the settings mean. */
export const modelKind = ({ modelKind: kind, apiKey, baseUrl }: AgentSettings): 'openai' | 'rehearsal' =>
  kind === 'auto' ? (apiKey !== undefined || baseUrl !== '' ? 'openai' : 'rehearsal') : kind;

/** Whether what falls out of the view is to be summed up: not by a script, unless it is asked for. */
export const summarises = ({ summary }: AgentSettings, { provider }: Model): boolean =>
  summary === 'auto' ? provider !== 'rehearsal' : summary === 'on';

const live = async (settings: AgentSettings, log: Logger): Promise<Model> => {
  if (modelKind(settings) === 'rehearsal') {
    const why = settings.modelKind === 'rehearsal' ? 'as set' : 'no OPENAI_API_KEY and no OPENAI_BASE_URL';
    log.warn({ why }, 'rehearsal: the lines come from a built-in script, not from a language model');
    const { makeRehearsal } = await import('./rehearsal/rehearsal.ts');
    return makeRehearsal({ seed: settings.seed, delayMs: settings.rehearsalDelayMs });
  }
  const { makeOpenAI } = await import('./openai/openai.ts');
  const { apiKey, baseUrl, model, temperature, seed, httpProxy, httpsProxy, noProxy } = settings;
  if (apiKey !== undefined && baseUrl !== '' && new URL(baseUrl).username !== '')
    log.warn(
      'OPENAI_API_KEY is not sent: OPENAI_BASE_URL has a user and a password, which travel in the same header',
    );
  const machine = inContainer() && baseUrl !== '' ? hostAddress(baseUrl) : undefined;
  if (machine !== undefined)
    log.warn(
      { write: `OPENAI_BASE_URL=${machine}` },
      'OPENAI_BASE_URL names this container itself; for a server on the machine write',
    );
  log.info({ model, server: serverOf(settings) }, 'language model');
  return makeOpenAI({
    apiKey,
    baseURL: baseUrl || undefined,
    model,
    temperature,
    seed,
    proxies: { http: httpProxy, https: httpsProxy, except: noProxy },
    onLesson: (lesson) => log.warn(lesson, 'the model server refuses a parameter; going on without it'),
  });
};

type WithCassette = (
  settings: AgentSettings,
  agent: string,
  path: string,
  log: Logger,
) => Promise<ModelSetup>;

const recorded: WithCassette = async (settings, agent, path, log) => {
  const { CassetteFile, cassettePath } = await import('./cassette/cassette-file.ts');
  const { recording } = await import('./cassette/cassette.ts');
  const model = await live(settings, log);
  const { temperature, seed, maxTokens, historyTokens } = settings;
  const file = new CassetteFile(cassettePath(path, agent));
  const { provider, name } = model;
  const made = { agent, version, node: process.version, provider, model: name };
  file.begin({ kind: 'manifest', cassette: 1, ...made, temperature, seed, maxTokens, historyTokens });
  log.info({ cassette: file.path }, 'calls of the model are recorded');
  return { model, retried: (retrying) => recording(retrying, file, { temperature, seed }) };
};

const replayed: WithCassette = async (settings, agent, path, log) => {
  const { CassetteFile, cassettePath } = await import('./cassette/cassette-file.ts');
  const { replaying } = await import('./cassette/cassette.ts');
  const file = new CassetteFile(cassettePath(path, agent));
  const manifest = file.manifest();
  const { temperature = manifest.temperature, seed = manifest.seed, maxTokens, historyTokens } = settings;
  if (historyTokens !== manifest.historyTokens || maxTokens !== manifest.maxTokens) {
    const { historyTokens: recordedHistory, maxTokens: recordedMost } = manifest;
    const about = { AGENT_HISTORY_TOKENS: recordedHistory, AGENT_MAX_TOKENS: recordedMost };
    log.warn(about, 'the cassette was recorded with these settings; with others its requests do not match');
  }
  log.info({ cassette: file.path, model: manifest.model }, 'replies come from a cassette, not from a model');
  const onMiss = ({ hash, why, diff }: { hash: string; why: string; diff: string }) =>
    log.error({ cassette: file.path, hash }, `cassette: ${why}${diff && `\n${diff}`}`);
  return {
    model: replaying({ manifest, fixed: { temperature, seed }, file, onMiss }),
    retried: undefined,
  };
};

/** The server of the model, for the log; undefined where no server is asked. */
export const serverOf = (settings: AgentSettings): string | undefined =>
  modelKind(settings) === 'rehearsal' || settings.cassetteMode === 'replay'
    ? undefined
    : settings.baseUrl === ''
      ? 'OpenAI'
      : new URL(settings.baseUrl).host;

/** The model that the settings mean. Its code is loaded here, for an idle agent should be small. */
export const chooseModel = async (
  settings: AgentSettings,
  agent: string,
  log: Logger,
): Promise<ModelSetup> => {
  const { cassette, cassetteMode } = settings;
  if (cassette === undefined) return { model: await live(settings, log), retried: asItIs };
  const choose = cassetteMode === 'replay' ? replayed : recorded;
  return choose(settings, agent, cassette, log);
};
