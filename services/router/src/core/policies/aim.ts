import type { Aim, CommandOf } from '../command.ts';
import type { Conversation, Turn } from '../conversation.ts';
import { nextInOrder } from './policy.ts';

/**
 * The addressee that a speaker's settings name: its target, in the conversation that it opens and along a ring. A member from
 * outside the ring that gave the turn is answered, and draws no other member into its conversation.
 */
const aimed = (from: string, { target, ring }: Aim, turn: Turn | undefined): string | undefined =>
  turn && (turn.givenBy === from || (ring.includes(from) && ring.includes(turn.givenBy)))
    ? target
    : undefined;

/**
 * The member that a message answers: the one that gave the turn, else the last speaker, else the only other member. An operator
 * who spoke is no member and is owed no reply: then the next member in order.
 */
const giverOf = (state: Conversation, from: string, turn: Turn | undefined): string | undefined => {
  const others = state.members.filter((member) => member !== from);
  const known = [turn?.givenBy, state.lastSpeaker].find(
    (name) => name !== undefined && others.includes(name),
  );
  if (known !== undefined || others.length === 1) return known ?? others[0];
  return turn && nextInOrder(state.members, from);
};

/** The addressee of a message by the settings of its speaker, else the member that it answers (PROTOCOL §10.7). */
export const aimedOrGiver = (
  state: Conversation,
  { from, aim }: CommandOf<'say'>,
  turn: Turn | undefined,
): string | undefined => (aim && aimed(from, aim, turn)) ?? giverOf(state, from, turn);
