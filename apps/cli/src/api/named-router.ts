import { readFileSync } from 'node:fs';
import { ConfigError, type Environment, userPath } from '@parley/runtime';
import { RouterApi } from './router-api.ts';

/** The router that a command uses, with the token of the operator if there is one. */
export const routerOf = (
  option: string | undefined,
  { env, stop }: { readonly env: Environment; readonly stop: AbortSignal },
): RouterApi => new RouterApi(routerUrl(option, env), stop, readToken(env));

const readToken = (env: Environment): string | undefined => {
  const { PARLEY_TOKEN: token, PARLEY_TOKEN_FILE: file } = env;
  if (token && file)
    throw new ConfigError(['PARLEY_TOKEN is set, and so is PARLEY_TOKEN_FILE: set one of the two']);
  if (!file) return token || undefined;
  try {
    return readFileSync(userPath(file, env), 'utf8').trim() || undefined;
  } catch (error) {
    throw new ConfigError([`PARLEY_TOKEN_FILE cannot be read: ${(error as Error).message}`]);
  }
};

/** The URL of the router: --url, else ROUTER_URL, else the default port of this machine. */
const routerUrl = (option: string | undefined, env: Environment): string =>
  option ?? (env.ROUTER_URL || 'http://127.0.0.1:8765');
