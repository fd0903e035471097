import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isEmptyFolder, whoMayUse } from './file-access.ts';
import { userPath } from './user-path.ts';

/** An error that only the operator can fix. It is printed without a stack, and the process exits before it listens. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

type Read<T> = { readonly value: T } | { readonly problem: string };

/** The problems of the ConfigError that `read` throws; empty when it throws none. Other errors are thrown. */
export const problemsOf = (read: () => unknown): readonly string[] => {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
};

/** One setting: an environment variable, its purpose, and the function that reads its value. */
export interface Setting<T> {
  readonly variable: string;
  readonly help: string;
  /** The default in .env.example; "" without a default. */
  readonly shown: string;
  /** The value may also be in a file that the variable with the suffix _FILE names. */
  readonly secret: boolean;
  /** A secret whose file may be missing in a folder without files: `optional` volumes of Kubernetes look so when the secret is missing. */
  readonly optionalFile?: boolean;
  /** `resolve` makes a path absolute. */
  read(raw: string | undefined, resolve: (path: string) => string): Read<T>;
}

interface About<T> {
  help: string;
  fallback: T;
}

export const text = <T extends string | undefined>(
  variable: string,
  about: About<T> & {
    pattern?: RegExp;
    expected?: string;
    /** The problem of a value; undefined when it is valid. */
    fault?: (raw: string) => string | undefined;
  },
): Setting<T extends undefined ? string | undefined : string> => ({
  variable,
  help: about.help,
  shown: about.fallback ?? '',
  secret: false,
  read(raw) {
    if (raw === undefined) return { value: about.fallback as never };
    if (about.pattern && !about.pattern.test(raw)) {
      return { problem: `expected ${about.expected ?? about.pattern.source}, got ${JSON.stringify(raw)}` };
    }
    const fault = about.fault?.(raw);
    return fault === undefined ? { value: raw as never } : { problem: fault };
  },
});

/** A value that is never shown: not in problems, not in .env.example. */
export const secret = (variable: string, help: string): Setting<string | undefined> => ({
  variable,
  help,
  shown: '',
  secret: true,
  read: (raw) => ({ value: raw }),
});

/** A file or folder. `except`: values that are no path. The value is absolute; the fallback stays as it is. */
export const path = <T extends string | undefined>(
  variable: string,
  about: About<T> & { except?: RegExp },
): Setting<T extends undefined ? string | undefined : string> => ({
  ...text(variable, about),
  read(raw, resolve) {
    if (raw === undefined) return { value: about.fallback as never };
    return { value: (about.except?.test(raw) ? raw : resolve(raw)) as never };
  },
});

interface Range {
  min: number;
  max: number;
}
const numeric = <T extends number | undefined>(
  kind: 'an integer' | 'a number',
  variable: string,
  about: About<T> & Range,
): Setting<T extends undefined ? number | undefined : number> => ({
  variable,
  help: about.help,
  shown: about.fallback === undefined ? '' : String(about.fallback),
  secret: false,
  read(raw) {
    if (raw === undefined) return { value: about.fallback as never };
    const value = Number(raw);
    const fits = kind === 'an integer' ? Number.isInteger(value) : Number.isFinite(value);
    return fits && value >= about.min && value <= about.max
      ? { value: value as never }
      : { problem: `expected ${kind} in ${about.min}..${about.max}, got ${JSON.stringify(raw)}` };
  },
});

export const integer = <T extends number | undefined>(variable: string, about: About<T> & Range) =>
  numeric('an integer', variable, about);
export const decimal = <T extends number | undefined>(variable: string, about: About<T> & Range) =>
  numeric('a number', variable, about);

export const choice = <const T extends string>(
  variable: string,
  about: About<NoInfer<T>> & { of: readonly T[] },
): Setting<T> => ({
  variable,
  help: about.help,
  shown: about.fallback,
  secret: false,
  read(raw) {
    if (raw === undefined) return { value: about.fallback };
    const value = about.of.find((one) => one === raw);
    return value
      ? { value }
      : { problem: `expected one of ${about.of.join(', ')}, got ${JSON.stringify(raw)}` };
  },
});

export const toggle = (variable: string, about: About<boolean>): Setting<boolean> => ({
  variable,
  help: about.help,
  shown: String(about.fallback),
  secret: false,
  read(raw) {
    if (raw === undefined) return { value: about.fallback };
    if (/^(true|1|yes|on)$/i.test(raw)) return { value: true };
    if (/^(false|0|no|off)$/i.test(raw)) return { value: false };
    return { problem: `expected true or false, got ${JSON.stringify(raw)}` };
  },
});

export type Settings = { readonly [key: string]: Setting<unknown> };
export type Values<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};
export type Environment = { readonly [variable: string]: string | undefined };

interface Known {
  /** Unknown variables with such a prefix are refused, so that a misspelt setting is not ignored. */
  prefixes: readonly string[];
  /** Variables with such a prefix that belong to other programs. */
  foreign?: readonly string[];
  /** Variables of other programs of Parley: a name that is nearly one of these is refused. */
  neighbours?: readonly string[];
  /** Names that other programs use for a setting, each with the variable of Parley. */
  aliases?: Readonly<Record<string, string>>;
}

/** The number of edits from `a` to `b`. Two swapped characters are one edit. */
const steps = (a: string, b: string): number => {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        next[j] = Math.min(next[j]!, before[j - 2]! + 1);
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
};

/** The word of `words` that is most similar to `word`. */
export const nearest = (word: string, words: readonly string[], most = 3): string | undefined =>
  words
    .map((known) => ({ known, far: steps(word, known) }))
    .sort((a, b) => a.far - b.far)
    .find(({ far }) => far <= most)?.known;

