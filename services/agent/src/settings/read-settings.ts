import { ConfigError, type Environment, loadSettings, parleyVariables, problemsOf } from '@parley/runtime';
import { OwnVariables, sharedVariables } from './own-variables.ts';
import { withProxyNames } from './server-settings.ts';
import { type AgentSettings, settings } from './settings.ts';

/** Variables that build systems set for other purposes. */
const foreign = ['AGENT_TOOLSDIRECTORY', 'AGENT_ISSELFHOSTED', 'AGENT_VERSION', 'AGENT_ID', 'AGENT_OS'];
/** Names by which other programs know these settings. */
const aliases: Readonly<Record<string, string>> = {
  OPENAI_API_BASE: 'OPENAI_BASE_URL',
  OPENAI_API_BASE_URL: 'OPENAI_BASE_URL',
  OPENAI_API_BASEURL: 'OPENAI_BASE_URL',
  OPENAI_API_URL: 'OPENAI_BASE_URL',
  OPENAI_API_HOST: 'OPENAI_BASE_URL',
  OPENAI_API_ENDPOINT: 'OPENAI_BASE_URL',
  OPENAI_BASE: 'OPENAI_BASE_URL',
  OPENAI_BASEURL: 'OPENAI_BASE_URL',
  OPENAI_COMPATIBLE_BASE_URL: 'OPENAI_BASE_URL',
  OPENAI_ENDPOINT: 'OPENAI_BASE_URL',
  OPENAI_HOST: 'OPENAI_BASE_URL',
  OPENAI_SERVER: 'OPENAI_BASE_URL',
  OPENAI_URL: 'OPENAI_BASE_URL',
  OPENAI_ACCESS_TOKEN: 'OPENAI_API_KEY',
  OPENAI_APIKEY: 'OPENAI_API_KEY',
  OPENAI_API_TOKEN: 'OPENAI_API_KEY',
  OPENAI_AUTH_TOKEN: 'OPENAI_API_KEY',
  OPENAI_KEY: 'OPENAI_API_KEY',
  OPENAI_SECRET: 'OPENAI_API_KEY',
  OPENAI_SECRET_KEY: 'OPENAI_API_KEY',
  OPENAI_TOKEN: 'OPENAI_API_KEY',
  OPEN_AI_KEY: 'OPENAI_API_KEY',
  OPENAIKEY: 'OPENAI_API_KEY',
  OPENAI_API_MODEL: 'OPENAI_MODEL',
  OPENAI_CHAT_MODEL: 'OPENAI_MODEL',
  OPENAI_DEFAULT_MODEL: 'OPENAI_MODEL',
  OPENAI_DEPLOYMENT: 'OPENAI_MODEL',
  OPENAI_DEPLOYMENT_NAME: 'OPENAI_MODEL',
  OPENAI_ENGINE: 'OPENAI_MODEL',
  OPENAI_MODEL_ID: 'OPENAI_MODEL',
  OPENAI_MODEL_NAME: 'OPENAI_MODEL',
  AGENT_MODEL: 'OPENAI_MODEL',
  AGENT_API_KEY: 'OPENAI_API_KEY',
  AGENT_BASE_URL: 'OPENAI_BASE_URL',
  AGENT_INSTRUCTIONS: 'AGENT_PERSONA',
  AGENT_PROMPT: 'AGENT_PERSONA',
  AGENT_ROLE: 'AGENT_PERSONA',
  AGENT_SYSTEM_PROMPT: 'AGENT_PERSONA',
  AGENT_TEMP: 'AGENT_TEMPERATURE',
  AGENT_ROUTER: 'ROUTER_URL',
  AGENT_SERVER: 'ROUTER_URL',
  AGENT_URL: 'ROUTER_URL',
  PARLEY_ROUTER: 'ROUTER_URL',
  PARLEY_URL: 'ROUTER_URL',
};
/** The aliases that are refused also beside the setting that they mean: they are the usual mistakes. */
const mistakes = ['OPENAI_API_BASE', 'OPENAI_KEY'];
/** The aliases in `env` that are there for other programs, because the setting that they would mean is set. */
const forOthers = (env: Environment): string[] =>
  Object.keys(env).filter((variable) => {
    const name = variable.toUpperCase();
    const meant = /^OPEN_?AI/.test(name) && !mistakes.includes(name) ? aliases[name] : undefined;
    return meant !== undefined && Boolean(env[meant] || env[`${meant}_FILE`]);
  });
