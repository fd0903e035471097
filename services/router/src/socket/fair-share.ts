/** Frames of one peer that are received in one event-loop iteration: one read of a socket may hold two megabytes. */
const maxFramesPerIteration = 64;
/** After this time in one iteration, peers that were active in the one before wait for the next. */
const iterationMs = 2;
/** The same while every active peer has been active all the time: long iterations cost less, and no idle peer waits. */
const longIterationMs = 8;
/** Iterations stay short for this time after an idle peer has sent a frame. */
const shortForMs = 50;

/** A peer that shares the event loop with others. */
export interface Sharer {
  /** The iteration in which it last had a frame to receive, and the number of its frames in that iteration. */
  readonly share: { iteration: number; used: number };
  /** Called in a later iteration after a refused `take`: the peer takes again for each of its waiting frames. */
  resume(): void;
}

/**
 * Divides event-loop iterations among the peers that send: no peer has more than a share of one, and many active peers make an
 * iteration no longer. Frames of a peer that was idle in the last iteration are received immediately, however busy the others
 * are.
 */
export class FairShare {
  readonly #now: () => number;
  #iteration = 0;
  #startedAt = 0;
  /** When an idle peer was last received. */
  #idleSentAt = 0;
  #scheduled = false;
  #waiting: Sharer[] = [];

  /** `now`: the monotonic clock. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes the share of one frame. False: the peer is queued, and `resume` follows in a later iteration, first in first out. */
  take(sharer: Sharer): boolean {
    const { share } = sharer;
    this.#start();
    const wasIdle = share.iteration < this.#iteration - 1;
    if (share.iteration !== this.#iteration) share.used = 0;
    share.iteration = this.#iteration;
    if (wasIdle) this.#idleSentAt = this.#startedAt;
    if (share.used < maxFramesPerIteration && (wasIdle || !this.#isOver())) {
      share.used++;
      return true;
    }
    this.#waiting.push(sharer);
    return false;
  }

  #isOver(): boolean {
    const isShort = this.#startedAt - this.#idleSentAt < shortForMs;
    return this.#now() - this.#startedAt > (isShort ? iterationMs : longIterationMs);
  }

  #start(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#startedAt = this.#now();
    setImmediate(() => this.#next());
  }

  #next(): void {
    this.#scheduled = false;
    this.#iteration++;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#start();
    this.#waiting = [];
    let next = 0;
    while (next < waiting.length && !this.#isOver()) waiting[next++]?.resume();
    // Peers that were not served keep their place ahead of those that were queued again in this iteration.
    if (next < waiting.length) this.#waiting = [...waiting.slice(next), ...this.#waiting];
  }
}
