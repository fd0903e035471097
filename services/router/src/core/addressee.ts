import type { Aim, CommandOf } from './command.ts';
import type { Conversation, Turn } from './conversation.ts';
import { mentioned } from './policies/mention.ts';
import { nextInOrder } from './policies/policy.ts';

/**
 * Whom a speaker's settings address: its target, in the conversation that it opens and along a ring. A member from outside the
 * ring that gave the turn is answered, and nobody else is drawn into its conversation.
 */
const aimed = (from: string, { target, ring }: Aim, turn: Turn | undefined): string | undefined =>
  turn && (turn.givenBy === from || (ring.includes(from) && ring.includes(turn.givenBy)))
    ? target
    : undefined;

/**
 * Whom a message without a target addresses: the member that gave the turn, else the last speaker, else the only other. An
 * operator who spoke is no member and owes no reply: whoever answers one goes on with the next in order.
 */
const giverOf = (state: Conversation, from: string, turn: Turn | undefined): string | undefined => {
  const others = state.members.filter((member) => member !== from);
  const known = [turn?.givenBy, state.lastSpeaker].find(
    (name) => name !== undefined && others.includes(name),
  );
  if (known !== undefined || others.length === 1) return known ?? others[0];
  return turn && nextInOrder(state.members, from);
};

/** The addressee of a message (PROTOCOL §10.7); undefined where nobody is addressed but by what the text says. */
export const addresseeOf = (
  state: Conversation,
  { from, text, target, aim }: CommandOf<'say'>,
  turn: Turn | undefined,
): string | undefined => {
  if (target !== undefined) return target;
  if (state.policy === 'addressed') return (aim && aimed(from, aim, turn)) ?? giverOf(state, from, turn);
  // Here a message may address nobody; an agent that is set to address somebody goes on with the conversation.
  if (state.policy !== 'open' || !aim || !turn) return undefined;
  if (mentioned(state, { kind: 'said', from, text, owesMore: false }).length > 0) return undefined;
  return aimed(from, aim, turn) ?? giverOf(state, from, turn);
};
