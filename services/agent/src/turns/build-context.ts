import type { RouterFrameOf } from '@parley/protocol';
import type { Transcript } from '../memory/transcript.ts';
import type { TurnContext } from '../memory/turn-context.ts';
import { policies, usualPolicy } from '../policies/policies.ts';
import { moderates } from '../policies/policy.ts';

/** The settings of this agent, which hold in every conversation. */
export interface Self {
  readonly self: string;
  readonly persona: string | undefined;
  readonly trustsPeers: boolean;
}

/** All that the agent knows when it takes the granted turn. Values of the conversation override the settings. */
export const buildContext = (
  { self, persona, trustsPeers }: Self,
  { conversation, turn, remaining }: Pick<RouterFrameOf<'turn'>, 'conversation' | 'turn' | 'remaining'>,
  transcript: Transcript,
): TurnContext => {
  const { opened, limits, members, left, opening, summary, noted, lines } = transcript;
  const role = transcript.roleOf(self);
  const policy = opened?.policy ?? usualPolicy;
  const moderator = opened && policies[policy].moderatorOf(opened);
  return {
    self,
    persona: role.persona ?? persona,
    model: role.model,
    conversation,
    topic: opened?.topic,
    policy,
    moderator,
    quorum: limits.quorum,
    seed: opened?.seed,
    members,
    left,
    stopPhrases: limits.stopPhrases ?? [],
    turn,
    lapses: transcript.lapsesOf(turn),
    remaining,
    opening,
    summary,
    noted,
    lines: moderates({ moderator, self }) ? lines : lines.filter(({ kind }) => kind !== 'passed'),
    trustsPeers,
  };
};
