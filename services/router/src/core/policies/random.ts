import { fnv1a } from '@parley/text';
import { definePolicy } from './policy.ts';

/** The same conversation at the same place draws the same number, on every router and in every replay. */
const draw = (text: string): number => {
  let hash = fnv1a(text);
  // The low bits of FNV are alike for similar texts, so the hash is mixed once more.
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b) >>> 0;
  return (hash ^ (hash >>> 16)) >>> 0;
};

/** Any member but the last speaker, drawn from the seed of the conversation. */
export const random = definePolicy({
  floorAfter(state, { from }) {
    const others = state.members.filter((member) => member !== from);
    const names = others.length > 0 ? others : state.members;
    return {
      names: [names[draw(`${state.seed}/${state.turnsTaken}/${names.join()}`) % names.length] as string],
    };
  },
});
