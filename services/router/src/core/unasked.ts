import type { Conversation } from './conversation.ts';
import { mentioned } from './policies/mention.ts';
import type { Floor, Line } from './policies/policy.ts';

/** Who has nothing to add after this line: voted, or passed, since somebody last went on. */
const silentAfter = (state: Conversation, { kind, from, done }: Line): ReadonlySet<string> | undefined => {
  const { quorum = state.members.length } = state.limits;
  if (kind === 'said' && !(done && quorum > 0)) return undefined;
  return new Set([...state.votes, ...state.passes.map(({ member }) => member), from]);
};

/** Where a policy hands the floor back: who was silent longest, the next in order first among those who never spoke. */
const longestSilent = (state: Conversation, names: readonly string[]): string | undefined => {
  const lastLine = (name: string) => state.taken.find(({ member }) => member === name)?.seq ?? 0;
  return names.reduce<string | undefined>(
    (best, name) => (best === undefined || lastLine(name) < lastLine(best) ? name : best),
    undefined,
  );
};

/**
 * Votes and passes reach every member. Where a policy hands the floor to members who have all voted or passed, or a vote names
 * nobody and the floor would go back to whoever gave it, the one who was silent longest of those who have not been asked
 * gets it instead.
 */
export const askTheOthers = (state: Conversation, line: Line, floor: Floor): Floor => {
  const silent = silentAfter(state, line);
  if (!silent || floor.bidding || floor.names.length === 0) return floor;
  const handsBack = state.policy === 'mention' && line.target === undefined && floor.names.length === 1;
  if (!handsBack && !floor.names.every((name) => silent.has(name))) return floor;
  if (handsBack && mentioned(state, line).length > 0) return floor;
  const at = state.members.indexOf(line.from) + 1;
  const inOrder = [...state.members.slice(at), ...state.members.slice(0, at)];
  const unasked = inOrder.filter((name) => !silent.has(name));
  const next = longestSilent(state, unasked);
  return next === undefined ? floor : { names: [next] };
};
