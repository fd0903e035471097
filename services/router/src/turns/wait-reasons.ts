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

export interface Waits {
  readonly counts: ReadonlyMap<WaitReason, number>;
  /** Milliseconds. */
  readonly oldest: ReadonlyMap<WaitReason, number>;
  readonly absent: number;
}

/** All turns that wait, at the moment. */
export const measureWaits = (
  parts: Parts & { readonly conversations: Conversations },
  now: number,
): Waits => {
  const counts = new Map(waitReasons.map((reason) => [reason, 0]));
  const oldest = new Map(waitReasons.map((reason) => [reason, 0]));
  const absent = new Set<string>();
  for (const state of parts.conversations.running()) {
    const waits = waitsOf(parts, state);
    for (const { member, givenAt } of state.floor) {
      const why = waits[member];
      if (why === undefined) continue;
      counts.set(why, (counts.get(why) ?? 0) + 1);
      oldest.set(why, Math.max(oldest.get(why) ?? 0, now - givenAt));
      if (why === 'absent') absent.add(member);
    }
  }
  return { counts, oldest, absent: absent.size };
};
