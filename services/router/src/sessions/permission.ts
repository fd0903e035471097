import type { ClientFrame } from '@parley/protocol';
import type { Conversation } from '../core/conversation.ts';
import { mentioned } from '../core/policies/mention.ts';
import { policies } from '../core/policies/policies.ts';
import { agentReader, membershipOf, overseer, type Reader } from '../core/visibility.ts';
import { type Identity, mayReadAll, maySendTo, maySpeak } from '../identity/identity.ts';
import type { Replica } from '../presence/replica.ts';
import type { Router } from '../router.ts';

/**
 * The reason why a token does not allow the frame of a registered `parley.v1` client; undefined when the token allows it.
 * Whether the client may speak in a conversation is decided by the conversation, not here.
 */
export const whyForbidden = (
  identity: Identity | undefined,
  replica: Replica,
  frame: ClientFrame,
  router: Pick<Router, 'conversations' | 'grants'>,
): string | undefined => {
  if (!identity) return 'no token was shown';
  const { conversations } = router;
  const { name } = replica;
  const members = (id: string) => conversations.find(id)?.members ?? [];
  if (frame.type === 'history') {
    const all = mayReadAll(identity) || members(frame.conversation).includes(name);
    return all || !conversations.find(frame.conversation)
      ? undefined
      : 'only members may read this conversation';
  }
  if (!maySpeak(identity)) return 'an observer only reads';
  if (identity.send === undefined) return undefined;
  const addressed = frame.type === 'join' ? members(frame.conversation) : reachedBy(replica, frame, router);
  const stranger = addressed.find((target) => target !== name && !maySendTo(identity, target));
  return stranger && `the token does not allow writing to ${stranger}`;
};

/** The identity with which a registered client reads a conversation. An operator that is or was a member reads as that member. */
export const readerOf = (state: Conversation, identity: Identity | undefined, name: string): Reader => {
  const takesPart = !identity || (maySpeak(identity) && membershipOf(state, name) !== 'outsider');
  return takesPart || !mayReadAll(identity) ? agentReader(name) : overseer;
};

/**
 * All members that a message without a target writes to. A name in the text counts as a target when it gives a turn. Otherwise
 * an answer to a grant (`isOwed`) needs no permission for its hearers. A message without a turn needs permission for all of them.
 * A conversation that has ended takes no message, and says so itself.
 */
export const reachedWithoutTarget = (
  state: Conversation,
  from: string,
  text: string,
  isOwed: boolean,
): readonly string[] => {
  if (state.status.state === 'ended') return [];
  const named = policies[state.policy].mentionsGiveTurns ? mentioned(state, { from, text }) : [];
  return isOwed ? named : [...named, ...(state.hears.get(from) ?? state.members)];
};

/** All members that the frame writes to. */
const reachedBy = (
  replica: Replica,
  frame: ClientFrame,
  router: Pick<Router, 'conversations' | 'grants'>,
): readonly string[] => {
  if (frame.type === 'open')
    return frame.first === undefined ? frame.members : [...frame.members, frame.first];
  if (frame.type !== 'say') return [];
  const { conversation, turn, target, to, text } = frame;
  const named = [...(target === undefined ? [] : [target]), ...(to ?? [])];
  const state = router.conversations.find(conversation);
  if (!state || target !== undefined) return named;
  const isOwed = turn !== undefined || router.grants.heldBy(replica, conversation) !== undefined;
  return [...named, ...reachedWithoutTarget(state, replica.name, text, isOwed || to !== undefined)];
};
