import type { Entry } from '@parley/protocol';

/** Entries of one conversation, to be appended right behind `expectedSeq`; 0 for one that is not there yet. */
export interface Batch {
  readonly conversation: string;
  readonly expectedSeq: number;
  readonly entries: readonly Entry[];
  /** Kept with them, where the batch ends the conversation. */
  readonly checkpoint?: Checkpoint;
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

/** `at`: when it ended, in ms since 1970. `place` orders those that ended in the same millisecond. */
export interface EndedConversation {
  readonly id: string;
  readonly at: number;
  readonly place: number;
}

/** What a program has made of a conversation's entries up to `seq`, so that it need not read them again. */
export interface Checkpoint {
  readonly seq: number;
  /** Of the program that made it; chosen by it. */
  readonly version: number;
  readonly body: string;
}

/** How many conversations, from the first on, are gone whole; and one of which something is left, if there is one. */
export interface Removed {
  readonly gone: number;
  readonly begun?: string;
}

/** `number`: conversations are numbered in the order in which they were opened, with gaps. */
export interface Numbered {
  readonly id: string;
  readonly number: number;
}

/** Entries of one conversation with a seq above `since`, up to `through`. */
interface Span {
  readonly since: number;
  readonly through: number;
}

/** At most so many entries, and so many bytes of their JSON. */
export interface Bound {
  readonly entries: number;
  readonly bytes: number;
}

/** Bytes of an entry as JSON: what it takes in a ledger and in a frame. */
export const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/**
 * The only state of the system: append-only, ordered, durable. Every implementation passes the contract suite in
 * `test/ledger-contract.ts`. Positions grow over the whole ledger and are never used again; seqs count inside a
 * conversation without a gap, from 1, or in a fork from the first entry that it does not share with its parent.
 */
export interface Ledger {
  /**
   * Compare-and-append. A batch whose conversation is no longer at `expectedSeq` is left out whole; the
   * others stand. When the promise resolves, they are durable; when it rejects, none of them is there.
   */
  append(batches: readonly Batch[]): Promise<readonly Appended[]>;
  /**
   * The conversation's own entries with a seq above `since`, in order, at most `limit`, and together at most
   * `maxBytes` of JSON: but always one, when there is one. Throws `LedgerDamage`, as do the other reads, when what
   * was stored is no longer what was appended. The work is that of the entries in the answer and of one more.
   */
  read(conversation: string, since: number, limit: number, maxBytes?: number): Entry[];
  /** The newest of the conversation's own entries within `span`, in order; bounded like `read`. */
  readNewest(conversation: string, span: Span, bound: Bound): Entry[];
  /** Entries of all conversations with a position above `since`, in order; bounded like `read`. */
  readAll(since: number, limit: number, maxBytes?: number): Placed[];
  /** Position of the last entry ever appended; 0 when there was none. */
  position(): number;
  /** Ids of the conversations without an `ended` entry, oldest first. */
  unfinished(): string[];
  /** The newest conversations, newest first; with `before`, of those that are older than the one of that number. */
  recent(limit: number, before?: number): Numbered[];
  /** How many conversations there are. */
  total(): number;
  /** How far each plain client has been delivered to: name to position. May lag behind by a second after a crash. */
  marks(): Map<string, number>;
  /** Throws when it cannot be written; then nothing of it is. */
  mark(marks: ReadonlyMap<string, number>): void;

  /**
   * The conversation's checkpoint; undefined when there is none, when it is damaged, or when the entry at its `seq` is not
   * the one that stood there when it was kept. A checkpoint is a cache: the entries alone are the truth.
   */
  checkpoint(conversation: string): Checkpoint | undefined;
  /** Replaces earlier ones, all in one transaction. Throws when it cannot be written; then nothing of it is. */
  keep(checkpoints: readonly (Checkpoint & { readonly conversation: string })[]): void;

  /** Bytes that conversations take up. */
  size(): number;
  /**
   * Ended conversations that no kept fork goes back to, first to end first, at most `limit`, of those behind `after`. The
   * work is that of the answer, and of what is skipped because of forks.
   */
  removable(limit: number, after?: EndedConversation): EndedConversation[];
  /**
   * Removes at most `limit` entries of removable conversations, one after the other, in one transaction, and begins with
   * no other once `enough` bytes are gone. What is begun is out of sight. Throws when it cannot be written.
   */
  remove(conversations: readonly string[], limit: number, enough?: number): Removed;
  /** WriteCoalescer a whole copy, a ledger of its own, to a new file while appends go on. Replaces `target` only when complete. */
  backup(target: string): Promise<void>;
  close(): void;
}

/** Entries that do not follow each other are a fault of ours, never of a peer. */
export const checkSequence = ({ conversation, expectedSeq, entries }: Batch): void => {
  const [first] = entries;
  let seq = first?.type === 'forked' && expectedSeq === 0 ? first.seq - 1 : expectedSeq;
  for (const entry of entries) {
    if (entry.seq !== ++seq) throw new Error(`${conversation}: entry ${entry.seq} where ${seq} belongs`);
  }
};
