import type { Entry } from '@parley/protocol';
import type { Conversation } from '../../core/conversation.ts';
import { evolve } from '../../core/evolve.ts';
import { LedgerDamage } from '../../ledger/damage.ts';
import { type Bound, jsonBytes, type Ledger } from '../../ledger/ledger.ts';
import type { Checkpoints } from './checkpoints.ts';

/** Bounds of the cache of ended conversations: their number, and about the bytes that they take. */
const maxHeld = 1_000;
const maxHeldBytes = 16 * 1024 * 1024;
const replayed = { entries: 500, bytes: 256 * 1024 };
/** Ancestors that are searched for the owner of an entry. */
const maxSearched = 20;

const bytesOf = ({ members, topic = '', cast, attended, spentBy }: Conversation): number => {
  let bytes = 2_000 + 2 * topic.length + 200 * (members.length + attended.size + spentBy.size);
  for (const { persona = '' } of cast.values()) bytes += 200 + 2 * persona.length;
  return bytes;
};

/**
 * Reads conversations from the ledger. The state in which a long one ended is a checkpoint in the ledger, so it is replayed at
 * most once. A LRU cache holds the ended ones that were read last.
 */
export class Archive {
  readonly #ledger: Ledger;
  readonly #checkpoints: Checkpoints;
  readonly #onFailure: (error: unknown) => void;
  readonly #held = new Map<string, Conversation>();
  #heldBytes = 0;

  constructor(ledger: Ledger, checkpoints: Checkpoints, onFailure: (error: unknown) => void) {
    this.#ledger = ledger;
    this.#checkpoints = checkpoints;
    this.#onFailure = onFailure;
  }

  /** Throws LedgerDamage when an entry cannot be read or replayed. */
  rebuild(id: string): Conversation | undefined {
    const replay = this.at(id, Number.MAX_SAFE_INTEGER, true);
    for (;;) {
      const step = replay.next();
      if (step.done) return step.value;
    }
  }

  /** Any conversation. A damaged one is reported and hidden. */
  find(id: string): Conversation | undefined {
    return this.known(id) ?? this.#guarded(() => this.#keep(this.rebuild(id)));
  }

