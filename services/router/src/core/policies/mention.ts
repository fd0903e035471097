import type { Conversation } from '../conversation.ts';
import { handBack, type Line, type Policy, stillOwing } from './policy.ts';

const mark = /@([A-Za-z0-9][A-Za-z0-9._-]{0,63})/g;
/** Punctuation at its end belongs to the sentence. */
const sentenceEnd = /[._-]+$/;

/**
 * The members that a message names with `@`, in the order in which it does. Linear in the message and the members: each
 * mark is one look-up.
 */
export const mentioned = (state: Conversation, line: Line): string[] => {
  const text = line.text ?? '';
  if (!text.includes('@')) return [];
  const members = new Set(state.members);
  // Of names that differ in case only, the first is meant, unless another is written exactly.
  const byCase = new Map(state.members.toReversed().map((member) => [member.toLowerCase(), member]));
  const named = new Set<string>();
  for (const [, written = ''] of text.matchAll(mark)) {
    const name = written.replace(sentenceEnd, '');
    const member = members.has(name) ? name : byCase.get(name.toLowerCase());
    if (member !== undefined && member !== line.from) named.add(member);
  }
  return [...named];
};

/** `@name` in a line gives that member the floor; a line that names nobody hands it back. */
export const mention: Policy = {
  free: true,
  floorAfter(state, line) {
    const named = line.target === undefined ? mentioned(state, line) : [line.target];
    const names = [...new Set([...stillOwing(state, line), ...named])];
    return { names: names.length > 0 ? names : [handBack(state, line)] };
  },
};
