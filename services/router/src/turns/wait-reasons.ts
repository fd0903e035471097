import { type WaitReason, waitReasons } from '@parley/protocol';
import type { Conversations } from '../conversations/conversations.ts';
import type { Conversation } from '../core/conversation.ts';
import type { Mailboxes } from '../delivery/mailboxes.ts';
import type { Grants } from './grants.ts';

interface Parts {
  readonly grants: Grants;
  readonly mailboxes: Mailboxes;
}

/** Members that have the floor and have not been given their turn, with why. A plain client that is there has been told. */
export const waitsOf = ({ grants, mailboxes }: Parts, state: Conversation): Record<string, WaitReason> => {
  const waits: [string, WaitReason][] = [];
  for (const turn of state.floor) {
    const why = grants.whyWaiting(state, turn);
    if (why && !(why === 'absent' && mailboxes.isConnected(turn.member))) waits.push([turn.member, why]);
  }
  return Object.fromEntries(waits);
};

export const countWaits = (
  parts: Parts & { readonly conversations: Conversations },
): Map<WaitReason, number> => {
  const counts = new Map(waitReasons.map((reason) => [reason, 0]));
  for (const state of parts.conversations.running())
    for (const why of Object.values(waitsOf(parts, state))) counts.set(why, (counts.get(why) ?? 0) + 1);
  return counts;
};
