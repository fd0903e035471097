import { hostAddress, inContainer, type Logger } from '@parley/runtime';
import type { AgentSettings } from '../settings/settings.ts';
import { version } from '../version.ts';
import type { Model } from './model.ts';
import type { ModelSource } from './model-source.ts';
import { unsentNotes } from './unsent-notes.ts';

/** The source of replies, with its settings for recording and replaying. */
export interface ModelSetup extends ModelSource {
  /** The seed of the agent, from which the seed of each call is derived. */
  readonly seed: number | undefined;
  /** Adds retries to a model. Undefined for a replay, because a replay must repeat recorded failures. */
  readonly retried: ((model: Model) => Model) | undefined;
}

const always = (model: Model): ModelSource => ({
  provider: model.provider,
  name: model.name,
  modelFor: () => model,
});

const openAI = 'https://api.openai.com/v1';

const unrecorded = (model: Model): Model => model;

/** Which model the settings name. */
export const modelKind = ({ modelKind: kind, apiKey, baseUrl }: AgentSettings): 'openai' | 'rehearsal' =>
  kind === 'auto' ? (apiKey !== undefined || baseUrl !== '' ? 'openai' : 'rehearsal') : kind;

/** Whether messages that no longer fit into the prompt are summarised: with a language model, or when the settings ask for it. */
export const summarises = ({ summary }: AgentSettings, { provider }: ModelSource): boolean =>
  summary === 'auto' ? provider !== 'rehearsal' : summary === 'on';

const afterMs = (act: () => void, ms: number): (() => void) => {
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
};

const live = async (settings: AgentSettings, log: Logger): Promise<ModelSource> => {
  if (modelKind(settings) === 'rehearsal') {
    const why = settings.modelKind === 'rehearsal' ? 'as set' : 'no OPENAI_API_KEY and no OPENAI_BASE_URL';
    log.warn({ why }, 'rehearsal: the messages come from a built-in script, not from a language model');
    const { makeRehearsal } = await import('./rehearsal/rehearsal.ts');
    return makeRehearsal({ seed: settings.seed, delayMs: settings.rehearsalDelayMs });
  }
  const { makeOpenAI } = await import('./openai/openai.ts');
  const { apiKey, baseUrl, model, temperature, httpProxy, httpsProxy, noProxy } = settings;
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
  const made = makeOpenAI({
    apiKey,
    baseURL: baseUrl || undefined,
    model,
    temperature,
    proxies: { http: httpProxy, https: httpsProxy, except: noProxy },
    onAsking: unsentNotes({ log, now: () => performance.now(), later: afterMs }),
    onLesson: (lesson) => log.warn(lesson, 'the model server refuses a parameter; it is no longer sent'),
  });
  return always(made);
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
  const source = await live(settings, log);
  const { temperature, seed, maxTokens, historyTokens } = settings;
  const file = new CassetteFile(cassettePath(path, agent));
  const { provider, name } = source;
  const made = { agent, version, node: process.version, provider, model: name };
  file.begin({ kind: 'manifest', cassette: 1, ...made, temperature, seed, maxTokens, historyTokens });
  log.info({ cassette: file.path }, 'calls of the model are recorded');
  return { ...source, seed, retried: (model) => recording(model, file, { temperature }) };
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
  const model = replaying({ manifest, fixed: { temperature }, file, onMiss });
  return { ...always(model), seed, retried: undefined };
};

/** The URL of the model server; undefined when there is no server. */
export const serverUrl = (settings: AgentSettings): URL | undefined =>
  modelKind(settings) === 'rehearsal' || settings.cassetteMode === 'replay'
    ? undefined
    : new URL(settings.baseUrl === '' ? openAI : settings.baseUrl);

/** The server of the model, for the log; undefined when there is no server. */
export const serverOf = (settings: AgentSettings): string | undefined =>
  settings.baseUrl === '' ? serverUrl(settings) && 'OpenAI' : serverUrl(settings)?.host;

/** The model that the settings name. Only the code of this model is loaded, to keep an idle agent small. */
export const chooseModel = async (
  settings: AgentSettings,
  agent: string,
  log: Logger,
): Promise<ModelSetup> => {
  const { cassette, cassetteMode } = settings;
  if (cassette === undefined)
    return { ...(await live(settings, log)), seed: settings.seed, retried: unrecorded };
  const choose = cassetteMode === 'replay' ? replayed : recorded;
  return choose(settings, agent, cassette, log);
};
