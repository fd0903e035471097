import type { Entry } from '@parley/protocol';

/** Entries of one conversation, to be appended directly after `expectedSeq`; 0 for a conversation that does not exist yet. */
export interface Batch {
  readonly conversation: string;
  readonly expectedSeq: number;
  readonly entries: readonly Entry[];
  /** Stored together with the entries when the batch ends the conversation. */
  readonly checkpoint?: Checkpoint;
  /** Of the first entry; the next free one when missing. A projection takes it from the ledger that it follows. */
  readonly position?: number;
}

/**
 * `position` of the batch's last entry in the whole ledger, or the seq that the conversation has in fact. With an `error` there
 * was no conflict: the engine refused this batch alone, and nothing of it is stored.
 */
export type Appended =
  | { readonly ok: true; readonly position: number }
  | { readonly ok: false; readonly seq: number; readonly error?: Error };

export interface Placed {
  readonly position: number;
  readonly conversation: string;
  readonly entry: Entry;
}

/** An entry of a conversation, by its position and its seq. */
interface Place {
  readonly position: number;
  readonly seq: number;
}

/** `at`: when it ended, in ms since 1970. `place` orders those that ended in the same millisecond. */
export interface EndedConversation {
  readonly id: string;
  readonly at: number;
  readonly place: number;
}

/** State that a program computed from the entries of a conversation up to `seq`, so that it need not read them again. */
export interface Checkpoint {
  readonly seq: number;
  /** Chosen by the program that made the checkpoint: the version of the format of its state. */
  readonly version: number;
  readonly body: string;
}

/** How many conversations, counted from the first, were removed completely, and the one that was removed in part, if any. */
export interface Removed {
  readonly gone: number;
  readonly begun?: string;
}

/** `number`: conversations are numbered in the order of their opening, with gaps. */
export interface Numbered {
  readonly id: string;
  readonly number: number;
}

/** Entries of one conversation with a seq above `since`, up to `through`. */
interface Span {
  readonly since: number;
  readonly through: number;
}

/** A maximum number of entries, and a maximum number of bytes of their JSON. */
export interface Bound {
  readonly entries: number;
  readonly bytes: number;
}

/** What another process has appended to a conversation. `position`: that of the last entry. */
export interface ForeignAppend {
  readonly conversation: string;
  readonly entries: readonly Entry[];
  readonly position: number;
}
export type OnForeign = (append: ForeignAppend) => void;

/** The size of an entry as JSON, which is its size in a ledger and in a frame. */
export const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** A link with which a person reads one conversation. Of its token only the SHA-256 is kept, in hexadecimal digits. */
export interface Share {
  readonly id: string;
  readonly conversation: string;
  readonly digest: string;
  readonly by: string;
  readonly madeAt: number;
  readonly expiresAt: number;
  readonly revoked?: { readonly at: number; readonly by: string } | undefined;
}

/**
 * The only state of the system: append-only, ordered, durable. Every implementation passes the contract suite in
 * `test/ledger-contract.ts`. Positions grow over the whole ledger and are never reused. A seq counts the entries of one
 * conversation without a gap. It starts at 1, or in a fork at the first entry that the fork does not share with its parent.
 */
export interface Ledger {
  /**
   * Compare-and-append. A batch is left out as a whole when its conversation is no longer at `expectedSeq`; the other
   * batches are appended. They are durable when the promise resolves. When it rejects, none of them was appended.
   */
  append(batches: readonly Batch[]): Promise<readonly Appended[]>;
  /**
   * The conversation's own entries with a seq above `since`, in order: at most `limit`, and together at most `maxBytes` of
   * JSON, but at least one if there is one. Like all reads it throws `LedgerDamage` when the stored entries are not those that
   * were appended. It costs as much as reading the returned entries and one more.
   */
  read(conversation: string, since: number, limit: number, maxBytes?: number): Entry[];
  /** The newest of the conversation's own entries within `span`, in order; bounded like `read`. */
  readNewest(conversation: string, span: Span, bound: Bound): Entry[];
  /** Entries of all conversations with a position above `since`, in order; bounded like `read`. */
  readAll(since: number, limit: number, maxBytes?: number): Placed[];
  /**
   * The conversation's own entries after one of them, in order; bounded like `read`. The `seq` may be too small, such as 0, where only
   * the position is known: that costs a look at the index of the conversation, and no entry is read for it.
   */
  readOf(conversation: string, after: Place, limit: number, maxBytes?: number): Placed[];
  /** Position of the last entry ever appended; 0 when there was none. */
  position(): number;
  /** Ids of the conversations without an `ended` entry, oldest first. */
  unfinished(): string[];
  /** The newest conversations, newest first. With `before`: only conversations that are older than the one with that number. */
  recent(limit: number, before?: number): Numbered[];
  /** How many conversations there are. */
  total(): number;
  /** The delivery position of each plain client, by name. After a crash it may be one second old. */
  marks(): Map<string, number>;
  /**
   * Writes all of them or, when it throws, none. A mark never goes back: an older position than the known one changes nothing. When
   * there are too many names, those with the oldest marks are forgotten.
   */
  mark(marks: ReadonlyMap<string, number>): void;

