import type { Entry } from '@parley/protocol';
import type { Conversation } from '../core/conversation.ts';
import { evolve } from '../core/evolve.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** What another process has appended to a conversation, with the states before and after. */
export interface ForeignCommit {
  readonly id: string;
  readonly before: Conversation | undefined;
  readonly state: Conversation;
  readonly entries: Entry[];
  readonly position: number;
}

/**
 * Entries that came into the ledger past this process: those of another router on the same stream, for example one that has just
 * been replaced. They are kept until no round is being written, because a round decides with the states as they were.
 */
export class ForeignCommits {
  readonly #ledger: Ledger;
  readonly #rebuild: (id: string) => Conversation | undefined;
  /** The conversations, each with the position of its newest entry. */
  readonly #unseen = new Map<string, number>();

  constructor(ledger: Ledger, rebuild: (id: string) => Conversation | undefined) {
    this.#ledger = ledger;
    this.#rebuild = rebuild;
  }

  add(id: string, position: number): void {
    this.#unseen.set(id, position);
  }

  has(id: string): boolean {
    return this.#unseen.has(id);
  }

  /** Those before a position, in the order of the ledger. `stateOf`: the conversation as it is known here. */
  *take(end: number, stateOf: (id: string) => Conversation | undefined): Iterable<ForeignCommit> {
    if (this.#unseen.size === 0) return;
    const taken = [...this.#unseen].filter(([, at]) => at < end).sort(([, a], [, b]) => a - b);
    for (const [id, position] of taken) {
      this.#unseen.delete(id);
      const before = stateOf(id);
      const entries = this.#ledger.read(id, before?.seq ?? 0, Number.MAX_SAFE_INTEGER);
      const state = before
        ? entries.reduce<Conversation>((known, entry) => evolve(known, entry, id), before)
        : this.#rebuild(id);
      if (state && entries.length > 0) yield { id, before, state, entries, position };
    }
  }
}
