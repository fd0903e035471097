import type { Entry } from '@parley/protocol';
import type { Conversations } from '../../conversations/conversations.ts';
import type { Conversation } from '../../core/conversation.ts';
import { policies } from '../../core/policies/policies.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { DeliveryWatermarks } from '../plain/delivery-watermarks.ts';
import { type FurtherRecipients, recipientsFrom } from '../plain/further-recipients.ts';
import { isAddressed, type QueuedMessage, queuedMessage } from '../plain/plain-message.ts';
import type { Mailboxes } from './mailboxes.ts';

/** The maximum that is read from the ledger at a time. */
const page = { entries: 1_000, bytes: 4 * 1024 * 1024 };
/** Further recipients in ended conversations are searched only in this many newest positions. */
const recent = 2_000;

export interface MailboxRecoveryOptions {
  readonly ledger: Ledger;
  readonly conversations: Conversations;
  readonly mailboxes: Mailboxes;
  readonly watermarks: DeliveryWatermarks;
  /** Older messages have expired. */
  readonly oldestAt: number;
}

/** A pending message; `recipients` when its recipient is not its target. */
interface Pending {
  readonly name: string;
  readonly message: QueuedMessage;
  readonly recipients?: FurtherRecipients;
}

/** Fills the mailboxes with the messages that were pending when the router stopped: those after the watermarks. */
export const recoverMailboxes = (options: MailboxRecoveryOptions): void => {
  const { mailboxes } = options;
  const all = pendingOf(options);
  const place = ({ name, message }: Pending) => `${name} ${message.conversation}`;
  // When a message in the mailbox gives the client its turn, no digest does.
  const inMailbox = new Set(
    all.filter((one) => !one.recipients?.isInDigest(one.name, one.message.seq)).map(place),
  );
  // The quota is not checked: these messages were admitted before the restart. A few may be for agents whose watermarks had not
  // been written yet.
  for (const one of all) if (inMailbox.has(place(one))) mailboxes.getOrCreate(one.name).put(one.message);
};

const pendingOf = ({ ledger, conversations, watermarks, oldestAt }: MailboxRecoveryOptions): Pending[] => {
  const pending: Pending[] = [];
  const further = new Map<string, FurtherRecipients>();
  const recentFrom = ledger.position() - recent;
  const ended = new Map<string, Conversation | undefined>();
  const find = (id: string) => {
    const running = conversations.get(id);
    if (running) return running;
    if (!ended.has(id)) ended.set(id, conversations.find(id));
    return ended.get(id);
  };
  let since = watermarks.writtenForAll;
  for (;;) {
    const entries = ledger.readAll(since, page.entries, page.bytes);
    if (entries.length === 0) return pending;
    for (const { position, conversation, entry } of entries) {
      since = position;
      const known = further.get(conversation);
      if (entry.type !== 'said') {
        known?.next(entry);
        continue;
      }
      const isPending = (name: string) => entry.at >= oldestAt && position > watermarks.writtenFor(name);
      const toTarget = isAddressed(entry) && isPending(entry.target);
      const state = toTarget || position > recentFrom ? find(conversation) : conversations.get(conversation);
      if (!state || !policies[state.policy].allowsUnsolicited) continue;
      const message = queuedMessage(conversation, entry, position);
      if (toTarget) pending.push({ name: entry.target, message });
      if (!known && !hasFurther(state, entry)) continue;
      const recipients = known ?? recipientsFrom(conversations, state, entry.seq);
      further.set(conversation, recipients);
      for (const name of recipients.next(entry))
        if (watermarks.has(name) && isPending(name)) pending.push({ name, message, recipients });
    }
  }
};

/** Whether a message may have recipients other than its target. In a conversation of two it has none if it has a target. */
const hasFurther = ({ members }: Conversation, entry: Entry): boolean =>
  members.length > 2 || !isAddressed(entry);