  /**
   * The conversation's checkpoint; undefined when there is none, when it is damaged, or when the entry at its `seq` has
   * changed since. A checkpoint is a cache: only the entries are the truth.
   */
  checkpoint(conversation: string): Checkpoint | undefined;
  /** Replaces earlier checkpoints in one transaction. Writes all of them or, when it throws, none. */
  keep(checkpoints: readonly (Checkpoint & { readonly conversation: string })[]): void;

  /** Whether another stream of the same servers has the conversation. Missing where the ledger is in no stream. */
  holds?(stream: string, conversation: string): Promise<boolean>;
  /** The conversations that were forked from this one, the oldest first, at most `limit`. */
  forksOf(conversation: string, limit: number): string[];
  /** All share links of conversations that are there, in the order in which they were made. */
  shares(): Share[];
  /** Adds a link, or replaces the one with its id. Throws when it cannot be written, or there is no such conversation. */
  keepShare(share: Share): void;
  /** Removes a link; a missing one is no fault. Throws when the ledger cannot be written. */
  removeShare(id: string): void;
  /**
   * The incarnation of the table of several routers that has got the share links of this copy; undefined when none has. Missing where
   * the ledger is in no stream.
   */
  linksIn?(): string | undefined;
  /** Throws when it cannot be written. */
  keepLinksIn?(incarnation: string): void;

  /** Bytes that conversations take up. */
  size(): number;
  /**
   * At most `limit` ended conversations in the order of their end, from those after `after`. Parents of forks that are still
   * stored are skipped. It costs as much as reading the returned and the skipped conversations.
   */
  removable(limit: number, after?: EndedConversation): EndedConversation[];
  /**
   * Removes at most `limit` entries of these conversations and their share links, one conversation after the other, in one
   * transaction. It begins no further conversation when `enough` bytes were removed. A conversation that was removed in part is
   * no longer listed or read. Throws when it cannot be written.
   */
  remove(conversations: readonly string[], limit: number, enough?: number): Removed;
  /**
   * Writes a complete copy, which is a ledger itself, while appends continue. Replaces `target` only when the copy is complete.
   */
  backup(target: string): Promise<void>;
  close(): void;

  /**
   * To be called before `close`. Completes asynchronous writes, and resolves when the engine has removed the state of this
   * process.
   */
  leave?(): Promise<void>;
  /** Why nothing can be appended now; undefined when appends work. Missing where nothing but the file can fail. */
  trouble?(): string | undefined;
  /** Called for each commit of another process, in the order of the ledger. Its entries can be read by then. */
  onForeign?(listener: OnForeign): void;
  /**
   * Resolves when everything can be read that any process had appended at the time of the call. Missing when only this process
   * appends.
   */
  caughtUp?(): Promise<void>;
  /** Called once, when another process has taken the ledger over: this one must stop. */
  onLost?(listener: (why: string) => void): void;
}

/** Entries with wrong seqs are a fault of the router, never of a peer. */
export const checkSequence = ({ conversation, expectedSeq, entries }: Batch): void => {
  const [first] = entries;
  let seq = first?.type === 'forked' && expectedSeq === 0 ? first.seq - 1 : expectedSeq;
  for (const entry of entries) {
    if (entry.seq !== ++seq) throw new Error(`${conversation}: entry ${entry.seq} where ${seq} belongs`);
  }
};
