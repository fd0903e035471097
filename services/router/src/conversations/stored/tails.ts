import type { Entry } from '@parley/protocol';
import { sizeOf } from '../held.ts';

/** Bounds of one conversation. */
const maxEntries = 32;
const maxBytes = 128 * 1024;
/** Bound of all conversations together. */
const maxBytesInAll = 32 * 1024 * 1024;

interface Tail {
  entries: Entry[];
  bytes: number;
  /** It has had an entry since it was placed. */
  hasGrown: boolean;
}

/**
 * A cache of the newest entries of conversations, without a gap, so that a grant seldom reads the ledger. Conversations that have had
 * no entry for long are dropped first.
 */
export class Tails {
  /** In the order in which they were placed. To place a conversation again for each of its entries would cost more than the rest. */
  readonly #tails = new Map<string, Tail>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes = maxBytesInAll) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** `entries` follow those of the conversation that are in the cache, if any. */
  add(id: string, entries: readonly Entry[]): void {
    const known = this.#tails.get(id);
    const tail = known ?? { entries: [], bytes: 0, hasGrown: false };
    if (known) tail.hasGrown = true;
    else this.#tails.set(id, tail);
    this.#bytes -= tail.bytes;
    for (const entry of entries) {
      tail.entries.push(entry);
      tail.bytes += sizeOf(entry);
    }
    if (tail.entries.length > maxEntries || tail.bytes > maxBytes) this.#shorten(tail);
    this.#bytes += tail.bytes;
    if (this.#bytes <= this.#maxBytes) return;
    tail.hasGrown = true;
    this.#evict();
  }

  /** All entries of the conversation after `since`; undefined when some of them are not in the cache. */
  since(id: string, since: number): readonly Entry[] | undefined {
    const entries = this.#tails.get(id)?.entries;
    const first = entries?.[0]?.seq;
    return entries && first !== undefined && first <= since + 1
      ? entries.slice(since + 1 - first)
      : undefined;
  }

  drop(id: string): void {
    this.#bytes -= this.#tails.get(id)?.bytes ?? 0;
    this.#tails.delete(id);
  }

  /** Drops the conversations that were placed first. One that has grown since then is placed again instead. */
  #evict(): void {
    for (const [id, tail] of this.#tails) {
      if (this.#bytes <= this.#maxBytes) return;
      if (tail.hasGrown) {
        tail.hasGrown = false;
        this.#tails.delete(id);
        this.#tails.set(id, tail);
      } else this.drop(id);
    }
  }

  /** Removes half, so that it is seldom needed. */
  #shorten(tail: Tail): void {
    let from = 0;
    while (tail.entries.length - from > maxEntries / 2 || tail.bytes > maxBytes / 2) {
      const oldest = tail.entries[from++];
      if (!oldest) break;
      tail.bytes -= sizeOf(oldest);
    }
    tail.entries = tail.entries.slice(from);
  }
}