  /** An ended conversation from the cache or its checkpoint. Costs the same for a conversation of any length. */
  known(id: string): Conversation | undefined {
    const held = this.#held.get(id);
    if (held) return held;
    return this.#guarded(() => {
      const state = this.#checkpoints.of(id);
      if (state?.status.state !== 'ended') return undefined;
      this.hold(state);
      return state;
    });
  }

  /**
   * As `find`, but a long conversation is replayed a little at a time. Yields the bytes that were read since the last call.
   * Returns undefined also when the conversation is removed meanwhile.
   */
  *findSlowly(id: string): Generator<number, Conversation | undefined> {
    const known = this.known(id);
    if (known) return known;
    let state = this.#guarded(() => this.#checkpoints.of(id));
    for (;;) {
      const page: readonly Entry[] | undefined = this.#guarded(() => {
        const read = this.page(id, state?.seq ?? 0, replayed);
        for (const entry of read) state = this.#next(state, entry, id);
        return read;
      });
      if (!page) return undefined;
      if (page.length === 0) break;
      yield page.reduce((sum, entry) => sum + jsonBytes(entry), 0);
    }
    return state?.status.state === 'ended' ? this.#keep(state) : undefined;
  }

  /**
   * The conversation as it was at entry `seq`, a little at a time: yields the bytes that were read. Without such an entry: undefined, or
   * with `orLast` its last state.
   */
  *at(id: string, seq: number, orLast = false): Generator<number, Conversation | undefined> {
    const kept = this.#checkpoints.of(id);
    // The checkpoint of an ended conversation lacks fingerprints that a fork of its last entry needs.
    let state = kept && (orLast || (kept.seq <= seq && kept.status.state !== 'ended')) ? kept : undefined;
    for (;;) {
      const since = state?.seq ?? 0;
      const page = this.page(id, since, { ...replayed, entries: Math.min(replayed.entries, seq - since) });
      for (const entry of page) state = this.#next(state, entry, id);
      if (page.length === 0 || state?.seq === seq) break;
      // Measuring the JSON would take as long as the replay.
      yield page.reduce((sum, entry) => sum + 200 + ('text' in entry ? entry.text.length : 0), 0);
    }
    return orLast || state?.seq === seq ? state : undefined;
  }

  read(id: string, since: number, limit: number): readonly Entry[] {
    return this.page(id, since, { entries: limit, bytes: Number.POSITIVE_INFINITY });
  }

  /**
   * Entries after `since`, within the bound, but at least one if there is any. A fork has only its own entries in the ledger: the
   * earlier ones are read from its ancestors, each of which is looked up once.
   */
  page(id: string, since: number, bound: Bound): readonly Entry[] {
    // Most conversations are no forks, and then the first read is the page.
    const own = this.#ledger.read(id, since, bound.entries, bound.bytes);
    const parts = this.#above(since, own[0]);
    if (parts.length === 0) return own;
    const page: Entry[] = [];
    let { entries, bytes } = bound;
    for (const { from, through } of [...parts.reverse(), { from: id, through: Number.POSITIVE_INFINITY }]) {
      const last = page.at(-1)?.seq ?? since;
      const part = this.#ledger.read(from, last, Math.max(0, Math.min(entries, through - last)), bytes);
      for (const entry of part) page.push(entry);
      entries -= part.length;
      bytes -= part.reduce((sum, entry) => sum + jsonBytes(entry), 0);
      if (entries <= 0 || bytes <= 0 || (page.at(-1)?.seq ?? since) < through) break;
    }
    return page;
  }

  /** The ancestors of which entries after `since` are read, the nearest first, each with the last entry that the fork has of it. */
  #above(since: number, first: Entry | undefined): { from: string; through: number }[] {
    const parts: { from: string; through: number }[] = [];
    let through = Number.POSITIVE_INFINITY;
    for (let next = first; next?.type === 'forked' && next.seq > since + 1; ) {
      through = Math.min(through, next.parent.seq);
      parts.push({ from: next.parent.conversation, through });
      [next] = this.#ledger.read(next.parent.conversation, since, 1);
    }
    return parts;
  }

  /** Which of `id` and its nearest ancestors has entry `seq` as its own. Reads one entry of each, and replays none. */
  ownerOf(id: string, seq: number): string | undefined {
    return this.#guarded(() => {
      let owner = id;
      for (let searched = 0; searched < maxSearched; searched++) {
        const [first] = this.#ledger.read(owner, 0, 1);
        if (first && first.seq <= seq) return owner;
        if (first?.type !== 'forked') return undefined;
        owner = first.parent.conversation;
      }
      return undefined;
    });
  }

  /** The newest entries after `since` up to `last`, in order and within the bound, but at least one if there is any. */
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

  /** Caches a conversation that has ended, and so does not change any more. */
  hold(state: Conversation): void {
    this.forget(state.id);
    this.#held.set(state.id, state);
    this.#heldBytes += bytesOf(state);
    while (this.#held.size > maxHeld || this.#heldBytes > maxHeldBytes)
      this.forget(this.#held.keys().next().value as string);
  }

  forget(id: string): void {
    const held = this.#held.get(id);
    if (!held) return;
    this.#held.delete(id);
    this.#heldBytes -= bytesOf(held);
  }

  #guarded<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      this.#onFailure(error);
      return undefined;
    }
  }

  #next(state: Conversation | undefined, entry: Entry, id: string): Conversation {
    try {
      return evolve(state, entry, id);
    } catch (error) {
      throw new LedgerDamage(`conversation ${id}`, [`entry ${entry.seq} cannot be replayed`], error);
    }
  }

  /** Caches a conversation that was replayed and has ended, and writes its checkpoint. */
  #keep(state: Conversation | undefined): Conversation | undefined {
    if (state?.status.state !== 'ended') return state;
    this.hold(state);
    this.#checkpoints.keepEnded(state);
    return state;
  }
}
