/** Less than this is the clock being corrected, or two clocks being read one after the other. */
const toleranceMs = 1_000;

/**
 * The time by which a conversation's entries are dated and its limits are kept. It runs as the steady clock does, so nothing in a
 * conversation hangs or ends because the wall clock was set. It is the wall clock's when the conversation is opened or taken
 * up, but never earlier than its last entry. Where the wall clock is set forward, conversations follow it, and what is still
 * to come is moved along; where it is set back, they stay ahead of it.
 */
export class ConversationTime {
  readonly #now: () => number;
  readonly #wall: () => number;
  #drift: number;

  /** `now`: the steady clock. */
  constructor(now: () => number, wall: () => number) {
    this.#now = now;
    this.#wall = wall;
    this.#drift = wall() - now();
  }

  /** `ahead`: how far the conversation's time is ahead of the steady clock; undefined for one that is not open yet. */
  at(ahead: number | undefined): number {
    return Math.floor(this.#now() + (ahead ?? this.#drift));
  }

  /** For a conversation that is opened or taken up. */
  aheadAfter(lastAt: number): number {
    return Math.max(this.#drift, lastAt - this.#now());
  }

  /** Looks at the wall clock: how far it is ahead of the steady one, if that is not what it was. */
  moved(): number | undefined {
    const drift = this.#wall() - this.#now();
    if (Math.abs(drift - this.#drift) < toleranceMs) return undefined;
    this.#drift = drift;
    return drift;
  }
}
