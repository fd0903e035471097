import type { ClientFrame } from '@parley/protocol';
import type { Conversations } from '../conversations.ts';
import type { Conversation } from '../core/conversation.ts';
import { agentReader, overseer, type Reader, standingOf } from '../core/visibility.ts';
import { type Identity, mayReadAll, maySendTo, maySpeak } from '../identity/identity.ts';

/**
 * Why a token does not allow what a registered `parley.v1` client asks; undefined when it does. Where it may speak at
 * all is for the conversation to decide.
 */
export const whyForbidden = (
  identity: Identity | undefined,
  name: string,
  frame: ClientFrame,
  conversations: Conversations,
): string | undefined => {
  if (!identity) return 'no token was shown';
  const members = (id: string) => conversations.find(id)?.members ?? [];
  if (frame.type === 'history') {
    const all = mayReadAll(identity) || members(frame.conversation).includes(name);
    return all || !conversations.find(frame.conversation)
      ? undefined
      : 'only members may read this conversation';
  }
  if (!maySpeak(identity)) return 'an observer only reads';
  if (identity.send === undefined) return undefined;
  const addressed = frame.type === 'join' ? members(frame.conversation) : listenersOf(frame);
  const stranger = addressed.find((target) => target !== name && !maySendTo(identity, target));
  return stranger && `the token does not allow writing to ${stranger}`;
};

/** As whom a registered client reads a conversation. An operator that is or was a member of it reads as that member. */
export const readerOf = (state: Conversation, identity: Identity | undefined, name: string): Reader => {
  const takesPart = !identity || (maySpeak(identity) && standingOf(state, name) !== 'outsider');
  return takesPart || !mayReadAll(identity) ? agentReader(name) : overseer;
};

/** Everybody whom a frame names as a listener. */
const listenersOf = (frame: ClientFrame): readonly string[] => {
  if (frame.type === 'open')
    return frame.first === undefined ? frame.members : [...frame.members, frame.first];
  if (frame.type === 'say')
    return frame.target === undefined ? (frame.to ?? []) : [frame.target, ...(frame.to ?? [])];
  return [];
};
