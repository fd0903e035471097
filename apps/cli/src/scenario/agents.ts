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
