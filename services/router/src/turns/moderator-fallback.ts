import type { Entry } from '@parley/protocol';
import type { Conversation } from '../core/conversation.ts';

/** The moderator's message named no member, so the policy chose the member that was silent longest. */
export interface ModeratorFallback {
  readonly moderator: string;
  readonly next: string;
}

/**
 * The fallback that an entry records; undefined for any other entry. Not a fallback: a vote, after which the members that have
 * not voted are asked, and a conversation of two, where there is no choice.
 */
export const moderatorFallback = (
  { policy, moderator, by, members }: Conversation,
  entry: Entry,
): ModeratorFallback | undefined => {
  if (policy !== 'moderator' || members.length < 3 || entry.type !== 'said') return undefined;
  const { from, target, done, floor } = entry;
  const next = floor?.length === 1 ? floor[0] : undefined;
  if (from !== (moderator ?? by) || target !== undefined || done || next === undefined) return undefined;
  return { moderator: from, next };
};
