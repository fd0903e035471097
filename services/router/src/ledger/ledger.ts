import type { Entry } from '@parley/protocol';

/** Entries of one conversation, to be appended right behind `expectedSeq`. */
export interface Batch {
  readonly conversation: string;
  readonly expectedSeq: number;
  readonly entries: readonly Entry[];
}

/** `position` of the batch's last entry in the whole ledger, or the seq at which the conversation really is. */
export type Appended =
  | { readonly ok: true; readonly position: number }
  | { readonly ok: false; readonly seq: number };

export interface Placed {
  readonly position: number;
  readonly conversation: string;
  readonly entry: Entry;
}

/**
 * The only state of the system: append-only, ordered, durable. Every implementation passes the contract suite in
 * `test/ledger-contract.ts`. Positions grow over the whole ledger, seqs inside a conversation.
 */
export interface Ledger {
  /**
   * Compare-and-append. A batch whose conversation is no longer at `expectedSeq` is left out whole; the
   * others stand. When the promise resolves, they are durable; when it rejects, none of them is there.
   */
  append(batches: readonly Batch[]): Promise<readonly Appended[]>;
  /** Entries with a seq above `since`, in order, at most `limit`. */
  read(conversation: string, since: number, limit: number): Entry[];
  /** Entries of all conversations with a position above `since`, in order, at most `limit`. */
  readAll(since: number, limit: number): Placed[];
  /** Position of the last entry; 0 when there is none. */
  position(): number;
  /** Ids of the conversations without an `ended` entry, oldest first. */
  unfinished(): string[];
  /** Ids of the newest conversations, newest first. */
  recent(limit: number): string[];
  /** How far each plain client has been delivered to: name to position. May lag behind by a second after a crash. */
  marks(): Map<string, number>;
  mark(marks: ReadonlyMap<string, number>): void;
  close(): void;
}
