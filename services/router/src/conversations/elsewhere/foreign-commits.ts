import type { Entry } from '@parley/protocol';
import type { Conversation } from '../../core/conversation.ts';
import { evolve } from '../../core/evolve.ts';
import type { ForeignAppend } from '../../ledger/ledger.ts';

/** What another process has appended to a conversation, with the states before and after. */
export interface ForeignCommit {
  readonly id: string;
  readonly before: Conversation | undefined;
  readonly state: Conversation;
  readonly entries: Entry[];
  readonly position: number;
}

/**
 * Entries that other routers have appended to the same stream. They are kept until no round is being written, because a round
 * must see the states with which it was decided.
 */
export class ForeignCommits {
  readonly #rebuild: (id: string) => Conversation | undefined;
  #unseen: ForeignAppend[] = [];

  /** `rebuild`: reads a conversation from the ledger. */
  constructor(rebuild: (id: string) => Conversation | undefined) {
    this.#rebuild = rebuild;
  }

  get isEmpty(): boolean {
    return this.#unseen.length === 0;
  }

  /** To be called in the order of the ledger. */
  add(append: ForeignAppend): void {
    this.#unseen.push(append);
  }

  /** Those before a position, in the order of the ledger. `stateOf`: the conversation as it is known here. */
  *take(end: number, stateOf: (id: string) => Conversation | undefined): Iterable<ForeignCommit> {
    const later = this.#unseen.findIndex(({ position }) => position >= end);
    const taken = this.#unseen;
    this.#unseen = later === -1 ? [] : taken.slice(later);
    for (const { conversation: id, entries, position } of later === -1 ? taken : taken.slice(0, later)) {
      const before = stateOf(id);
      // A conversation that was read from the ledger in the meantime already has them.
      const fresh = entries.filter(({ seq }) => seq > (before?.seq ?? 0));
      if (fresh.length === 0) continue;
      const isWhole = before !== undefined || fresh[0]?.type === 'opened';
      const state = isWhole
        ? fresh.reduce<Conversation | undefined>((known, entry) => evolve(known, entry, id), before)
        : this.#rebuild(id);
      if (state) yield { id, before, state, entries: fresh, position };
    }
  }
}