/** The families of names. A name of one family is never a misspelling of a name of another. */
const families = /^(?:OPEN_?AI|AGENT|ROUTER|PARLEY)/;
const slip = 2;

/** The variable that differs from `name` in its prefix only: PARLEY_LOG_LEVEL is LOG_LEVEL, OPENAI_SEED is AGENT_SEED. */
const withOtherPrefix = (name: string, variables: readonly string[]): string | undefined => {
  const rest = /^(?:AGENT|OPENAI|PARLEY)_(.+)$/.exec(name)?.[1];
  const wanted = rest === undefined ? [] : [rest, ...(name.startsWith('OPENAI_') ? [`AGENT_${rest}`] : [])];
  return wanted.find((one) => variables.includes(one));
};

/** The only variable that begins with the words of `name`: AGENT_STOP is AGENT_STOP_PHRASES. */
const beginningWith = (name: string, variables: readonly string[]): string | undefined => {
  const found = variables.filter((one) => one.startsWith(`${name}_`) && !one.endsWith('_FILE'));
  return found.length === 1 ? found[0] : undefined;
};

/** Unknown variables that are probably misspellings of known ones. */
const misspelt = (env: Environment, variables: readonly string[], known: Known): string[] => {
  const { prefixes, foreign = [], neighbours = [], aliases = {} } = known;
  const every = [...variables, ...neighbours];
  const problems: string[] = [];
  for (const [variable, value] of Object.entries(env)) {
    if (every.includes(variable) || foreign.includes(variable)) continue;
    const name = variable.toUpperCase();
    const alias = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
    const sure = alias ?? (families.test(name) ? withOtherPrefix(name, every) : undefined);
    if (prefixes.some((prefix) => variable.startsWith(prefix))) {
      const meant = sure ?? beginningWith(variable, variables) ?? nearest(variable, variables);
      problems.push(`${variable}: unknown setting${meant ? `; did you mean ${meant}?` : ''}`);
    } else if (families.test(name) && value) {
      const isOtherCase = variable !== name;
      const meant = isOtherCase && every.includes(name) ? name : sure;
      const near = meant ?? (isOtherCase ? undefined : nearest(variable, every, slip));
      // Another program may use the alias for the same setting. Equal values do no harm.
      if (near !== undefined && env[near] !== value)
        problems.push(`${variable}: Parley does not read this variable; did you mean ${near}?`);
    }
  }
  return problems;
};

const fromFile = (
  { variable, optionalFile = false }: Setting<unknown>,
  env: Environment,
): Read<string | undefined> => {
  const path = env[`${variable}_FILE`];
  if (!path) return { value: env[variable] || undefined };
  if (env[variable]) return { problem: `is set, and so is ${variable}_FILE: set one of the two` };
  try {
    return { value: readFileSync(userPath(path, env), 'utf8').replace(/\r?\n$/, '') || undefined };
  } catch (error) {
    const file = userPath(path, env);
    if (optionalFile && isEmptyFolder(dirname(file))) return { value: undefined };
    return {
      problem: `${variable}_FILE cannot be read: ${(error as Error).message}${whoMayUse(file, { write: false })}`,
    };
  }
};

/**
 * Settings of .env that docker-compose.yml sets itself for each service. They would have no effect, so they are refused. The file
 * lists those that are set in PARLEY_FIXED, as `NAME=set`.
 */
const fixedByCompose = ({ PARLEY_FIXED = '' }: Environment): string[] =>
  PARLEY_FIXED.split(/\s+/)
    .filter((one) => one.endsWith('=set'))
    .map(
      (one) =>
        `${one.slice(0, -'=set'.length)}: is set in .env or in the shell, and docker-compose.yml gives it to each service by itself: write it into docker-compose.override.yml (deploy/compose.override.sample.yml) and take it out of .env`,
    );

/**
 * Kubernetes sets such variables in every pod for each Service of the namespace, unless the pod says enableServiceLinks: false.
 * A Service named `router` gives ROUTER_PORT=tcp://10.0.0.1:8765, which is no setting.
 */
const serviceLink =
  /_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/;

const withoutServiceLinks = (env: Environment): Environment => {
  if (!env.KUBERNETES_SERVICE_HOST) return env;
  const isLink = ([name, value = '']: [string, string | undefined]) =>
    serviceLink.test(name) || (name.endsWith('_PORT') && /^(?:tcp|udp|sctp):\/\//.test(value));
  return Object.fromEntries(Object.entries(env).filter((one) => !isLink(one)));
};

/** The values of all settings, or a ConfigError that lists every problem at once. An empty variable is unset. */
export const loadSettings = <S extends Settings>(
  settings: S,
  given: Environment,
  known: Known,
): Values<S> => {
  const env = withoutServiceLinks(given);
  const problems: string[] = [];
  const resolve = (path: string) => userPath(path, env);
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(settings)) {
    const raw = setting.secret ? fromFile(setting, env) : { value: env[setting.variable] || undefined };
    const read = 'problem' in raw ? raw : setting.read(raw.value, resolve);
    if ('problem' in read) problems.push(`${setting.variable}: ${read.problem}`);
    else values[key] = read.value;
  }
  const variables = Object.values(settings).flatMap((one) =>
    one.secret ? [one.variable, `${one.variable}_FILE`] : [one.variable],
  );
  problems.push(...misspelt(env, variables, known), ...fixedByCompose(env));
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(values) as Values<S>;
};
