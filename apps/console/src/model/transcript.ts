import type { Entry } from '@parley/protocol';

/** An unfinished reply. */
export interface Draft {
  readonly turn: number;
  readonly from: string;
  readonly text: string;
  /** The beginning is missing, because the page connected later or was too slow. */
  readonly cut: boolean;
}

export interface Chunk {
  readonly turn: number;
  readonly from: string;
  readonly text: string;
  /** The offset of the text in the reply, from the router. */
  readonly offset?: number;
}

/**
 * The loaded entries of one conversation. Any of them may be missing until it is needed. Pure: no DOM, no network.
 */
export class Transcript {
  readonly #entries: (Entry | undefined)[] = [];
  readonly #drafts = new Map<number, Draft>();
  /** The number of entries of the conversation, loaded or not. */
  count = 0;

  entry(seq: number): Entry | undefined {
    return this.#entries[seq];
  }

  get drafts(): readonly Draft[] {
    return [...this.#drafts.values()];
  }

  get last(): Entry | undefined {
    return this.#entries[this.count];
  }

  /** Ignores an entry that is loaded already. */
  add(entry: Entry): void {
    this.#entries[entry.seq] ??= entry;
    this.count = Math.max(this.count, entry.seq);
    if ('turn' in entry && entry.turn !== undefined) this.#drafts.delete(entry.turn);
    if (entry.type === 'ended') this.#drafts.clear();
  }

  write({ turn, from, text, offset }: Chunk): void {
    const known = this.#drafts.get(turn);
    const have = known && known.from === from ? known.text : '';
    const at = offset ?? have.length;
    const cut = at > have.length;
    const whole = cut ? text : have.slice(0, at) + text;
    this.#drafts.set(turn, { turn, from, text: whole, cut: cut || (known?.cut === true && at > 0) });
  }

  /** Drops drafts: after a lost connection they may be outdated. */
  forgetDrafts(): void {
    this.#drafts.clear();
  }

  /** The first and the last missing entry of a range; undefined when all are loaded. */
  missing(first: number, last: number): { readonly first: number; readonly last: number } | undefined {
    let low = Math.max(1, first);
    let high = Math.min(this.count, last);
    while (low <= high && this.#entries[low]) low++;
    while (high >= low && this.#entries[high]) high--;
    return low <= high ? { first: low, last: high } : undefined;
  }

  /** Consecutive bids are one row, that of the first bid. Undefined for the others. */
  bidsFrom(seq: number): readonly Entry[] | undefined {
    if (this.#entries[seq]?.type !== 'bid' || this.#entries[seq - 1]?.type === 'bid') return undefined;
    const bids: Entry[] = [];
    for (let i = seq; this.#entries[i]?.type === 'bid'; i++) bids.push(this.#entries[i] as Entry);
    return bids;
  }
}
