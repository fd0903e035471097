import { readFileSync } from 'node:fs';
import { ConfigError, type Environment, userPath } from '@parley/runtime';
import { type Context, contextNamed, readContexts } from './contexts.ts';
import { RouterApi } from './router-api.ts';

/** How the command line names a router. */
export interface RouterChoice {
  readonly url?: string | undefined;
  readonly context?: string | undefined;
}

/** The router that a command uses, with the token for it if there is one. */
export const routerOf = (
  choice: RouterChoice,
  { env, stop }: { readonly env: Environment; readonly stop: AbortSignal },
): RouterApi => {
  const { url, token } = chosen(choice, env);
  return new RouterApi(url, stop, token ?? readToken(env));
};

/**
 * The router of the options, else of the environment, else of the current context, else of this machine. The token of a context
 * is sent to the router of that context alone.
 */
const chosen = ({ url, context }: RouterChoice, env: Environment): Context => {
  if (url !== undefined && context !== undefined)
    throw new ConfigError(['--url and --context: give one of the two']);
  if (url !== undefined) return { url };
  const name = context ?? (env.PARLEY_CONTEXT || undefined);
  if (name !== undefined) return contextNamed(name, readContexts(env));
  if (env.ROUTER_URL) return { url: env.ROUTER_URL };
  const contexts = readContexts(env);
  return contexts.current === undefined
    ? { url: 'http://127.0.0.1:8765' }
    : contextNamed(contexts.current, contexts);
};

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
