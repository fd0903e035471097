import type { Conversations } from '../../conversations/conversations.ts';
import { policies } from '../../core/policies/policies.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { DeliveryWatermarks } from '../plain/delivery-watermarks.ts';
import { isAddressed, queuedMessage } from '../plain/plain-message.ts';
import type { Mailboxes } from './mailboxes.ts';

/** What is read of the ledger in one go. */
const page = { entries: 1_000, bytes: 4 * 1024 * 1024 };

export interface MailboxRecoveryOptions {
  readonly ledger: Ledger;
  readonly conversations: Conversations;
  readonly mailboxes: Mailboxes;
  readonly watermarks: DeliveryWatermarks;
  /** Older messages have expired. */
  readonly oldestAt: number;
}

/** Fills the mailboxes with the messages that were pending when the router stopped: those behind the watermarks. */
export const recoverMailboxes = ({
  ledger,
  conversations,
  mailboxes,
  watermarks,
  oldestAt,
}: MailboxRecoveryOptions): void => {
  let since = watermarks.writtenForAll;
  for (;;) {
    const entries = ledger.readAll(since, page.entries, page.bytes);
    if (entries.length === 0) return;
    for (const { position, conversation, entry } of entries) {
      since = position;
      if (!isAddressed(entry) || entry.at < oldestAt) continue;
      if (position <= watermarks.writtenFor(entry.target)) continue;
      const state = conversations.find(conversation);
      if (!state || !policies[state.policy].allowsUnsolicited) continue;
      // The quota is not asked: the messages were admitted before the restart. A few may be messages to agents whose
      // watermarks were not written yet.
      mailboxes.getOrCreate(entry.target).put(queuedMessage(conversation, entry, position));
    }
  }
};
