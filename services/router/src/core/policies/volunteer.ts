import type { Conversation } from '../conversation.ts';
import type { Policy } from './policy.ts';

/** After each line the others bid for the floor; who bids highest speaks. */
export const volunteer: Policy = {
  free: false,
  floorAfter: (state, line) => ({
    names: state.members.filter((member) => member !== line.from),
    bidding: true,
  }),
};

/** The highest bidder, the one after the last speaker first among equals; undefined when nobody wants to speak. */
export const highestBidder = (state: Conversation, placed: Conversation['bids']): string | undefined => {
  const bids = new Map(placed.map(({ member, score }) => [member, score]));
  const { members } = state;
  const last = members.indexOf(state.lastSpeaker ?? state.by);
  let best: string | undefined;
  for (let i = 1; i <= members.length; i++) {
    const name = members[(last + i) % members.length] as string;
    const bid = bids.get(name) ?? 0;
    if (bid > (best === undefined ? 0 : (bids.get(best) ?? 0))) best = name;
  }
  return best;
};
