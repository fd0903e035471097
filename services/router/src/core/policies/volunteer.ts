import type { Conversation } from '../conversation.ts';
import { nextInOrder, type Policy } from './policy.ts';

/** After each line the others bid for the floor; who bids highest speaks. */
export const volunteer: Policy = {
  free: false,
  floorAfter: (state, line) => ({
    names: state.members.filter((member) => member !== line.from),
    bidding: true,
  }),
};

/** The highest bidder, the one after the last speaker first among equals; undefined when nobody wants to speak. */
export const highestBidder = (state: Conversation, bids: ReadonlyMap<string, number>): string | undefined => {
  let best: string | undefined;
  let name = state.lastSpeaker ?? state.by;
  for (let i = 0; i < state.members.length; i++) {
    name = nextInOrder(state.members, name);
    const bid = bids.get(name) ?? 0;
    if (bid > (best === undefined ? 0 : (bids.get(best) ?? 0))) best = name;
  }
  return best;
};
