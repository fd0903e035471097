import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { ConfigError, defaultContextsFile, type Environment, nearest, userPath } from '@parley/runtime';

/** A router under a name of the user, with the token for it. */
export interface Context {
  readonly url: string;
  readonly token?: string;
}

export interface Contexts {
  readonly format: 1;
  /** The one that is used where the command line and the environment name no router. */
  readonly current?: string;
  readonly contexts: Readonly<Record<string, Context>>;
}

const nothing: Contexts = { format: 1, contexts: {} };

/** The file of the contexts: PARLEY_CONTEXTS, else one below the home directory. */
export const contextsFile = (env: Environment): string =>
  env.PARLEY_CONTEXTS ? userPath(env.PARLEY_CONTEXTS, env) : join(env.HOME || homedir(), defaultContextsFile);

const isContexts = (value: unknown): value is Contexts => {
  const { format, contexts } = (value ?? {}) as Partial<Contexts>;
  return (
    format === 1 &&
    typeof contexts === 'object' &&
    contexts !== null &&
    Object.values(contexts).every((one) => typeof one?.url === 'string')
  );
};

/** The contexts that the user has named. A file that other users may read is refused: it holds tokens. */
export const readContexts = (env: Environment): Contexts => {
  const file = contextsFile(env);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return nothing;
    throw new ConfigError([`${file} cannot be read: ${(error as Error).message}`]);
  }
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
    throw new ConfigError([`${file} holds tokens, and other users may read it: chmod 600 ${file}`]);
  try {
    const value: unknown = JSON.parse(text);
    if (isContexts(value)) return value;
  } catch {
    // Said below.
  }
  throw new ConfigError([`${file} is no file of contexts: correct it, or remove it and add them again`]);
};

/** Replaces the file as a whole, readable by its user alone. */
export const writeContexts = (contexts: Contexts, env: Environment): void => {
  const file = contextsFile(env);
  const partial = `${file}.${process.pid}.partial`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(partial, `${JSON.stringify(contexts, null, 2)}\n`, { mode: 0o600 });
    renameSync(partial, file);
  } catch (error) {
    throw new ConfigError([`${file} cannot be written: ${(error as Error).message}`]);
  }
};

/** The context of that name. */
export const contextNamed = (name: string, { contexts }: Contexts): Context => {
  if (Object.hasOwn(contexts, name)) return contexts[name] as Context;
  const names = Object.keys(contexts);
  const meant = nearest(name, names);
  const hint = meant === undefined ? `there are ${names.join(', ') || 'none'}` : `did you mean ${meant}?`;
  throw new ConfigError([`no context ${name}: ${hint} (parley context ls)`]);
};
