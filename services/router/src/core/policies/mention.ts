import { mentionsIn, NameIndex } from '@parley/protocol';
import type { Conversation } from '../conversation.ts';
import { handBack, type Line, type Policy, stillOwing } from './policy.ts';

/**
 * The members that a message names with `@`, in the order in which it does. Linear in the message and the members: each
 * mark is a bounded number of look-ups.
 */
export const mentioned = (state: Conversation, line: Line): string[] => {
  const text = line.text ?? '';
  if (!/[@＠]/.test(text)) return [];
  const named = new Set(mentionsIn(text, new NameIndex(state.members)).map(({ name }) => name));
  named.delete(line.from);
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
