import type { Entry, RefusalCode, RouterFrame } from '@parley/protocol';
import { pageBytes } from '../conversations/read-queue.ts';
import type { Conversation } from '../core/conversation.ts';
import { membershipOf, type Reader, visible } from '../core/visibility.ts';
import type { RouterEvent } from '../delivery/router-events.ts';
import { LedgerDamage } from '../ledger/damage.ts';
import type { Router } from '../router.ts';

interface Question {
  readonly conversation: string;
  readonly since: number;
  /** The maximum number of entries. With a limit, later entries are not followed. */
  readonly limit?: number | undefined;
  readonly follow: boolean;
}

interface Asked {
  readonly conversation: string;
  readonly follow: boolean;
  /** How many entries are still wanted. */
  left: number;
  /** The seq of the last entry that was answered. */
  since: number;
}

const page = { entries: 500, bytes: pageBytes };
const maxAsked = 16;
/** The approximate cost of reading one entry, in bytes, besides sending it. */
const bytesPerEntry = 200;
/** When more than this is unsent, followed entries are not queued but read from the ledger after the peer has read. */
const maxUnsentBytes = 256 * 1024;

/**
 * Answers `history` (PROTOCOL §4.6): past entries, one question after the other, and later entries as they are committed. The
 * next page is sent when the one before it has left the process, so the memory for a slow reader is bounded. Entries that are
 * committed meanwhile are read from the ledger later.
 */
export class History {
  readonly #router: Router;
  readonly #reader: (state: Conversation) => Reader;
  readonly #send: (frame: string, whenSent: () => void) => void;
  readonly #asked: Asked[] = [];
  /** The followed conversations, each with the seq of the last entry that was handled. */
  readonly #following = new Map<string, number>();
  #stopListening: (() => void) | undefined;
  /** Characters that were handed to the socket and have not left the process. */
  #unsent = 0;
  #isReading = false;
  #stopped = false;

  /**
   * `reader`: the identity with which the client reads a conversation. It is asked at each entry, because the client may join or
   * leave meanwhile.
   */
  constructor(
    router: Router,
    reader: (state: Conversation) => Reader,
    send: (frame: string, whenSent: () => void) => void,
  ) {
    this.#router = router;
    this.#reader = reader;
    this.#send = send;
  }

  /** The refusal, or undefined when the question will be answered. */
  ask({ conversation, since, limit, follow }: Question): RefusalCode | undefined {
    if (!this.#router.conversations.find(conversation)) return 'unknown-conversation';
    if (this.#asked.length >= maxAsked) return 'rate-limited';
    const left = limit ?? Number.MAX_SAFE_INTEGER;
    this.#asked.push({ conversation, since, left, follow: follow && limit === undefined });
    this.#readOn();
    return undefined;
  }

  stop(): void {
    this.#stopped = true;
    this.#stopListening?.();
    for (const conversation of [...this.#following.keys()]) this.#unfollow(conversation);
  }

  #readOn(): void {
    if (this.#isReading || this.#unsent >= pageBytes || this.#asked.length === 0 || this.#stopped) return;
    this.#isReading = true;
    this.#router.reads.add(() => this.#readPage());
  }

  #readPage(): number {
    this.#isReading = false;
    const [asked] = this.#asked;
    if (!asked || this.#stopped) return 0;
    const { conversations } = this.#router;
    const state = conversations.find(asked.conversation);
    const entries = state ? this.#read(asked) : [];
    asked.left -= entries.length;
    let bytes = 0;
    for (const entry of entries) {
      asked.since = entry.seq;
      bytes += this.#show(state as Conversation, entry);
    }
    if (entries.length === 0 || asked.left === 0) {
      // Reading ends and following begins in one event-loop iteration, so no entry is lost between them.
      if (asked.follow && state && this.#mayFollow(state)) this.#follow(asked);
      this.#asked.shift();
    }
    this.#readOn();
    // Entries that the reader may not see cost as much to read.
    return bytes + entries.length * bytesPerEntry;
  }

  /** Empty when the ledger is damaged: the client is told so, and its other questions are answered. */
  #read({ conversation, since, left }: Asked): readonly Entry[] {
    const { conversations, metrics } = this.#router;
    try {
      return conversations.page(conversation, since, { ...page, entries: Math.min(page.entries, left) });
    } catch (error) {
      if (!(error instanceof LedgerDamage)) throw error;
      metrics.ledgerFailed();
      const message = 'what was asked for is damaged in the ledger';
      this.#post({ type: 'refused', code: 'unavailable', message, retry: true, conversation });
      return [];
    }
  }

  #mayFollow(state: Conversation): boolean {
    const reader = this.#reader(state);
    const isThere = reader.kind === 'overseer' || membershipOf(state, reader.name) === 'member';
    return isThere && state.status.state !== 'ended';
  }

  #follow({ conversation, since }: Asked): void {
    if (!this.#following.has(conversation)) this.#router.routerEvents.watch(conversation);
    this.#following.set(conversation, since);
    this.#stopListening ??= this.#router.routerEvents.add((event) => this.#onEvent(event));
  }

  #unfollow(conversation: string): void {
    if (this.#following.delete(conversation)) this.#router.routerEvents.watch(conversation, -1);
  }

  #onEvent(event: RouterEvent): void {
    if (event.type === 'agents') return;
    const { conversation } = event;
    const since = this.#following.get(conversation);
    const state = since === undefined ? undefined : this.#router.conversations.find(conversation);
    if (since === undefined || !state) return;
    const isBehind = this.#unsent > maxUnsentBytes;
    if (event.type === 'chunk') {
      // Who may hear the message is known only when it is said.
      const { offset: _, ...frame } = event;
      if (this.#reader(state).kind === 'overseer' && !isBehind) this.#post(frame);
      return;
    }
    const { entry } = event;
    if (entry.seq <= since) return;
    if (isBehind) {
      this.#unfollow(conversation);
      this.#asked.push({ conversation, since, left: Number.MAX_SAFE_INTEGER, follow: true });
      return this.#readOn();
    }
    const reader = this.#reader(state);
    const hasLeft = entry.type === 'left' && reader.kind === 'agent' && entry.who === reader.name;
    if (entry.type === 'ended' || hasLeft) this.#unfollow(conversation);
    else this.#following.set(conversation, entry.seq);
    this.#show(state, entry);
  }

  /** Returns the size of the entry in bytes. */
  #show(state: Conversation, entry: Entry): number {
    const shown = visible(state, this.#reader(state), entry);
    return shown ? this.#post({ type: 'entry', conversation: state.id, entry: shown }) : 0;
  }

  #post(frame: RouterFrame): number {
    const text = JSON.stringify(frame);
    this.#unsent += text.length;
    this.#send(text, () => {
      this.#unsent -= text.length;
      this.#readOn();
    });
    return text.length;
  }
}
