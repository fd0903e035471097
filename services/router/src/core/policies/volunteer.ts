import { definePolicy } from './policy.ts';

/** After each message the others bid for the floor; the member with the highest bid speaks. */
export const volunteer = definePolicy({
  floorAfter: (state, { from }) => ({
    names: state.members.filter((member) => member !== from),
    bidding: true,
  }),
  /** The highest bid above 0; among equal bids, the member that comes first after the last speaker. */
  settleBids({ members, lastSpeaker, by }, placed) {
    const bids = new Map(placed.map(({ member, score }) => [member, score]));
    const bidOf = (name: string) => bids.get(name) ?? 0;
    const last = members.indexOf(lastSpeaker ?? by) + 1;
    const inOrder = [...members.slice(last), ...members.slice(0, last)];
    const best = inOrder.reduce((best, name) => (bidOf(name) > bidOf(best) ? name : best));
    return bidOf(best) > 0 ? best : undefined;
  },
});
