import type { Conversation } from '../conversation.ts';
import { definePolicy, longestSilent } from './policy.ts';

const moderatorOf = ({ moderator, by }: Pick<Conversation, 'moderator' | 'by'>): string => moderator ?? by;

/** One member picks who is next, by addressing it. After each message of another the floor goes back to that member. */
export const moderator = definePolicy({
  opensWith: moderatorOf,
  mayClose: (state, member) => (member === moderatorOf(state) ? 'moderator' : undefined),
  floorAfter(state, { from, target }) {
    const chair = moderatorOf(state);
    if (from !== chair) return { names: [chair] };
    if (target !== undefined && target !== chair && state.members.includes(target))
      return { names: [target] };
    const others = state.members.filter((name) => name !== chair);
    return { names: [longestSilent(state, others) ?? chair] };
  },
});
