/**
 * Frames of one peer that are heard in one turn of the event loop. One that sends more is heard on when the others
 * have been: a socket left to itself hands over two megabytes at a time.
 */
const maxPerTurn = 64;

/** Somebody who shares the event loop with others. */
export interface Sharer {
  /** The turn in which it was last heard, and how often in that turn. */
  readonly share: { turn: number; used: number };
  /** Its share of this turn is used up; `resume` follows in the next. */
  pause(why: 'share'): void;
  resume(why: 'share'): void;
}

export class FairShare {
  #turn = 0;
  #scheduled = false;
  #waiting: Sharer[] = [];

  take(sharer: Sharer): void {
    const { share } = sharer;
    if (share.turn !== this.#turn) {
      share.turn = this.#turn;
      share.used = 0;
    }
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => this.#next());
    }
    if (++share.used < maxPerTurn) return;
    sharer.pause('share');
    this.#waiting.push(sharer);
  }

  #next(): void {
    this.#scheduled = false;
    this.#turn++;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const sharer of waiting) sharer.resume('share');
  }
}
