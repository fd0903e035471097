import type { Entry } from '@parley/protocol';
import type { Conversation } from './core/conversation.ts';
import { evolve } from './core/evolve.ts';
import { LedgerDamage } from './ledger/damage.ts';
import { type Bound, jsonBytes, type Ledger } from './ledger/ledger.ts';

const maxEndedHeld = 1_000;

/** Conversations as the ledger has them. Those that ended last are held, so that they need not be replayed. */
export class Archive {
  readonly #ledger: Ledger;
  readonly #onFailure: (error: unknown) => void;
  readonly #ended = new Map<string, Conversation>();

  constructor(ledger: Ledger, onFailure: (error: unknown) => void) {
    this.#ledger = ledger;
    this.#onFailure = onFailure;
  }

  /** Throws when the ledger is damaged there. */
  rebuild(id: string): Conversation | undefined {
    return this.#replay(id, this.read(id, 0, Number.MAX_SAFE_INTEGER));
  }

  /** Any conversation that can be read; one that is damaged is reported and not shown. */
  find(id: string): Conversation | undefined {
    const known = this.#ended.get(id);
    if (known) return known;
    try {
      const state = this.rebuild(id);
      if (state) this.hold(state);
      return state;
    } catch (error) {
      this.#onFailure(error);
      return undefined;
    }
  }

  /** The conversation as it was at entry `seq`; undefined when there is no such entry. */
  at(id: string, seq: number): Conversation | undefined {
    const state = this.#replay(id, this.read(id, 0, seq));
    return state?.seq === seq ? state : undefined;
  }

  /** A fork has only its own entries in the ledger; those before them are its parent's. */
  read(id: string, since: number, limit: number): readonly Entry[] {
    const own = this.#ledger.read(id, since, limit);
    const [first] = own;
    if (first?.type !== 'forked' || first.seq === since + 1) return own;
    const { conversation, seq } = first.parent;
    return [...this.read(conversation, since, seq - since), ...own].slice(0, limit);
  }

  /**
   * Entries after `since`, at most as many as `bound` says but always one; none when there are none. A page may be
   * shorter than the bound although more follow: it ends where a fork's own entries begin.
   */
  page(id: string, since: number, bound: Bound): readonly Entry[] {
    let through = Number.MAX_SAFE_INTEGER;
    for (let from = id; ; ) {
      const [first] = this.#ledger.read(from, since, 1);
      if (first?.type !== 'forked' || first.seq === since + 1)
        return this.#ledger.read(from, since, Math.min(bound.entries, through - since), bound.bytes);
      from = first.parent.conversation;
      through = Math.min(through, first.parent.seq);
    }
  }

  /** The newest entries after `since` up to `last` that fit the bound, in order; at least one, when there is one. */
  newest(id: string, since: number, bound: Bound, last = Number.MAX_SAFE_INTEGER): readonly Entry[] {
    const parts: Entry[][] = [];
    let { entries, bytes } = bound;
    let through = last;
    for (let from: string | undefined = id; from !== undefined; ) {
      const part: Entry[] = this.#ledger.readNewest(from, { since, through }, { entries, bytes });
      parts.push(part);
      entries -= part.length;
      bytes -= part.reduce((sum, entry) => sum + jsonBytes(entry), 0);
      const [first] = part;
      const goesOn = first?.type === 'forked' && first.seq > since + 1 && entries > 0 && bytes > 0;
      from = goesOn ? first.parent.conversation : undefined;
      if (goesOn) through = Math.min(through, first.parent.seq);
    }
    return parts.reverse().flat();
  }

  /** It has ended: nothing changes it any more. */
  hold(state: Conversation): void {
    this.#ended.set(state.id, state);
    if (this.#ended.size > maxEndedHeld) this.#ended.delete(this.#ended.keys().next().value as string);
  }

  forget(id: string): void {
    this.#ended.delete(id);
  }

  #replay(id: string, entries: readonly Entry[]): Conversation | undefined {
    let state: Conversation | undefined;
    for (const entry of entries) {
      try {
        state = evolve(state, entry, id);
      } catch (error) {
        throw new LedgerDamage(`conversation ${id}`, [`entry ${entry.seq} cannot be replayed`], error);
      }
    }
    return state;
  }
}
