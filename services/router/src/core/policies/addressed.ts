import { handBack, type Policy, stillOwing } from './policy.ts';

/** Whoever is addressed owes a reply. Two that address each other are a pair, three in a circle a ring. */
export const addressed: Policy = {
  free: true,
  floorAfter(state, line) {
    const names = stillOwing(state, line);
    if (line.target !== undefined && !names.includes(line.target)) names.push(line.target);
    return { names: names.length > 0 || line.kind === 'said' ? names : [handBack(state, line)] };
  },
};
