export interface Amount {
  /** Number of messages. */
  readonly messages: number;
  readonly bytes: number;
}

export interface MailboxLimits {
  /** What may wait for one client. */
  readonly each: Amount;
  /** What may wait for all clients together. */
  readonly all: Amount;
  readonly maxAgeMs: number;
}

/** Of each limit, what one sender may use, so that no sender fills the mailbox of a client alone. */
const senderShare = 1 / 4;

const shareOf = ({ messages, bytes }: Amount): Amount => ({
  messages: Math.max(1, Math.floor(messages * senderShare)),
  bytes: Math.floor(bytes * senderShare),
});

/** How much waits, by recipient, by sender and in all, and whether one more message may wait. */
export class MailboxQuota {
  readonly #used = new Map<string, Amount>();
  readonly #limits: MailboxLimits;

  constructor(limits: MailboxLimits) {
    this.#limits = limits;
  }

  /** How many messages wait in all mailboxes. */
  get messages(): number {
    return this.#used.get('all')?.messages ?? 0;
  }

  /** Why one more message from `from` may not wait for `to`; undefined when it may. */
  refusal(to: string, from: string, bytes: number): string | undefined {
    for (const { key, limit, full } of this.#bounds(to, from)) {
      const used = this.#used.get(key);
      // The first message always fits: a limit below its size would refuse it for ever.
      if (used && (used.messages + 1 > limit.messages || used.bytes + bytes > limit.bytes)) return full;
    }
    return undefined;
  }

  take(to: string, from: string, bytes: number): void {
    for (const { key } of this.#bounds(to, from)) {
      const used = this.#used.get(key) ?? { messages: 0, bytes: 0 };
      this.#used.set(key, { messages: used.messages + 1, bytes: used.bytes + bytes });
    }
  }

  release(to: string, from: string, bytes: number): void {
    for (const { key } of this.#bounds(to, from)) {
      const used = this.#used.get(key);
      if (!used) continue;
      if (used.messages <= 1) this.#used.delete(key);
      else this.#used.set(key, { messages: used.messages - 1, bytes: used.bytes - bytes });
    }
  }

  /** The keys are distinct because a name has no space in it. */
  #bounds(to: string, from: string) {
    const { each, all } = this.#limits;
    return [
      { key: 'all', limit: all, full: 'too much waits for clients that are away' },
      { key: `to ${to}`, limit: each, full: `${to} is away and has too much waiting` },
      { key: `from ${from}`, limit: shareOf(all), full: `too much of ${from} waits for others` },
      { key: `${from} to ${to}`, limit: shareOf(each), full: `too much of ${from} waits for ${to}` },
    ];
  }
}
