import type { Conversation } from '../../core/conversation.ts';

interface Granted {
  readonly grantedAt: number;
  readonly deadline: number;
}

/** What a lapse by deadline says: which limit ended the grant, so that an operator knows what to raise. */
export const deadlineDetail = (
  { grantedAt, deadline }: Granted,
  state: Pick<Conversation, 'limits'> | undefined,
): string => {
  const ms = deadline - grantedAt;
  const isWhole = state === undefined || ms >= state.limits.turnDeadlineMs;
  const why = isWhole
    ? 'turnDeadlineMs; its default is ROUTER_TURN_DEADLINE_SECONDS'
    : 'the conversation reached maxDurationMs';
  return `no answer within ${Math.round(ms)} ms (${why})`;
};
