import { aimedOrGiver } from './aim.ts';
import { definePolicy, handBack, stillOwing } from './policy.ts';

/** The addressee of a message owes a reply. Two members that address each other are a pair, three in a circle a ring. */
export const addressed = definePolicy({
  allowsUnsolicited: true,
  requiresTarget: true,
  followsTargets: true,
  addressee: aimedOrGiver,
  floorAfter(state, contribution) {
    const { kind, target } = contribution;
    const names = stillOwing(state, contribution);
    if (target !== undefined && !names.includes(target)) names.push(target);
    return { names: names.length > 0 || kind === 'said' ? names : [handBack(state, contribution)] };
  },
});
