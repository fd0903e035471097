import type { Contribution, Conversation } from '../conversation.ts';
import { policies } from '../policies/policies.ts';
import { type Floor, longestSilent } from '../policies/policy.ts';

/** The members that have voted or passed since a member last went on; undefined when the contribution goes on. */
const silentAfter = (
  state: Conversation,
  { kind, from, done }: Contribution,
): ReadonlySet<string> | undefined => {
  const { quorum = state.members.length } = state.limits;
  if (kind === 'said' && !(done && quorum > 0)) return undefined;
  return new Set([...state.votes, ...state.passes.map(({ member }) => member), from]);
};

/**
 * Who has the floor after a contribution, as the policy says. Votes and passes reach every member: where the policy would ask
 * only members who have voted or passed, the one of the others who was silent longest is asked instead.
 */
export const nextFloor = (state: Conversation, contribution: Contribution): Floor => {
  const policy = policies[state.policy];
  const floor = policy.floorAfter(state, contribution);
  const silent = silentAfter(state, contribution);
  if (!silent || floor.bidding || floor.names.length === 0) return floor;
  if (!policy.asksOthers(state, contribution, floor, silent)) return floor;
  const at = state.members.indexOf(contribution.from) + 1;
  const inOrder = [...state.members.slice(at), ...state.members.slice(0, at)];
  const next = longestSilent(
    state,
    inOrder.filter((name) => !silent.has(name)),
  );
  return next === undefined ? floor : { names: [next] };
};

/** The fields of an entry that give the floor. */
export const giving = ({ names, bidding }: Floor) => ({ floor: names, ...(bidding && { bidding }) });
