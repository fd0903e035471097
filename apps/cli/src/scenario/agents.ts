import { asVariable, ownVariable } from '@parley/agent/own-variables';
import type { Environment } from '@parley/runtime';
import type { Scenario } from './scenario.ts';

/** Turns of which each agent of `demo` and `run` keeps the prompts (AGENT_KEEP_PROMPTS). */
export const keptPrompts = '200';

/** One agent process: its name and its settings. The conversation also gives persona and model. */
export interface AgentProcess {
  readonly name: string;
  readonly env: Environment;
  /** The model server of this member, and the variable or the file with its key. */
  readonly server?: string | undefined;
  readonly key?: string | undefined;
  readonly keyFile?: string | undefined;
}

/** The processes of a scenario, one for each replica; none for members that connect themselves. */
export const agentsOf = ({ cast, policy = 'addressed' }: Scenario): AgentProcess[] => {
  const members = [...cast.keys()];
  return [...cast].flatMap(([name, member], place) => {
    if (member.external) return [];
    const next = members[(place + 1) % members.length] as string;
    const settings: Record<string, string | number | undefined> = {
      AGENT_NAME: name,
      AGENT_TARGET: policy === 'addressed' ? (member.addresses ?? next) : undefined,
      OPENAI_MODEL: member.model,
      OPENAI_BASE_URL: member.server,
      AGENT_TEMPERATURE: member.temperature,
      AGENT_MAX_TOKENS: member.maxTokens,
      AGENT_HISTORY_TOKENS: member.history,
    };
    const env = Object.fromEntries(
      Object.entries(settings).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
    );
    const { server, key, keyFile, replicas = 1 } = member;
    return Array.from({ length: replicas }, () => ({ name, env, server, key, keyFile }));
  });
};

/** The same with the personas of the scenario, for agents whose conversations others open. */
export const withPersonas = (agents: readonly AgentProcess[], { cast }: Scenario): AgentProcess[] =>
  agents.map((agent) => ({
    ...agent,
    env: { ...agent.env, AGENT_PERSONA: cast.get(agent.name)?.persona },
  }));

/** One process and its agents. */
export interface CastProcess {
  readonly names: readonly string[];
  readonly env: Environment;
}

/** A process for each agent. */
export const ownProcesses = (agents: readonly AgentProcess[]): CastProcess[] =>
  agents.map(({ name, env }) => ({ names: [name], env }));

/**
 * The agents of each process when as few processes as possible are started. Further replicas of a member are for its failures, so
 * each is in another process; so is an agent whose variables would have the same names as those of another.
 */
export const processGroups = (agents: readonly AgentProcess[]): AgentProcess[][] => {
  const groups: AgentProcess[][] = [];
  for (const agent of agents) {
    const word = asVariable(agent.name);
    const free = groups.find((group) => !group.some(({ name }) => asVariable(name) === word));
    if (free) free.push(agent);
    else groups.push([agent]);
  }
  return groups;
};

/** One process for all agents, and further ones for what `processGroups` keeps apart. */
export const sharedProcesses = (agents: readonly AgentProcess[]): CastProcess[] =>
  processGroups(agents).map((group) => ({
    names: group.map(({ name }) => name),
    env: {
      AGENT_NAMES: group.map(({ name }) => name).join(','),
      ...Object.fromEntries(
        group.flatMap(({ name, env: { AGENT_NAME: _, ...env } }) =>
          Object.entries(env).map(([variable, value]) => [ownVariable(name, variable), value]),
        ),
      ),
    },
  }));
