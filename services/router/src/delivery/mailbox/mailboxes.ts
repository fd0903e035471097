import { Mailbox } from './mailbox.ts';
import { type MailboxLimits, MailboxQuota } from './mailbox-quota.ts';

/** The mailboxes of all plain clients that are connected or have messages waiting. */
export class Mailboxes {
  readonly quota: MailboxQuota;
  readonly #boxes = new Map<string, Mailbox>();

  constructor({ limits }: { readonly limits: MailboxLimits }) {
    this.quota = new MailboxQuota(limits);
  }

  /** How many messages wait, in all mailboxes. */
  get waiting(): number {
    return this.quota.messages;
  }

  get(name: string): Mailbox | undefined {
    return this.#boxes.get(name);
  }

  getOrCreate(name: string): Mailbox {
    let box = this.#boxes.get(name);
    if (!box) {
      box = new Mailbox(name, this.quota);
      this.#boxes.set(name, box);
    }
    return box;
  }

  all(): Iterable<[string, Mailbox]> {
    return this.#boxes;
  }

  delete(name: string): void {
    this.#boxes.delete(name);
  }

  /** Position of the oldest message that a client has not received or not acknowledged. */
  get oldestPosition(): number | undefined {
    let oldest: number | undefined;
    for (const { oldestPosition } of this.#boxes.values())
      if (oldestPosition !== undefined && (oldest === undefined || oldestPosition < oldest))
        oldest = oldestPosition;
    return oldest;
  }

  /** Conversations with messages that one of these clients has not received or not acknowledged. */
  conversationsFor(isKnown: (name: string) => boolean): Set<string> {
    const ids = new Set<string>();
    for (const [name, { messages }] of this.#boxes)
      if (isKnown(name)) for (const { conversation } of messages) ids.add(conversation);
    return ids;
  }
}
