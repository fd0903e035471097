/** Frames of one peer that are heard in one turn of the event loop: a socket left to itself hands over two megabytes at a time. */
const mostPerTurn = 64;
/** When hearing has taken this long in one turn, whoever was heard in the last one, too, waits for the next. */
const turnMs = 2;
/** The same while nobody speaks who does not speak all the time: long turns cost less, and keep nobody waiting. */
const longTurnMs = 8;
/** Who was silent, and has spoken, may speak again for so long before turns grow. */
const attentiveMs = 50;

/** Somebody who shares the event loop with others. */
export interface Sharer {
  /** The turn in which it last wanted to be heard, and how often it was heard in that turn. */
  readonly share: { turn: number; used: number };
  /** It is its turn: it asks again for each of the frames that it has waiting. */
  resume(): void;
}

/**
 * Divides the turns of the event loop among those who speak: nobody has more than a share of one, and many who speak
 * at once make a turn no longer. Who was silent in the last turn is heard at once, however busy the others keep us.
 */
export class FairShare {
  readonly #now: () => number;
  #turn = 0;
  #begunAt = 0;
  /** When somebody was last heard who had been silent. */
  #silenceBrokenAt = 0;
  #scheduled = false;
  #waiting: Sharer[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether one more frame may be heard now. When not, `resume` follows in a later turn: first come, first served. */
  admits(sharer: Sharer): boolean {
    const { share } = sharer;
    this.#begin();
    const wasSilent = share.turn < this.#turn - 1;
    if (share.turn !== this.#turn) share.used = 0;
    share.turn = this.#turn;
    if (wasSilent) this.#silenceBrokenAt = this.#begunAt;
    if (share.used < mostPerTurn && (wasSilent || !this.#isOver)) {
      share.used++;
      return true;
    }
    this.#waiting.push(sharer);
    return false;
  }

  get #isOver(): boolean {
    const attentive = this.#begunAt - this.#silenceBrokenAt < attentiveMs;
    return this.#now() - this.#begunAt > (attentive ? turnMs : longTurnMs);
  }

  #begin(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#begunAt = this.#now();
    setImmediate(() => this.#next());
  }

  #next(): void {
    this.#scheduled = false;
    this.#turn++;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#begin();
    this.#waiting = [];
    let next = 0;
    while (next < waiting.length && !this.#isOver) waiting[next++]?.resume();
    // Before those whom this turn has sent back: they have been heard.
    if (next < waiting.length) this.#waiting = [...waiting.slice(next), ...this.#waiting];
  }
}