const neighbours = ['ROUTER_URL', ...parleyVariables];
const places = ['AGENT_NAME', 'AGENT_TARGET', 'AGENT_FIRST_SPEAKER'];

/** Problems that no single setting has. */
const contradictions = (values: AgentSettings): readonly string[] => {
  const problems: string[] = [];
  if (values.name !== undefined && values.target === values.name) {
    problems.push(`AGENT_TARGET: ${values.target} is this agent itself; name the one it talks to`);
  }
  if (values.promptModule !== undefined && values.persona !== undefined) {
    problems.push('AGENT_PERSONA: is set, and so is AGENT_PROMPT_MODULE: set one of the two');
  }
  if ((values.cassette === undefined) !== (values.cassetteMode === 'off')) {
    problems.push(
      values.cassette === undefined
        ? `AGENT_CASSETTE_MODE: is ${values.cassetteMode}, but AGENT_CASSETTE does not say where`
        : 'AGENT_CASSETTE: is set; set AGENT_CASSETTE_MODE to record or replay',
    );
  }
  const replays = values.cassetteMode === 'replay';
  if (!replays && values.modelKind === 'openai' && values.apiKey === undefined && values.baseUrl === '') {
    problems.push('AGENT_MODEL_KIND: openai needs OPENAI_API_KEY or OPENAI_BASE_URL');
  }
  return problems;
};

/** `table`: the settings, some of them perhaps with a variable of their own. `also`: variables that are known besides. */
const read = (table: typeof settings, env: Environment, also: readonly string[] = []): AgentSettings => {
  const known = {
    prefixes: ['AGENT_'],
    foreign: [...foreign, ...forOthers(env)],
    neighbours: [...neighbours, ...also],
    aliases,
  };
  const values = loadSettings(table, withProxyNames(env), known);
  const problems = contradictions(values);
  if (problems.length > 0) throw new ConfigError(problems);
  return values;
};

/** A problem with a variable of all agents names those that have it, unless all have it. Another variable has the name inside. */
const attributed = (found: ReadonlyMap<string, readonly string[]>, agents: number): string[] =>
  [...found].map(([problem, names]) => {
    const isShared = sharedVariables.includes(problem.split(':', 1)[0] ?? '');
    if (!isShared || names.length === agents) return problem;
    return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ' …' : ''}: ${problem}`;
  });

const readHosted = (own: OwnVariables): readonly AgentSettings[] => {
  const found = new Map<string, string[]>(
    own.unknown.map((problem) => [problem, own.names.map(({ name }) => name)]),
  );
  const agents: AgentSettings[] = [];
  for (const name of own.names) {
    const { table, environment } = own.of(name);
    const problems = problemsOf(() => agents.push(read(table, environment, sharedVariables)));
    for (const problem of problems) found.set(problem, [...(found.get(problem) ?? []), name.name]);
  }
  if (found.size > 0) throw new ConfigError(attributed(found, own.names.length));
  const recorded = new Map<string | undefined, number>();
  for (const { cassette } of agents) recorded.set(cassette, (recorded.get(cassette) ?? 0) + 1);
  // A file for several agents would mix their calls, so it is a folder.
  return agents.map((one) =>
    one.cassette !== undefined && recorded.get(one.cassette)! > 1
      ? { ...one, cassette: `${one.cassette}/` }
      : one,
  );
};

/**
 * The settings of each agent of the process, or a ConfigError with the problems of all of them. There is one agent, unless
 * AGENT_NAMES names several. `args` are those of the command line; they override the environment.
 */
export const readSettings = (args: readonly string[], env: Environment): readonly AgentSettings[] => {
  if (args.length > places.length) throw new ConfigError(['usage: agent [NAME [TARGET [FIRST_SPEAKER]]]']);
  const given = Object.fromEntries(args.map((arg, place) => [places[place], arg]));
  const all = { ...env, ...given };
  const names = settings.names.read(all.AGENT_NAMES || undefined, (path) => path);
  if ('problem' in names) throw new ConfigError([`AGENT_NAMES: ${names.problem}`]);
  if (names.value.length === 0) return [read(settings, all)];
  if (all.AGENT_NAME)
    throw new ConfigError([
      `AGENT_NAMES: is set, and so is the name ${all.AGENT_NAME}: set one of the two`,
      ...problemsOf(() => read(settings, { ...all, AGENT_NAMES: '' })),
    ]);
  return readHosted(new OwnVariables(names.value, all, { foreign, aliases }));
};
