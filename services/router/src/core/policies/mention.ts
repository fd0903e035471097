import { mentionsIn, NameIndex } from '@parley/protocol';
import type { Contribution, Conversation } from '../conversation.ts';
import { definePolicy, handBack, stillOwing } from './policy.ts';

/** The members that a message names with `@`, in the order of the text. Linear in the text and in the members. */
export const mentioned = (
  state: Conversation,
  { from, text = '' }: Pick<Contribution, 'from' | 'text'>,
): string[] => {
  if (!/[@＠]/.test(text)) return [];
  const named = new Set(mentionsIn(text, new NameIndex(state.members)).map(({ name }) => name));
  named.delete(from);
  return [...named];
};

/** The members that a contribution addresses: its target, else those that its text names. */
export const addressees = (state: Conversation, contribution: Contribution): string[] =>
  contribution.target === undefined ? mentioned(state, contribution) : [contribution.target];

/** `@name` in a message gives that member the floor; a message that names no member hands it back. */
export const mention = definePolicy({
  allowsUnsolicited: true,
  mentionsGiveTurns: true,
  floorAfter(state, contribution) {
    const names = [...new Set([...stillOwing(state, contribution), ...addressees(state, contribution)])];
    return { names: names.length > 0 ? names : [handBack(state, contribution)] };
  },
  /** A vote that names no member would only hand the floor back, and not reach the others. */
  asksOthers(state, contribution, { names }, silent) {
    const handsBack = contribution.target === undefined && names.length === 1;
    return handsBack ? mentioned(state, contribution).length === 0 : names.every((name) => silent.has(name));
  },
});
