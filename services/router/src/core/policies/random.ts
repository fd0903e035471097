import type { Policy } from './policy.ts';

/** FNV-1a: the same conversation at the same place draws the same number, on every router and every replay. */
const draw = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  // One more mix, since FNV's low bits of similar texts are alike.
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b) >>> 0;
  return (hash ^ (hash >>> 16)) >>> 0;
};

/** Anybody but the last speaker, drawn from the conversation's seed. */
export const random: Policy = {
  free: false,
  floorAfter(state, line) {
    const others = state.members.filter((member) => member !== line.from);
    const names = others.length > 0 ? others : state.members;
    return { names: [names[draw(`${state.seed}/${state.lines}/${names.join()}`) % names.length] as string] };
  },
};
