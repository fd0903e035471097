import { readFileSync } from 'node:fs';
import { ConfigError, type Environment, userPath } from '@parley/runtime';
import { RouterApi } from './api/router-api.ts';
import type { Screen } from './terminal/terminal.ts';

/** What a command has of the process it runs in. */
export interface Host {
  readonly env: Environment;
  readonly out: Screen;
  /** For what is not the answer: notes, progress, problems. */
  readonly err: Screen;
  /** Aborted when the user wants to stop. */
  readonly stop: AbortSignal;
}

export interface Command {
  readonly summary: string;
  /** How it is called and what its options do; shown by `parley help NAME`. */
  readonly usage: string;
  /** Resolves with the exit code. Throws UsageError or ConfigError at what the user can mend. */
  run(args: readonly string[], host: Host): Promise<number>;
}

/** The command line itself is wrong: exit code 2, with a hint where the right one is described. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The one positional argument that a command asks for. */
export const onlyOne = (positionals: readonly string[], what: string): string => {
  const [first, ...more] = positionals;
  if (first === undefined || more.length > 0) throw new UsageError(`expected one ${what}`);
  return first;
};

export const wholeNumber = (option: string, raw: string, min: number, max: number): number => {
  const value = raw.trim() === '' ? Number.NaN : Number(raw);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new UsageError(`--${option}: expected an integer in ${min}..${max}, got ${JSON.stringify(raw)}`);
};

/** The router that a command talks to, with the operator's token where there is one. */
export const routerOf = (option: string | undefined, { env, stop }: Pick<Host, 'env' | 'stop'>): RouterApi =>
  new RouterApi(routerUrl(option, env), stop, readToken(env));

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

/** Where the router is: --url, else ROUTER_URL, else the usual port of this machine. */
const routerUrl = (option: string | undefined, env: Environment): string =>
  option ?? (env.ROUTER_URL || 'http://127.0.0.1:8765');
