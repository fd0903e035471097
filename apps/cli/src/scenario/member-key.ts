import { ConfigError, type Environment, userPath } from '@parley/runtime';
import type { AgentProcess } from './agents.ts';

const openAI = 'https://api.openai.com/v1';
/** Variables of Parley itself must not be used as the key of a model server. */
const ours = /^(?:AGENT|ROUTER|PARLEY)_/;

const isSameServer = (one: string, other: string): boolean => {
  const plain = (text: string) => text.replace(/\/+$/, '').toLowerCase();
  return plain(one) === plain(other);
};

const noKey = { OPENAI_API_KEY: '', OPENAI_API_KEY_FILE: '' };

/**
 * The agent with the key for its server. OPENAI_API_KEY is for OPENAI_BASE_URL. A member with another server gets the key that it
 * names, or none.
 */
export const withKey = (agent: AgentProcess, env: Environment): AgentProcess => {
  const { name, server, key, keyFile } = agent;
  const isElsewhere = server !== undefined && !isSameServer(server, env.OPENAI_BASE_URL || openAI);
  const given = (more: Environment): AgentProcess => ({ ...agent, env: { ...agent.env, ...noKey, ...more } });
  if (keyFile !== undefined) return given({ OPENAI_API_KEY_FILE: userPath(keyFile, env) });
  if (key === undefined) return isElsewhere ? given({}) : agent;
  if (ours.test(key)) throw new ConfigError([`cast.${name}.key: ${key} is no key of a model server`]);
  if (key === 'OPENAI_API_KEY' && isElsewhere)
    throw new ConfigError([
      `cast.${name}.key: OPENAI_API_KEY belongs to OPENAI_BASE_URL and is not sent to ${new URL(server).host}: name another variable`,
    ]);
  const value = env[key];
  if (!value) throw new ConfigError([`cast.${name}.key: the variable ${key} is not set`]);
  return given({ OPENAI_API_KEY: value });
};

/** Compose would read a relative path without `./` as the name of a volume. */
const asPath = (file: string): string => (/^[./~]/.test(file) ? file : `./${file}`).replaceAll('$', '$$$$');

/** The same for Compose, which replaces variables and mounts files when it starts the containers. `mounted`: the path of a key file there. */
export const composeKey = ({ server, key, keyFile }: AgentProcess, mounted = '/run/parley/key') => ({
  environment: {
    ...((server ?? key ?? keyFile) !== undefined && noKey),
    ...(key !== undefined && { OPENAI_API_KEY: `\${${key}:-}` }),
    ...(keyFile !== undefined && { OPENAI_API_KEY_FILE: mounted }),
  },
  volumes: keyFile === undefined ? [] : [`${asPath(keyFile)}:${mounted}:ro`],
});
