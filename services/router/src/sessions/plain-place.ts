import type { Conversation } from '../core/conversation.ts';
import { policies } from '../core/policies/policies.ts';
import type { Router } from '../router.ts';

interface Wanted {
  readonly conversation?: string | undefined;
  readonly target?: string | undefined;
}

const isMember = ({ members }: Conversation, name: string): boolean => members.includes(name);

/**
 * The conversation under a policy with an order that gave the client the floor last. Its messages to members belong to that
 * conversation.
 */
const inTurn = (router: Router, name: string, target: string): string | undefined => {
  const current = router.replyRouting.current(name);
  const state = current === undefined ? undefined : router.conversations.get(current);
  if (!state || policies[state.policy].allowsUnsolicited || !router.plainTurns.isGiven(state, name))
    return undefined;
  return isMember(state, target) ? state.id : undefined;
};

/** The conversation in which the client was last addressed and has not answered yet. */
const owedIn = (router: Router, name: string): string | undefined => {
  const current = router.replyRouting.current(name);
  const state = current === undefined ? undefined : router.conversations.get(current);
  return state?.floor.some(({ member }) => member === name) ? state.id : undefined;
};

/**
 * The conversation that a message of a plain client belongs to (PROTOCOL §3.4); undefined when the message opens a new one.
 * `unknown`: the message names a conversation of which the client is no member.
 */
export const placeOf = (
  router: Router,
  name: string,
  { conversation, target }: Wanted,
): { readonly id: string | undefined } | 'unknown' => {
  if (conversation !== undefined) {
    const state = router.conversations.find(conversation);
    return state && isMember(state, name) ? { id: conversation } : 'unknown';
  }
  if (target === undefined) return { id: owedIn(router, name) ?? router.replyRouting.current(name) };
  const shared = () => router.replyRouting.shared(name, target);
  return { id: inTurn(router, name, target) ?? shared() ?? owedIn(router, name) };
};

/**
 * The target of a plain message as an addressee of the conversation; undefined when the target cannot be one. A client may
 * answer an operator that it heard, who is no member; where members speak in turn it may name any member.
 */
export const addresseeIn = (
  state: Conversation | undefined,
  name: string,
  target: string | undefined,
): string | undefined => {
  if (!state || target === undefined || isMember(state, target)) return target;
  const turn = state.floor.find(({ member }) => member === name);
  return !policies[state.policy].allowsUnsolicited || turn?.givenBy === target ? undefined : target;
};
