import { nextInOrder, type Policy } from './policy.ts';

/** Everybody in turn, in the order of the members. */
export const roundRobin: Policy = {
  free: false,
  floorAfter: (state, line) => ({ names: [nextInOrder(state.members, line.from)] }),
};
