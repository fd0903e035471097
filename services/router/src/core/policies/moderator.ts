import type { Conversation } from '../conversation.ts';
import type { Policy } from './policy.ts';

/** Who was silent longest; among those who never spoke, the first in order. */
const longestSilent = (state: Conversation, chair: string): string => {
  const lastLine = (name: string) => state.taken.find(({ member }) => member === name)?.seq ?? 0;
  const others = state.members.filter((name) => name !== chair);
  return others.reduce((best, name) => (lastLine(name) < lastLine(best) ? name : best), others[0] ?? chair);
};

/** One member picks who is next, by addressing it; after each line the word goes back to the moderator. */
export const moderator: Policy = {
  free: false,
  floorAfter(state, line) {
    const chair = state.moderator ?? state.by;
    if (line.from !== chair) return { names: [chair] };
    const picked = line.target !== undefined && line.target !== chair && state.members.includes(line.target);
    return { names: [picked ? (line.target as string) : longestSilent(state, chair)] };
  },
};
