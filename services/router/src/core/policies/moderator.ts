import { nextInOrder, type Policy } from './policy.ts';

/** One member picks who is next, by addressing it; after each line the word goes back to the moderator. */
export const moderator: Policy = {
  free: false,
  floorAfter(state, line) {
    const chair = state.moderator ?? state.by;
    if (line.from !== chair) return { names: [chair] };
    const picked = line.target !== undefined && line.target !== chair && state.members.includes(line.target);
    return { names: [picked ? (line.target as string) : nextInOrder(state.members, chair)] };
  },
};
