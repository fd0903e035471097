import { fnv1a } from '@parley/text';

/** A number in 0 ≤ x < 1 for each conversation id: the same in every process, and spread evenly over many ids. */
export const conversationShare = (conversation: string): number => {
  // FNV alone puts ids that differ in their last character close together.
  let mixed = fnv1a(conversation);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
};
