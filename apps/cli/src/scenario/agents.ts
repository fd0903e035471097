import type { Environment } from '@parley/kit';
import type { Scenario } from './scenario.ts';

/** One agent process: its name and what it is set to. Persona and model also come with the conversation. */
export interface AgentProcess {
  readonly name: string;
  readonly env: Environment;
}

/** The processes that a scenario needs, replicas one by one; none for members that connect by themselves. */
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
    return Array.from({ length: member.replicas ?? 1 }, () => ({ name, env }));
  });
};
