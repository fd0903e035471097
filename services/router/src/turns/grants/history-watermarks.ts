import type { Replica } from '../../presence/replica.ts';

/** How much of each conversation a connection has been sent, so that a grant carries only what is new to it. */
export class HistoryWatermarks {
  readonly #seqs = new WeakMap<Replica, Map<string, number>>();

  /** Seq of the last entry that the connection was sent; 0, which is before the first entry, when it was sent none. */
  sentTo(replica: Replica, conversation: string): number {
    return this.#seqs.get(replica)?.get(conversation) ?? 0;
  }

  advance(replica: Replica, conversation: string, seq: number): void {
    const seqs = this.#seqs.get(replica);
    if (seqs) seqs.set(conversation, seq);
    else this.#seqs.set(replica, new Map([[conversation, seq]]));
  }

  forget(replica: Replica, conversation: string): void {
    this.#seqs.get(replica)?.delete(conversation);
  }
}
