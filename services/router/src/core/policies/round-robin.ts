import { definePolicy, nextInOrder } from './policy.ts';

/** Each member in turn, in the order of the members. */
export const roundRobin = definePolicy({
  floorAfter: (state, { from }) => ({ names: [nextInOrder(state.members, from)] }),
});
