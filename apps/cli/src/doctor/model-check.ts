import { readSettings } from '@parley/agent/read-settings';
import { ConfigError, connectionProblem, hostAddress, nearest } from '@parley/runtime';
import { type Finding, findingsOf } from './finding.ts';
import type { Surroundings } from './surroundings.ts';

const { ok, note, fault } = findingsOf('model');

const openAI = 'https://api.openai.com/v1';
const answersWithinMs = 15_000;
/** Models may be called so differently that a name is near enough at a third of its characters. */
const slip = (name: string): number => Math.max(3, Math.floor(name.length / 3));

interface Server {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

const ask = ({ url, headers }: Server, path: string, { stop }: Surroundings): Promise<Response> =>
  fetch(`${url}${path}`, { headers, signal: AbortSignal.any([stop, AbortSignal.timeout(answersWithinMs)]) });

const modelNames = (body: unknown): string[] =>
  ((body as { data?: { id?: unknown }[] } | null)?.data ?? []).flatMap(({ id }) =>
    typeof id === 'string' ? [id] : [],
  );

const withoutPath = async (server: Server, around: Surroundings): Promise<Finding | undefined> => {
  if (/\/v\d+\/?$/.test(server.url)) return undefined;
  const answer = await ask({ ...server, url: `${server.url}/v1` }, '/models', around).catch(() => undefined);
  return answer && [200, 401, 403].includes(answer.status)
    ? fault(`OPENAI_BASE_URL lacks its /v1: ${server.url}`, `OPENAI_BASE_URL=${server.url}/v1`)
    : undefined;
};

const missing = (model: string, models: readonly string[], url: string): Finding => {
  const meant = nearest(model, models, slip(model));
  const isOllama = /:11434\b/.test(url);
  return fault(
    `the server has no model ${model}; it has ${models.slice(0, 5).join(', ')}${models.length > 5 ? ', …' : ''}`,
    isOllama ? `ollama pull ${model}` : `OPENAI_MODEL=${meant ?? models[0]}`,
  );
};

const answered = async (
  server: Server,
  response: Response,
  model: string,
  around: Surroundings,
): Promise<Finding> => {
  const { status } = response;
  if (status === 401 || status === 403)
    return fault(
      `${server.url} refuses the key (${status})`,
      'OPENAI_API_KEY=… in .env: a key of this server, without quotes',
    );
  if (status === 429) return note(`${server.url} allows no more calls now (429): its quota may be used up`);
  const text = await response.text();
  if (status === 404 || /^\s*</.test(text))
    return (
      (await withoutPath(server, around)) ??
      (status === 404
        ? note(`${server.url} answers and lists no models, so the name ${model} is not checked`)
        : fault(
            `${server.url} answers with a web page`,
            'OPENAI_BASE_URL=… the address of the API, with its /v1',
          ))
    );
  if (!response.ok)
    return fault(
      `${server.url} answers ${status}`,
      'look at the log of the model server; OPENAI_BASE_URL names it',
    );
  let models: string[];
  try {
    models = modelNames(JSON.parse(text));
  } catch {
    return fault(
      `${server.url} answers with no JSON`,
      'OPENAI_BASE_URL=… the address of the API, with its /v1',
    );
  }
  const known = models.some(
    (name) => name === model || name === `${model}:latest` || name === `models/${model}`,
  );
  return known || models.length === 0
    ? ok(`${server.url} answers, takes the key, and has the model ${model}`)
    : missing(model, models, server.url);
};

type ModelSettings = Pick<ReturnType<typeof readSettings>[number], 'apiKey' | 'baseUrl' | 'model'>;

/** The model server of each agent, each once. */
const modelsOf = ({ env }: Surroundings): readonly ModelSettings[] => {
  try {
    const all = readSettings([], env).map(({ apiKey, baseUrl, model }) => ({ apiKey, baseUrl, model }));
    return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
  } catch (error) {
    // What is wrong with the settings is found with the settings.
    if (error instanceof ConfigError) return [];
    throw error;
  }
};

const checkOne = async (
  { apiKey, baseUrl, model }: ModelSettings,
  around: Surroundings,
): Promise<Finding[]> => {
  if (apiKey === undefined && baseUrl === '') {
    const machine = around.contained ? 'host.docker.internal' : 'localhost';
    return [
      note(
        'no model server is set: the agents rehearse, and no language model speaks',
        `OPENAI_API_KEY=… in .env; or OPENAI_BASE_URL=http://${machine}:11434/v1 for a model of this machine`,
      ),
    ];
  }
  const parsed = new URL(baseUrl || openAI);
  const basic = parsed.username
    ? Buffer.from(`${parsed.username}:${parsed.password}`).toString('base64')
    : '';
  // The name that containers have for this machine; most machines do not know it themselves.
  if (!around.contained && parsed.hostname === 'host.docker.internal') parsed.hostname = '127.0.0.1';
  const url = `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
  const authorization = basic ? `Basic ${basic}` : apiKey === undefined ? undefined : `Bearer ${apiKey}`;
  const server: Server = { url, headers: { ...(authorization !== undefined && { authorization }) } };
  try {
    return [await answered(server, await ask(server, '/models', around), model, around)];
  } catch (error) {
    around.stop.throwIfAborted();
    const failure = (error as { cause?: { code?: string; message?: string } }).cause ?? (error as Error);
    const why = connectionProblem(url, failure, around.contained);
    const { code = '' } = failure as { code?: string };
    if (!around.contained && !parsed.hostname.includes('.') && /^(ENOTFOUND|EAI_AGAIN)$/.test(code))
      return [
        note(
          `the model server ${parsed.hostname} is not known on this machine: it may be a container`,
          'to ask it from its network: docker compose run --rm parley doctor',
        ),
      ];
    const machine = around.contained ? hostAddress(url) : undefined;
    return [
      fault(
        `no connection to the model server at ${url}: ${why}`,
        machine === undefined
          ? 'start the model server, or correct OPENAI_BASE_URL in .env'
          : `OPENAI_BASE_URL=${machine}`,
      ),
    ];
  }
};

/** Whether the model servers of the agents answer, take the key and have the model. */
export const checkModel = async (around: Surroundings): Promise<Finding[]> =>
  (await Promise.all(modelsOf(around).map((one) => checkOne(one, around)))).flat();
