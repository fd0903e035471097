import type { RouterFrameOf } from '@parley/protocol';
import type { Transcript } from './transcript.ts';
import type { TurnContext } from './turn-context.ts';

/** What the operator set for this agent, wherever it speaks. */
export interface Self {
  readonly self: string;
  readonly persona: string | undefined;
  readonly trustsPeers: boolean;
}

/** All that the agent knows as it takes the granted turn. What the conversation says of it goes before its own settings. */
export const buildContext = (
  { self, persona, trustsPeers }: Self,
  { conversation, turn, remaining }: Pick<RouterFrameOf<'turn'>, 'conversation' | 'turn' | 'remaining'>,
  transcript: Transcript,
): TurnContext => {
  const { opened, limits, members, left, opening, summary, noted, lines } = transcript;
  const role = transcript.roleOf(self);
  const policy = opened?.policy ?? 'addressed';
  const moderator = policy === 'moderator' ? (opened?.moderator ?? opened?.by) : undefined;
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
    lines: moderator === self ? lines : lines.filter(({ kind }) => kind !== 'passed'),
    trustsPeers,
  };
};
