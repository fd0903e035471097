import { mentioned } from './mention.ts';
import { type Policy, stillOwing } from './policy.ts';

/** People and programs in one room: whoever is addressed owes a reply, anybody may speak, nobody has to. */
export const open: Policy = {
  free: true,
  floorAfter(state, line) {
    const addressed = line.target === undefined ? mentioned(state, line) : [line.target];
    return { names: [...new Set([...stillOwing(state, line), ...addressed])] };
  },
};
