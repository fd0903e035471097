import { normalName } from '@parley/protocol';
import { ConfigError, type Environment, nearest, type Setting } from '@parley/runtime';
import type { AgentName } from './names.ts';
import { settings } from './settings.ts';

type Table = typeof settings;

/** What an agent of several may have for itself. The rest belongs to the process: its log, its port, its traces, its router. */
const isOwn = ({ variable }: Setting<unknown>): boolean =>
  /^(?:AGENT|OPENAI)_/.test(variable) && !/^AGENT_(?:NAMES?|HEALTH_PORT)$/.test(variable);

const entries = Object.entries(settings) as [keyof Table, Setting<unknown>][];
/** The variables of all agents. */
export const sharedVariables = entries.flatMap(([, { variable, secret }]) =>
  secret ? [variable, `${variable}_FILE`] : [variable],
);

/** `AGENT_PERSONA` is PERSONA behind a name, and `OPENAI_MODEL` is itself. */
const behind = (variable: string): string => variable.replace(/^AGENT_/, '');

/** A name as it stands in a variable: `crowd-3` is CROWD_3. */
export const asVariable = (name: string): string =>
  name.toUpperCase().replaceAll(/[^\p{L}\p{M}\p{Nd}]/gu, '_');

export const ownVariable = (name: string, variable: string): string =>
  `AGENT_${asVariable(name)}_${behind(variable)}`;

const isYes = (raw: string | undefined): boolean => /^(?:true|1|yes|on)$/i.test(raw ?? '');

export interface OtherVariables {
  /** Variables with the prefix AGENT_ that belong to other programs. */
  readonly foreign: readonly string[];
  /** Names by which other programs know a setting, each with its variable. */
  readonly aliases: Readonly<Record<string, string>>;
}

/**
 * The variables of several agents in one environment. For each setting an agent takes its own variable (AGENT_CROWD_3_PERSONA), else that of
 * its range (AGENT_CROWD_PERSONA), else the one of all (AGENT_PERSONA). An own variable that is empty takes the one of all away.
 */
export class OwnVariables {
  readonly names: readonly AgentName[];
  /** Variables that belong to no setting and to no agent, with what was probably meant. */
  readonly unknown: readonly string[];
  readonly #env: Environment;
  readonly #common: Environment;

  constructor(names: readonly AgentName[], env: Environment, others: OtherVariables) {
    this.names = names;
    this.#env = env;
    const owners = ownersOf(names);
    const own = new Set(
      [...owners.keys()].flatMap((owner) => entries.flatMap(([, setting]) => this.#given(owner, setting))),
    );
    const unknown = new Map(
      Object.keys(env)
        .filter((variable) => !own.has(variable))
        .flatMap((variable) => {
          const meant = meantBy(variable, owners, others);
          return meant === undefined ? [] : [[variable, meant] as const];
        }),
    );
    this.unknown = [...unknown].map(
      ([variable, meant]) => `${variable}: unknown setting; did you mean ${meant}?`,
    );
    this.#common = Object.fromEntries(
      Object.entries(env).filter(([variable]) => !own.has(variable) && !unknown.has(variable)),
    );
  }

  /** The settings with the variables that this agent reads, and the environment without those of the others. */
  of({ name, group }: AgentName): { readonly table: Table; readonly environment: Environment } {
    const given: Record<string, string | undefined> = {};
    const table = Object.fromEntries(
      entries.map(([key, setting]) => {
        const found = [name, group].flatMap((owner) =>
          owner === undefined ? [] : this.#given(owner, setting),
        );
        const [first] = found;
        if (first === undefined || !isOwn(setting)) return [key, setting];
        const variable = first.replace(/_FILE$/, '');
        for (const one of found) if (one.replace(/_FILE$/, '') === variable) given[one] = this.#env[one];
        return [key, { ...setting, variable }];
      }),
    ) as unknown as Table;
    // What is said to all of whom they address is not said to the one that they address.
    const { AGENT_TARGET: target, AGENT_FIRST_SPEAKER: first } = this.#env;
    const isTarget = target !== undefined && normalName(target) === name;
    const environment = {
      ...this.#common,
      ...(isTarget && { AGENT_TARGET: '', ...(isYes(first) && { AGENT_FIRST_SPEAKER: '' }) }),
      ...given,
      AGENT_NAMES: '',
      AGENT_NAME: name,
    };
    return { table, environment };
  }

  /** The variables of this agent or range for a setting that are in the environment: of a secret perhaps both forms. */
  #given(owner: string, setting: Setting<unknown>): string[] {
    if (!isOwn(setting)) return [];
    const variable = ownVariable(owner, setting.variable);
    const forms = setting.secret ? [variable, `${variable}_FILE`] : [variable];
    return forms.filter((form) => this.#env[form] !== undefined);
  }
}

/** Each agent and each range, by its word in variables. Two of one word are refused: a variable must have one meaning. */
const ownersOf = (names: readonly AgentName[]): ReadonlyMap<string, string> => {
  const owned = new Map<string, string>();
  const owners = new Map<string, string>();
  const claim = (owner: string, shown: string) => {
    const word = asVariable(owner);
    const other = owned.get(word) ?? shown;
    if (other !== shown)
      throw new ConfigError([
        `AGENT_NAMES: ${other} and ${shown} would both have the variables AGENT_${word}_…: rename one of them`,
      ]);
    owned.set(word, shown);
    owners.set(owner, word);
  };
  for (const { name, group } of names) {
    claim(name, name);
    if (group !== undefined) claim(group, `the range ${group}`);
  }
  return owners;
};

/** The variable that was probably meant by one that has the form of an agent's own and is none. */
const meantBy = (
  variable: string,
  owners: ReadonlyMap<string, string>,
  { foreign, aliases }: OtherVariables,
): string | undefined => {
  const isOther = [...sharedVariables, ...foreign, ...Object.keys(aliases)].includes(variable);
  if (!variable.startsWith('AGENT_') || isOther) return undefined;
  for (const [owner, word] of owners) {
    const rest = variable.startsWith(`AGENT_${word}_`) ? variable.slice(`AGENT_${word}_`.length) : undefined;
    const alias = aliases[`AGENT_${rest}`] ?? aliases[rest ?? ''];
    if (alias !== undefined) return ownVariable(owner, alias);
  }
  const possible = [...owners.keys()].flatMap((owner) =>
    entries.flatMap(([, setting]) => (isOwn(setting) ? [ownVariable(owner, setting.variable)] : [])),
  );
  return nearest(variable, [...sharedVariables, ...possible]);
};
