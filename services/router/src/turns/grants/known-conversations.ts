import type { Replica } from '../../presence/replica.ts';

/** The conversations that each connection opened or was granted a turn in, and how much of them it was sent. */
export class KnownConversations {
  /** By conversation: seq of the last entry that the connection was sent; 0, which is before the first entry, when it was sent none. */
  readonly #sent = new WeakMap<Replica, Map<string, number>>();

  has(replica: Replica, conversation: string): boolean {
    return this.#sent.get(replica)?.has(conversation) ?? false;
  }

  add(replica: Replica, conversation: string): void {
    if (!this.has(replica, conversation)) this.sent(replica, conversation, 0);
  }

  /** Seq of the last entry that the connection was sent. A grant carries only what is new to it. */
  sentTo(replica: Replica, conversation: string): number {
    return this.#sent.get(replica)?.get(conversation) ?? 0;
  }

  sent(replica: Replica, conversation: string, seq: number): void {
    const sent = this.#sent.get(replica);
    if (sent) sent.set(conversation, seq);
    else this.#sent.set(replica, new Map([[conversation, seq]]));
  }

  /** Whether the connection knew it. */
  forget(replica: Replica, conversation: string): boolean {
    return this.#sent.get(replica)?.delete(conversation) ?? false;
  }
}
