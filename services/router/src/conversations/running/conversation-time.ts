/** A smaller difference is a correction of the clock, or the delay between the reads of two clocks. */
const toleranceMs = 1_000;

/**
 * The time that dates a conversation's entries and that its limits use. It advances with the steady clock, so no conversation hangs
 * or ends because the wall clock was set. It starts at the wall clock's time when the conversation is opened or loaded, but
 * never earlier than its last entry. When the wall clock is set forward, conversations follow it and their deadlines move along.
 * When it is set back, they stay ahead of it.
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

  /** How far a conversation that is opened or loaded is ahead of the steady clock. */
  aheadAfter(lastAt: number): number {
    return Math.max(this.#drift, lastAt - this.#now());
  }

  /** Reads the wall clock. Returns how far it is ahead of the steady one when that has changed. */
  moved(): number | undefined {
    const drift = this.#wall() - this.#now();
    if (Math.abs(drift - this.#drift) < toleranceMs) return undefined;
    this.#drift = drift;
    return drift;
  }
}
